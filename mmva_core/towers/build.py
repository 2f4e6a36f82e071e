"""The towers: frozen encoders whose features enter the model, by name.

A tower turns preprocessed input into a feature of fixed shape. Which towers there are, where their
weights come from and under which licence stands in `mmva_core.towers.registry`; the classes live in
`encoders_lite` (arrive with pip), `encoders_paper` (the paper's) and `music` (ours), and are
imported only when they are built: loading the lite towers imports nothing but torch.
"""

from __future__ import annotations

from pathlib import Path

from mmva_core.config import Modality, ModelConfig
from mmva_core.errors import MissingExtraError
from mmva_core.towers.base import Tower
from mmva_core.towers.registry import tower_info


def build_tower(config: ModelConfig, modality: Modality, structure: Path | None = None) -> Tower:
    """Build the tower that a config names, with its weights where they are not ours.

    Args:
        config: names the tower, its weights and its feature choice.
        modality: which tower.
        structure: folder that `save_structure` wrote: the tower gets random weights, which the
            caller replaces. Ignored where it does not exist.

    Returns:
        The tower in evaluation mode, on the CPU.

    Raises:
        CheckpointError: the tower is unknown, or its weights are missing, damaged or foreign.
        MissingExtraError: the tower needs a package that is not installed.
    """
    info = tower_info(config, modality)
    name, source = config.tower_name(modality), config.tower_weights(modality)
    if structure is not None and structure.is_dir():
        from mmva_core.towers.paper import build_paper_tower

        return build_paper_tower(name, str(structure), with_weights=False).eval()
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
    """Return the shape of one feature of a tower without loading weights that are not ours.

    The shapes of towers whose weights the user chooses are read from their `config.json`.
    """
    info = tower_info(config, modality)
    name, source = config.tower_name(modality), config.tower_weights(modality)
    if name == "efficientnet-lite0":
        from mmva_core.towers.lite import image_feature_dim

        return (image_feature_dim(config.image_pooling, config.image_blocks),)
    if name == "minilm-l6":
        from mmva_core.towers.lite import caption_feature_dim

        return (caption_feature_dim(config.caption_layers),)
    if info.default_source is not None:
        from mmva_core.towers.paper import paper_feature_shape

        return paper_feature_shape(name, source or info.default_source)
    return _build(name, source, config).feature_shape


def _build(name: str, source: str | None, config: ModelConfig) -> Tower:
    # Imported here, not above: the towers bring packages that cost seconds to import.
    if name in ("efficientnet-lite0", "minilm-l6"):
        from mmva_core.towers import lite as encoders_lite

        if name == "minilm-l6":
            return encoders_lite.MiniLM(source, config.caption_layers)
        return encoders_lite.EfficientNetLite0(
            config.image_pooling, config.image_blocks, geometry=config.image_geometry
        )
    if name == "music-lite":
        from mmva_core.towers.lite import LiteMusic

        return LiteMusic(config.music_options)
    from mmva_core.towers import paper as encoders_paper

    assert source is not None, "every paper tower has a default source"
    return encoders_paper.build_paper_tower(name, source)
