"""The towers: frozen encoders whose features enter the model, by name.

A tower turns preprocessed input into a feature of fixed shape. Which towers there are, where their
weights come from and under which licence stands in `mmva_core.towers.registry`; the classes live in
`encoders_lite` (arrive with pip), `encoders_paper` (the paper's) and `music` (ours), and are
imported only when they are built: loading the lite towers imports nothing but torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmva_core.config import Modality, ModelConfig, Precision
from mmva_core.errors import MissingExtraError, PrecisionError
from mmva_core.towers.registry import tower_info

ImageArray = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""A picture: (H, W, 3) uint8, RGB."""


class Tower(nn.Module):
    """Base of the towers: features of fixed shape from preprocessed input.

    Subclasses implement `forward` and the preparation of their modality's raw input: `preprocess`
    for pictures, `sample_rate` for music, `tokenize` for captions.
    """

    feature_shape: tuple[int, ...]
    """Shape of one feature: (D,), or (L, D) for L hidden states."""

    def save_structure(self, folder: Path) -> None:
        """Write what is needed to rebuild the tower without its source, weights aside.

        Nothing, where an installed package or the config says it all.
        """

    def fingerprint(self) -> str:
        """Give a hash of everything that decides the features: class, settings and weights."""
        digest = hashlib.sha256(f"{type(self).__name__} {self.extra_repr()}".encode())
        for name, tensor in sorted(self.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            values = tensor.detach().cpu().contiguous()
            if values.dtype == torch.bfloat16:  # NumPy has none
                values = values.float()
            digest.update(values.numpy().tobytes())
        return digest.hexdigest()


class ImageTower(Tower):
    """A tower for pictures."""

    def preprocess(self, images: Sequence[ImageArray]) -> Tensor:
        """Turn uint8 RGB arrays (H, W, 3) into `pixel_values` (N, 3, S, T) of one shape."""
        raise NotImplementedError

    def output_shape(self, image: ImageArray) -> tuple[int, int]:
        """Give the size (height, width) that `preprocess` brings a picture to."""
        raise NotImplementedError

    def use_precision(self, precision: Precision) -> None:
        """Compute in another precision from now on.

        Raises:
            PrecisionError: The tower or the processor does not have it.
        """
        if precision != "fp32":
            raise PrecisionError(
                f"precision {precision} is for the image tower clip-vit-b32 only; use fp32"
            )


class WaveformTower(Tower):
    """A tower for windows of sound, `input_values` (B, T) float32 at `sample_rate`."""

    sample_rate: int
    """Samples per second that the tower expects, Hz."""


class CaptionTower(Tower):
    """A tower for sentences."""

    def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Turn sentences into `input_ids` and `attention_mask`, both (N, T) int64."""
        raise NotImplementedError


def build_tower(config: ModelConfig, modality: Modality, structure: Path | None = None) -> Tower:
    """Build the tower that a config names, with its weights where they are not ours.

    Args:
        config: Names the tower, its weights and its feature choice.
        modality: Which tower.
        structure: Folder that `save_structure` wrote: the tower gets random weights, which the
            caller replaces. Ignored where it does not exist.

    Returns:
        The tower in evaluation mode, on the CPU.

    Raises:
        CheckpointError: If the tower is unknown, or its weights are missing, damaged or foreign.
        MissingExtraError: If the tower needs a package that is not installed.
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
    """Give the shape of one feature of a tower without loading weights that are not ours.

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
