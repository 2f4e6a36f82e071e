"""A small network of our own that tells speech, music and noise apart, half second by half second.

    log-mel of a half second ── 3 convolutions ── description ─┐
    ...                                                        ├── 2 convolutions over time ── kinds
    log-mel of a half second ── 3 convolutions ── description ─┘

Each half second is described without its neighbours, so that sound can be described while it
streams; the descriptions of a whole film are small. The convolutions over time then judge every
half second with 3 s to either side. `mmva_core.sounds.network` is the same network to be trained.

Letters in shapes: T samples, H half seconds, M mel bands, F = 25 frames, D size of a description,
K = 3 kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from mmva_core.errors import CheckpointError
from mmva_core.layers import Array, convolve_maps, convolve_steps, linear, relu
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
"""Channels between the convolutions over time."""
SOUND_KINDS_WEIGHTS = "sound-kinds/network.safetensors"
"""File of the trained network, in the folder of weights; a card beside it has its figures."""
CONTEXT_STEPS = 6
"""Half seconds to either side that a judgement depends on."""
NORM_EPSILON = 1e-5
"""Added to the variance by the norms behind the convolutions."""


class SoundKinds:
    """Judges what kinds of sound there are; `load_sound_kinds` returns the one of the package.

    Args:
        weights: of a trained `SoundKindNet`, by name.

    Raises:
        KeyError: a weight is missing.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.log_mel = sound_log_mel()
        # The norms behind the convolutions are part of them, as they only scale and shift.
        self._spectrum = [
            _with_norm(weights, f"spectrum.{3 * number}", f"spectrum.{3 * number + 1}")
            for number in range(len(CHANNELS))
        ]
        self._layers = {
            name: (weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name in ("description", "near", "far", "kinds")
        }

    def spectra(self, samples: Array) -> Array:
        """Return the power spectra (H, M, F) of `LOOK_BACK` samples and H half seconds (T,)."""
        return power_spectra(self.log_mel, samples)

    def describe(self, spectra: Array) -> Array:
        """Describe half seconds, each by itself: (H, D) from log-mel spectra (H, M, F), dB."""
        levels = np.maximum(spectra, np.float32(FLOOR_DB))
        bands = ((levels - np.float32(MIDDLE_DB)) / np.float32(SPREAD_DB))[:, None]
        for kernel, bias in self._spectrum:
            bands = relu(convolve_maps(bands, kernel, bias, stride=2, padding=1))
        pooled = np.concatenate([bands.mean(3), bands.max(3)], 1).reshape(len(bands), -1)
        return relu(linear(pooled, *self._layers["description"]))

    def judge(self, descriptions: Array) -> Array:
        """Return log odds (H, K) of the kinds from the descriptions (H, D) of a film."""
        near = relu(convolve_steps(descriptions, *self._layers["near"], padding=2))
        far = relu(convolve_steps(near, *self._layers["far"], padding=4, dilation=2))
        return convolve_steps(near + far, *self._layers["kinds"])


def sound_log_mel() -> LogMel:
    """Return what computes the spectra that the network takes."""
    return LogMel(
        SAMPLE_RATE,
        FFT_LENGTH,
        HOP_LENGTH,
        NUM_MELS,
        lowest_hz=LOWEST_HZ,
        highest_hz=HIGHEST_HZ,
    )


def power_spectra(log_mel: LogMel, samples: Array) -> Array:
    """Return the power spectra (H, M, F) of `LOOK_BACK` samples and H half seconds (T,)."""
    power: Array = log_mel.power(samples[None])[0]
    return power.reshape(NUM_MELS, -1, FRAMES_PER_STEP).transpose(1, 0, 2)


def load_sound_kinds(path: Path | None = None) -> SoundKinds:
    """Load the trained network.

    Args:
        path: its weights (safetensors); those of the package by default.

    Raises:
        CheckpointError: the file is missing or is not such a network.
    """
    source = path or Path(str(files("mmva_core") / "weights" / SOUND_KINDS_WEIGHTS))
    try:
        weights = load_file(source)
        return SoundKinds({name: weight.astype(np.float32) for name, weight in weights.items()})
    except (OSError, SafetensorError, KeyError) as error:
        raise CheckpointError(f"cannot load {source}: {error}; install vsumm again") from error


def _with_norm(weights: Mapping[str, Array], convolution: str, norm: str) -> tuple[Array, Array]:
    deviation = np.sqrt(weights[f"{norm}.running_var"] + np.float32(NORM_EPSILON))
    scale = weights[f"{norm}.weight"] / deviation
    kernel = weights[f"{convolution}.weight"] * scale[:, None, None, None]
    return kernel, weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
