"""What the towers of the embedded model take and give. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Sequence

from mmva_core.config import Geometry, Pooling

BLOCK_CHANNELS = (16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320)
"""Output channels of the 16 blocks of EfficientNet-Lite0."""
LAST_CHANNELS = 1280
"""Channels of the last map of EfficientNet-Lite0."""
NUM_CAPTION_LAYERS, CAPTION_CHANNELS = 6, 384
"""Layers of MiniLM, and the size of a hidden state."""
PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0
"""Normalisation the weights were trained with; ImageNet's mean and SD cost 9 points of top-1."""
MAX_TOKENS = 256
"""Word pieces per sentence that MiniLM reads; the rest is cut off."""


def image_feature_dim(pooling: Sequence[Pooling], blocks: Sequence[int]) -> int:
    """Return the size of the feature vector of a feature choice.

    Raises:
        ValueError: there is no such block.

    >>> image_feature_dim(("mean", "max"), (15,))
    3200
    """
    beyond = [block for block in blocks if not 0 <= block < len(BLOCK_CHANNELS)]
    if beyond:
        raise ValueError(f"image_blocks must lie in 0..{len(BLOCK_CHANNELS) - 1}, got {beyond}")
    return LAST_CHANNELS * len(pooling) + 2 * sum(BLOCK_CHANNELS[block] for block in blocks)


def caption_feature_dim(layers: Sequence[int]) -> int:
    """Return the size of the feature that a choice of MiniLM's hidden states makes.

    Raises:
        ValueError: there is no such hidden state.

    >>> caption_feature_dim(()), caption_feature_dim((0, 6))
    (384, 768)
    """
    beyond = [layer for layer in layers if not 0 <= layer <= NUM_CAPTION_LAYERS]
    if beyond:
        raise ValueError(f"caption_layers must lie in 0..{NUM_CAPTION_LAYERS}, got {beyond}")
    return CAPTION_CHANNELS * max(1, len(layers))


def image_feature_name(
    pooling: Sequence[Pooling], blocks: Sequence[int], geometry: Geometry
) -> str:
    """Name the features of EfficientNet-Lite0 by everything that decides them.

    >>> image_feature_name(["mean"], [15], "rect")
    "EfficientNetLite0(pooling=('mean',), blocks=(15,), geometry=rect)"
    """
    choice = f"pooling={tuple(pooling)}, blocks={tuple(blocks)}, geometry={geometry}"
    return f"EfficientNetLite0({choice})"
