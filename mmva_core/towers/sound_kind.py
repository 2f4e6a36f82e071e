"""A small network of our own that tells speech, music and noise apart, half second by half second.

    log-mel of a half second ── 3 convolutions ── description ─┐
    ...                                                        ├── 2 convolutions over time ── kinds
    log-mel of a half second ── 3 convolutions ── description ─┘

Each half second is described without its neighbours, so that sound can be described while it
streams; the descriptions of a whole film are small. The convolutions over time then judge every
half second with 3 s to either side. `mmva_core.sounds` trains the network.

Letters in shapes: H half seconds, M mel bands, F = 25 frames, D size of a description, K = 3 kinds.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by

from mmva_core.errors import CheckpointError
from mmva_core.towers.log_mel import LogMel

SOUND_KINDS = ("speech", "music", "noise")
"""Kinds of sound, in the order of the K columns; several may sound at once. Noise is all the rest:
crowds, engines, blows, wind, machines."""
SAMPLE_RATE = 16000
"""Sample rate of the input, Hz."""
STEP_SECONDS = 0.5
"""Length of what is judged, seconds."""
FRAMES_PER_STEP = 25
"""F, spectra of a half second."""
FFT_LENGTH, HOP_LENGTH, NUM_MELS = 1024, 320, 64
"""Samples of a spectrum, and M; those of the music tower."""
LOWEST_HZ, HIGHEST_HZ = 40.0, 7800.0
"""Lower end of the first mel band and upper end of the last one, Hz."""
LOOK_BACK = FFT_LENGTH - HOP_LENGTH
"""Samples in front of a half second that its first spectrum covers."""
FLOOR_DB = -80.0
"""Lowest level of a band, dB re a full-scale sine."""
MIDDLE_DB, SPREAD_DB = -50.0, 20.0
"""Levels of a band that enter the network as 0 and as 1, dB."""
CHANNELS = (8, 16, 24)
"""Output channels of the three convolutions over the spectrum."""
DESCRIPTION_DIM = 48
"""D, size of a description."""
CONTEXT_DIM = 32
"""Channels between the convolutions over time, which see 3 s to either side."""
DROPOUT = 0.2
SOUND_KINDS_WEIGHTS = "sound-kinds/network.safetensors"
"""File of the trained network, in the folder of weights; a card beside it has its figures."""


class SoundKindNet(nn.Module):
    """Judge what kinds of sound there are.

    A new network is random; `load_sound_kinds` returns the trained one of the package.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_mel = LogMel(
            SAMPLE_RATE,
            FFT_LENGTH,
            HOP_LENGTH,
            NUM_MELS,
            lowest_hz=LOWEST_HZ,
            highest_hz=HIGHEST_HZ,
        )
        spectrum: list[nn.Module] = []
        for inputs, outputs in zip((1, *CHANNELS), CHANNELS, strict=False):
            spectrum += [
                nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        self.spectrum = nn.Sequential(*spectrum)
        # Mean and maximum over time of what is left of the M bands after halving them three times.
        self.description = nn.Linear(2 * CHANNELS[-1] * NUM_MELS // 8, DESCRIPTION_DIM)
        self.near = nn.Conv1d(DESCRIPTION_DIM, CONTEXT_DIM, 5, padding=2)
        self.far = nn.Conv1d(CONTEXT_DIM, CONTEXT_DIM, 5, padding=4, dilation=2)
        self.kinds = nn.Conv1d(CONTEXT_DIM, len(SOUND_KINDS), 1)
        self.dropout = nn.Dropout(DROPOUT)

    def spectra(self, samples: Tensor) -> Tensor:
        """Return the power spectra (H, M, F) of `LOOK_BACK` samples and H half seconds (T,)."""
        power = self.log_mel.power(samples[None])[0]
        return power.reshape(NUM_MELS, -1, FRAMES_PER_STEP).transpose(0, 1)

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


def load_sound_kinds(path: Path | None = None) -> SoundKindNet:
    """Load the trained network, in evaluation mode.

    Args:
        path: its weights (safetensors); those of the package by default.

    Raises:
        CheckpointError: the file is missing or is not such a network.
    """
    source = path or Path(str(files("mmva_core") / "weights" / SOUND_KINDS_WEIGHTS))
    network = SoundKindNet()
    try:
        network.load_state_dict(load_file(source))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"cannot load {source}: {error}; install vsumm again") from error
    return network.eval().requires_grad_(False)
