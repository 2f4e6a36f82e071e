"""Measure sound while it streams: kinds, loudness, onsets and voice of every half second.

All of it comes from the log-mel spectra that `SoundKinds` takes, so sound is transformed once.

Letters in shapes: T samples, H half seconds, M mel bands, F = 25 frames, K = 3 kinds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmva_core.layers import Array, sigmoid
from mmva_core.towers.log_mel import band_centres, to_decibels
from mmva_core.towers.sound_kind import (
    CONTEXT_STEPS,
    HIGHEST_HZ,
    LOOK_BACK,
    LOWEST_HZ,
    NUM_MELS,
    SAMPLE_RATE,
    STEP_SECONDS,
    SoundKinds,
)

STEPS_AT_ONCE = 20
"""Half seconds that are transformed together."""
STEPS_JUDGED = 240
"""Half seconds of which the kinds are judged together, at least."""
QUIETEST_LUFS = -70.0
"""Loudness of silence, LUFS; ITU-R BS.1770 leaves out what is softer."""
ONSET_LAG = 2
"""Frames of 20 ms over which the rise of a band is measured."""
ONSET_FLOOR_DB = -60.0
"""Softer bands are raised to this level, dB re a full-scale sine, so that noise has no onsets."""
EFFORT_SPLIT_HZ, EFFORT_TOP_HZ = 1000.0, 4000.0
"""Ends of the band that holds a larger part of a voice the louder it is, Hz."""
_STEP = round(STEP_SECONDS * SAMPLE_RATE)
# Numerators and denominators of the two K-weighting filters at 48 kHz (ITU-R BS.1770-5, Annex 1).
_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285)
_K_WEIGHTING = (
    (_SHELF, (-1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)),
)
_K_SAMPLE_RATE = 48000
# Bands hold power re a full-scale sine, whose mean square is 1/2, and a Hann window spreads a tone
# over bins of 1.5 times its power; -0.691 is BS.1770's own constant.
_LUFS_OFFSET_DB = 10 * np.log10(0.5 / 1.5) - 0.691

Curve = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class SoundCurves:
    """What was measured of every half second."""

    loudness: Curve
    """(H,) K-weighted, LUFS, at least `QUIETEST_LUFS`; half a decibel from BS.1770 at most."""
    onsets: Curve
    """(H,) mean rise of all bands over `ONSET_LAG` frames, dB."""
    spread: Curve
    """(H,) standard deviation of the level over the frames, dB; large in lively speech."""
    effort: Curve
    """(H,) level above `EFFORT_SPLIT_HZ` re the level below it, dB; large in loud voices."""
    kinds: Curve
    """(H, K) probability in [0, 1] that there is such sound; see `SOUND_KINDS`."""


class SoundSteps:
    """Measures every half second of sound, which arrives in pieces of any length.

    Args:
        network: judges the kinds of sound.
    """

    def __init__(self, network: SoundKinds) -> None:
        self._network = network
        self._waiting = np.zeros(LOOK_BACK, np.float32)
        self._bands_before = np.full((NUM_MELS, ONSET_LAG), ONSET_FLOOR_DB, np.float32)
        self._curves: list[Array] = []
        self._descriptions: list[Array] = []
        self._num_judged = 0  # of the half seconds that are described there
        self._odds: list[Array] = []
        hertz = band_centres(NUM_MELS, LOWEST_HZ, HIGHEST_HZ)
        is_low = hertz < EFFORT_SPLIT_HZ
        is_high = ~is_low & (hertz < EFFORT_TOP_HZ)
        # Rows (3, M) that sum bands to K-weighted power, and to power below and above the split.
        self._sums = np.stack([_k_weights(hertz), is_low, is_high]).astype(np.float32)

    def add(self, samples: Array) -> None:
        """Take the next samples (T,), mono, at 16 kHz, full scale at 1."""
        self._waiting = np.concatenate([self._waiting, samples])
        length = STEPS_AT_ONCE * _STEP
        while len(self._waiting) >= LOOK_BACK + length:
            self._measure(self._waiting[: LOOK_BACK + length])
            self._waiting = self._waiting[length:]

    def result(self) -> SoundCurves:
        """Return the curves once the sound has ended; it is followed by silence."""
        rest = len(self._waiting) - LOOK_BACK
        if rest or not self._curves:
            missing = -rest % _STEP if rest else _STEP
            self._measure(np.pad(self._waiting, (0, missing)))
            self._waiting = self._waiting[:LOOK_BACK]
        loudness, onsets, spread, effort = np.concatenate(self._curves, 1).astype(np.float64)
        self._judge(is_last=True)
        kinds = sigmoid(np.concatenate(self._odds)).astype(np.float64)
        return SoundCurves(loudness, onsets, spread, effort, kinds)

    def _measure(self, samples: Array) -> None:
        power = self._network.spectra(samples)
        spectra = to_decibels(power)
        self._descriptions.append(self._network.describe(spectra))
        if sum(map(len, self._descriptions)) >= STEPS_JUDGED + 2 * CONTEXT_STEPS:
            self._judge(is_last=False)
        weighted, low, high = (self._sums @ power).transpose(1, 0, 2)
        loudness = to_decibels(weighted.mean(1)) + np.float32(_LUFS_OFFSET_DB)
        self._curves.append(
            np.stack(
                [
                    np.maximum(loudness, np.float32(QUIETEST_LUFS)),
                    self._onsets(spectra),
                    to_decibels(low + high).std(1, ddof=1),
                    to_decibels(high.mean(1)) - to_decibels(low.mean(1)),
                ]
            )
        )

    def _judge(self, *, is_last: bool) -> None:
        """Judge the half seconds whose neighbours are described, and forget what is done with.

        described    -6 ... -1  0 1 2 ... 99  100 ... 105     context, 100 to judge, context
        kept next               94 ... 99  100 ... 105
        """
        described = np.concatenate(self._descriptions)
        until = len(described) if is_last else len(described) - CONTEXT_STEPS
        self._odds.append(self._network.judge(described)[self._num_judged : until])
        self._num_judged = min(until, CONTEXT_STEPS)
        self._descriptions = [described[until - self._num_judged :].copy()]

    def _onsets(self, spectra: Array) -> Array:
        bands = np.maximum(spectra.transpose(1, 0, 2).reshape(NUM_MELS, -1), ONSET_FLOOR_DB)
        bands = np.concatenate([self._bands_before, bands], 1)
        self._bands_before = bands[:, -ONSET_LAG:]
        # With a lag of 2, the last frames of the samples before fill the gap in front:
        #
        #     frame       -2 -1  0  1  2  3        kept from before: -2 -1
        #     rise               0  1  2  3        of frame k: its level less that of k - 2
        rises = np.maximum(bands[:, ONSET_LAG:] - bands[:, :-ONSET_LAG], 0)
        means: Array = rises.mean(0).reshape(len(spectra), -1).mean(1)
        return means


def _k_weights(hertz: Curve) -> Curve:
    """Return the power response of BS.1770's two filters at some frequencies, Hz."""
    delay = np.exp(-2j * np.pi * hertz / _K_SAMPLE_RATE)
    response = np.ones_like(delay)
    for (b0, b1, b2), (a1, a2) in _K_WEIGHTING:
        response *= (b0 + b1 * delay + b2 * delay**2) / (1 + a1 * delay + a2 * delay**2)
    weights: Curve = np.abs(response) ** 2
    return weights
