"""Put raw input through a tower, batch by batch; features come back on the CPU as float32.

Letters in shapes: N pictures, windows or sentences; T samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmva_core.encoders import CaptionTower, ImageArray, ImageTower, WaveformTower
from mmva_core.preprocess import group_by_shape

BATCH_SIZE = 32
"""Pictures, windows or sentences that go through a tower at once."""


@torch.inference_mode()
def picture_features(
    tower: ImageTower, images: Sequence[ImageArray], device: torch.device
) -> Tensor:
    """Encode pictures (H, W, 3) uint8 of any size to (N, *feature_shape).

    Raises:
        TypeError: If a picture is not an array of uint8.
        ValueError: If a picture is not (H, W, 3).
    """
    features = torch.empty((len(images), *tower.feature_shape))
    shapes = [tower.output_shape(image) for image in images]
    for positions in group_by_shape(shapes).values():
        for start in range(0, len(positions), BATCH_SIZE):
            batch = positions[start : start + BATCH_SIZE]
            pixel_values = tower.preprocess([images[index] for index in batch])
            features[batch] = tower(pixel_values.to(device)).float().cpu()
    return features


@torch.inference_mode()
def window_features(tower: WaveformTower, windows: Tensor, device: torch.device) -> Tensor:
    """Encode windows (N, T) at the tower's sample rate to (N, *feature_shape)."""
    parts = torch.split(windows, BATCH_SIZE)
    batches = [tower(part.to(device)).float().cpu() for part in parts]
    return torch.cat(batches) if len(windows) else torch.empty((0, *tower.feature_shape))


@torch.inference_mode()
def sentence_features(tower: CaptionTower, texts: Sequence[str], device: torch.device) -> Tensor:
    """Encode sentences to (N, *feature_shape)."""
    features = torch.empty((len(texts), *tower.feature_shape))
    # Sentences of like length share a batch, so that little is spent on padding.
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    for start in range(0, len(order), BATCH_SIZE):
        batch = order[start : start + BATCH_SIZE]
        tokens = tower.tokenize([texts[index] for index in batch])
        moved = {name: value.to(device) for name, value in tokens.items()}
        features[batch] = tower(**moved).float().cpu()
    return features
