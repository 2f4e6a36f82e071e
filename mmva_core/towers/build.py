"""Build towers by name.

`mmva_core.towers.registry` lists the towers, the sources of their weights and their licences. The
classes are in `lite.py` (towers of `mmva-lite`) and `paper.py` (the paper's). They are imported
through the lazy face of the folder when a tower is built: `lite.py` needs only torch, `paper.py`
needs transformers.
"""

from __future__ import annotations

from pathlib import Path

from mmva_core import towers
from mmva_core.config import Modality, ModelConfig
from mmva_core.errors import MissingExtraError
from mmva_core.towers.base import Tower
from mmva_core.towers.registry import tower_info


def build_tower(config: ModelConfig, modality: Modality, structure: Path | None = None) -> Tower:
    """Build the tower of a modality, with its weights unless they belong to the checkpoint.

    Args:
        config: names the tower, its weights and its features.
        modality: modality of the tower.
        structure: folder from `save_structure`: the tower gets random weights, which the caller
            replaces. Ignored if it does not exist.

    Returns:
        The tower in evaluation mode, on the CPU.

    Raises:
        CheckpointError: the tower is unknown, or its weights are missing, damaged or foreign.
        MissingExtraError: the tower needs a package that is not installed.
    """
    info = tower_info(config, modality)
    name, source = config.tower_name(modality), config.tower_weights(modality)
    if structure is not None and structure.is_dir():
        return towers.build_paper_tower(name, str(structure), with_weights=False).eval()
    try:
        tower = _build(name, source or info.default_source, config)
    except ModuleNotFoundError as error:
        extra = "paper" if info.default_source else "text"
        raise MissingExtraError(
            f"the {modality} tower {name!r} needs the package {error.name!r}; "
            f"install it with: pip install 'vsumm[{extra}]'"
        ) from error
    return tower.eval()


def tower_feature_shape(config: ModelConfig, modality: Modality) -> tuple[int, ...]:
    """Return the shape of one feature of a tower without loading foreign weights.

    Shapes of the paper's towers are read from the `config.json` of their weights.
    """
    info = tower_info(config, modality)
    name, source = config.tower_name(modality), config.tower_weights(modality)
    if name == "efficientnet-lite0":
        return (towers.image_feature_dim(config.image_pooling, config.image_blocks),)
    if name == "minilm-l6":
        return (towers.caption_feature_dim(config.caption_layers),)
    if info.default_source is not None:
        return towers.paper_feature_shape(name, source or info.default_source)
    return _build(name, source, config).feature_shape


def _build(name: str, source: str | None, config: ModelConfig) -> Tower:
    if name == "efficientnet-lite0":
        return towers.EfficientNetLite0(
            config.image_pooling, config.image_blocks, geometry=config.image_geometry
        )
    if name == "minilm-l6":
        return towers.MiniLM(source, config.caption_layers)
    if name == "music-lite":
        return towers.LiteMusic(config.music_options)
    assert source is not None, "every paper tower has a default source"
    return towers.build_paper_tower(name, source)
