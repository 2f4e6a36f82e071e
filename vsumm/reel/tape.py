"""Keep the sound of a reel, and play it at a gain without exceeding a peak.

    peaks     ▁ ▂ ▁ ▁ █ ▁ ▁ ▂      the true peak of every millisecond, kept with the sound
    gain      ────╲       ╱───     comes down before a peak that is too high, and goes up behind it
              |<---->|             this long before it: `look_seconds`

Letters: C channels, T samples, K steps. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from vsumm.decode import channels_of
from vsumm.errors import OutputError
from vsumm.reel.place_sound import Samples, to_audio_frame

MEMORY_BYTES = 64 << 20
"""Longer sound is kept on disk: three minutes of stereo are in memory."""
STEP_SECONDS = 0.001
"""Length of the steps in which peaks are kept, but for whole samples."""
STEPS_PER_BLOCK = 250
"""Length of the blocks that are played, in steps."""
GATHERED_SAMPLES = 16_384
"""Least length of blocks that were gathered: to measure few long ones takes less."""
OVERSAMPLING = 4
"""Samples that are looked at for each one, so that peaks between samples count (ITU-R BS.1770)."""


class TruePeaks:
    """The true peaks of sound, one for every step.

    Attributes:
        step: samples in a step.
        step_seconds: its length.
        highest: the highest so far, linear: 1 is full scale.
    """

    def __init__(self, sample_rate: int, layout: str) -> None:
        """Prepare for sound of that rate, Hz, and of a layout by FFmpeg's name."""
        self.step = max(1, round(STEP_SECONDS * sample_rate))
        self.step_seconds = self.step / sample_rate
        self.highest = 0.0
        self._oversampler = AudioResampler("fltp", layout, OVERSAMPLING * sample_rate)
        self._rest = np.zeros(0, np.float32)
        self._heights: list[NDArray[np.float32]] = []

    def add(self, frame: Any) -> None:
        """Look at a frame of PyAV; None is the end."""
        pieces = [
            np.abs(channels_of(piece)).max(axis=0) for piece in self._oversampler.resample(frame)
        ]
        samples = np.concatenate([self._rest, *pieces])
        width = OVERSAMPLING * self.step
        whole = len(samples) // width * width
        self._heights.append(samples[:whole].reshape(-1, width).max(axis=1))
        self._rest = samples[whole:]
        self.highest = max(self.highest, float(samples.max(initial=0)))

    def heights(self) -> NDArray[np.float32]:
        """Return all so far, (K,)."""
        rest = self._rest.max(keepdims=True) if len(self._rest) else self._rest
        self._heights = [np.concatenate([*self._heights, self._rest[:0]])]
        return np.concatenate([*self._heights, rest])


class Recording:
    """Sound that is recorded once and read any number of times."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115, closed by `close`
        self._num_channels = 1

    def close(self) -> None:
        """Forget the sound."""
        self._file.close()

    def record(self, samples: Samples) -> None:
        """Add samples (C, T).

        Raises:
            OutputError: the folder for temporary files is full, or cannot be written to.
        """
        self._num_channels = len(samples)
        try:
            self._file.write(samples.T.astype(np.float32).tobytes())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"the reel's sound cannot be kept for measuring: {reason}") from error

    def read(self, num_samples: int) -> Iterator[Samples]:
        """Yield the sound from its beginning on, in blocks (C, T) of this length, the last less."""
        self._file.seek(0)
        while data := self._file.read(4 * self._num_channels * num_samples):
            yield np.frombuffer(data, np.float32).reshape(-1, self._num_channels).T


class Tape(Recording):
    """Sound that is recorded once and played any number of times, at a gain.

    Attributes:
        peaks: the true peaks of what was recorded.
    """

    def __init__(self, sample_rate: int, layout: str) -> None:
        """Prepare to record; `sample_rate` in Hz, `layout` by FFmpeg's name."""
        super().__init__()
        self.peaks = TruePeaks(sample_rate, layout)
        self._sample_rate, self._layout = sample_rate, layout

    def record(self, samples: Samples) -> None:
        """As `Recording.record`."""
        super().record(samples)
        self.peaks.add(self.frame(samples))

    def frame(self, samples: Samples) -> Any:
        """Return samples (C, T) as a frame of PyAV."""
        return to_audio_frame(samples, sample_rate=self._sample_rate, layout=self._layout)

    def gains(
        self, gain: float, ceiling: float, look_seconds: float, cuts: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return a gain that no peak exceeds a ceiling with, at the edges of the steps, (K + 1,).

        Args:
            gain: what it is multiplied by.
            ceiling: where the true peak would exceed this, linear, the gain is less.
            look_seconds: how long before such a peak the gain goes down, and goes up behind it.
            cuts: how much less the gain is besides, in (0, 1] for every step, (K,).
        """
        peaks = gain * self.peaks.heights()
        allowed = cuts * ceiling / np.maximum(peaks, ceiling)
        return gain * smooth_gains(allowed, round(look_seconds / STEP_SECONDS))

    def blocks(self, gains: NDArray[np.float64]) -> Iterator[Samples]:
        """Yield the sound from its beginning on, in blocks (C, T); `gains` as `gains` gives it."""
        step = self.peaks.step
        places = np.arange(STEPS_PER_BLOCK * step) / step
        for number, samples in enumerate(self.read(len(places))):
            first = number * STEPS_PER_BLOCK
            corners = gains[first : first + STEPS_PER_BLOCK + 1]
            curve = np.interp(places[: samples.shape[1]], np.arange(len(corners)), corners)
            yield samples * curve.astype(np.float32)


def gathered(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Yield few long blocks (C, T) for many short ones, and empty ones meanwhile."""
    waiting: list[Samples] = []
    for block in blocks:
        waiting += [block] if block.shape[1] else []
        if sum(each.shape[1] for each in waiting) >= GATHERED_SAMPLES:
            yield np.concatenate(waiting, axis=1)
            waiting = []
        yield block[:, :0]
    if waiting:
        yield np.concatenate(waiting, axis=1)


def smooth_gains(allowed: NDArray[Any], look: int) -> NDArray[np.float64]:
    """Return a smooth gain that is nowhere greater than what is allowed.

    Args:
        allowed: greatest gain in every step, (K,).
        look: how many steps before a low gain it begins to go down, and goes up behind it.

    Returns:
        The gain (K + 1,) at the edges of the steps: a straight line runs between two of them. Both
        edges of a step obey what it allows, and the lowest gain within `look` steps, smoothed over
        as many, obeys it still.

    >>> smooth_gains(np.array([1.0, 0.5, 1.0]), look=1)
    array([0.625, 0.5  , 0.5  , 0.625])
    """
    padding = np.ones(2 * look + 1)
    padded = np.concatenate([padding, allowed, padding])
    edges = np.minimum(padded[:-1], padded[1:])
    lowest = _lowest_in(edges, 2 * look + 1)
    window = np.hanning(2 * look + 3)[1:-1]
    return np.convolve(lowest, window / window.sum(), "valid")


def _lowest_in(values: NDArray[Any], width: int) -> NDArray[Any]:
    """Return the lowest of every `width` neighbours, `width` - 1 fewer than there are values."""
    reached = 1
    while reached < width:  # the lower one of two stretches that may overlap
        shift = min(reached, width - reached)
        values = np.minimum(values[:-shift], values[shift:])
        reached += shift
    return values
