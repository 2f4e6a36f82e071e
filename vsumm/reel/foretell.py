"""Foretell how loud sound is when a gain changes over time, without measuring it again.

    momentary    ─┐┌──┐   loudness of every tenth of a second and the 0.3 s before it, as measured
    peaks² x gain²        how much of the power in each of these windows the gain leaves
    loudness              their mean, gated as by ITU-R BS.1770-5

The shape of the power within a window is taken from its peaks, so it is off by some tenths of a LU
where peaks are lowered much. Letters: K steps, N windows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOMENT_SECONDS, MOMENT_STEP_SECONDS = 0.4, 0.1
"""Length and distance of the windows of momentary loudness (EBU R128)."""
ABSOLUTE_GATE = -70.0
"""Windows that are softer do not count, LUFS."""
RELATIVE_GATE = -10.0
"""Nor do those that are softer by this than the mean of the others, LU."""

Floats = NDArray[np.float64]


class Foretelling:
    """What was measured of sound at gain 1."""

    def __init__(
        self, momentary: NDArray[np.floating], peaks: NDArray[np.floating], step_seconds: float
    ) -> None:
        """Keep what was measured.

        Args:
            momentary: loudness of the 0.4 s before the end of every tenth of a second, LUFS.
            peaks: the true peak of every step, linear, (K,).
            step_seconds: length of a step.
        """
        num_partial = round(MOMENT_SECONDS / MOMENT_STEP_SECONDS) - 1
        ends = MOMENT_STEP_SECONDS * np.arange(1, len(momentary) + 1)[num_partial:]
        self._powers = 10 ** (np.asarray(momentary, np.float64)[num_partial:] / 10)  # (N,)
        self._weights = np.square(peaks, dtype=np.float64)
        self._times = step_seconds * np.arange(len(peaks) + 1)
        self._edges = np.stack([ends - MOMENT_SECONDS, ends])
        self._whole = self._in_windows(self._weights)

    def loudness(self, gains: Floats) -> float:
        """Return the integrated loudness, LUFS; minus infinity where nothing counts.

        Args:
            gains: at the edges of the steps, linear, (K + 1,).
        """
        squares = np.square(gains)
        left = self._in_windows(self._weights * (squares[:-1] + squares[1:]) / 2)
        powers = self._powers * left / np.maximum(self._whole, 1e-30)
        return gated(powers)

    def _in_windows(self, values: Floats) -> Floats:
        """Return the sums of values of steps in each window, (N,)."""
        total = np.concatenate([[0.0], np.cumsum(values)])
        begins, ends = np.interp(self._edges, self._times, total)
        return np.asarray(ends - begins)


def gated(powers: Floats) -> float:
    """Return the loudness of windows that count, LUFS; of powers whose decibels are LUFS, (N,).

    >>> gated(np.array([1e-2, 1e-2, 1e-5, 1e-9]))
    -20.0
    """
    heard = powers[powers > 10 ** (ABSOLUTE_GATE / 10)]
    if not len(heard):
        return -np.inf
    heard = heard[heard > heard.mean() * 10 ** (RELATIVE_GATE / 10)]
    return float(10 * np.log10(heard.mean()))
