"""The network of `mmva_core.towers.sound_kind` as PyTorch trains it.

Letters in shapes: H half seconds, M mel bands, F = 25 frames, D size of a description, K = 3 kinds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by

from mmva_core.towers import (
    CHANNELS,
    CONTEXT_DIM,
    DESCRIPTION_DIM,
    FLOOR_DB,
    MIDDLE_DB,
    NORM_EPSILON,
    NUM_MELS,
    SOUND_KINDS,
    SPREAD_DB,
)

DROPOUT = 0.2


class SoundKindNet(nn.Module):
    """Judge what kinds of sound there are.

    A new network is random; `mmva_core.towers.load_sound_kinds` returns the trained one of the
    package, for prediction.
    """

    def __init__(self) -> None:
        super().__init__()
        spectrum: list[nn.Module] = []
        for inputs, outputs in zip((1, *CHANNELS), CHANNELS, strict=False):
            spectrum += [
                nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs, NORM_EPSILON),
                nn.ReLU(),
            ]
        self.spectrum = nn.Sequential(*spectrum)
        # Mean and maximum over time of what is left of the M bands after halving them three times.
        self.description = nn.Linear(2 * CHANNELS[-1] * NUM_MELS // 8, DESCRIPTION_DIM)
        self.near = nn.Conv1d(DESCRIPTION_DIM, CONTEXT_DIM, 5, padding=2)
        self.far = nn.Conv1d(CONTEXT_DIM, CONTEXT_DIM, 5, padding=4, dilation=2)
        self.kinds = nn.Conv1d(CONTEXT_DIM, len(SOUND_KINDS), 1)
        self.dropout = nn.Dropout(DROPOUT)

    def describe(self, spectra: Tensor) -> Tensor:
        """Describe half seconds, each by itself: (H, D) from log-mel spectra (H, M, F), dB."""
        scaled = (spectra.clamp(min=FLOOR_DB) - MIDDLE_DB) / SPREAD_DB
        bands = self.spectrum(scaled[:, None])
        pooled = torch.cat([bands.mean(3), bands.amax(3)], 1).flatten(1)
        return F.relu(self.description(pooled))

    def judge(self, descriptions: Tensor) -> Tensor:
        """Return log odds (..., H, K) of the kinds from the descriptions (..., H, D) of a film."""
        inputs = self.dropout(descriptions).transpose(-1, -2)
        near = F.relu(self.near(inputs))
        seen: Tensor = self.kinds(self.dropout(near + F.relu(self.far(near))))
        return seen.transpose(-1, -2)
