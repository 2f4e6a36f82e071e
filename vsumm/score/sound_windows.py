"""The sound that a film is scored by: one window around every segment.

One decode feeds every measurement of the sound: `sound_windows` cuts the stream into segments, each
with as much sound around it as the meters need.

Letters: N segments, T samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vsumm.decode import AudioBlock
from vsumm.media import Segment

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000
"""At which the sound is read, Hz."""
SHORTEST_WINDOW_SECONDS = 1
"""What the music tower needs; a shorter film is followed by silence."""
SILENCE_RMS = 1e-3
"""A segment is silent if its sound stays below this root mean square: -60 dB of full scale."""


@dataclass(frozen=True)
class SoundWindow:
    """The sound of one segment, as the meters of the sound get it."""

    row: int
    """Index of the segment, below N."""
    samples: Samples
    """The segment itself, mono, (T,), full scale at 1."""
    around: Samples
    """A window of the asked length centred on the segment; at both ends of the film it is moved
    inwards."""
    around_start: int = 0
    """Sample of the film that `around` begins with."""

    @cached_property
    def is_silent(self) -> bool:
        """Whether the segment itself is silent."""
        return float(np.sqrt(np.mean(self.samples.astype(np.float64) ** 2))) < SILENCE_RMS


def sound_windows(
    blocks: Iterable[AudioBlock], segments: Sequence[Segment], *, around_seconds: float
) -> Iterator[SoundWindow]:
    """Yield the sound of every segment, holding little more than one window.

    Sound that ends early is followed by silence; a file shorter than a window is one window.

    Args:
        blocks: the sound at `SAMPLE_RATE`, mono, contiguous, from the start of the presentation.
        segments: N segments, chronological.
        around_seconds: length of `SoundWindow.around`.
    """
    end_seconds = segments[-1].end_seconds
    length = round(max(SHORTEST_WINDOW_SECONDS, min(around_seconds, end_seconds)) * SAMPLE_RATE)
    last_start = max(0, round(end_seconds * SAMPLE_RATE) - length)
    buffer = _SlidingBuffer(blocks)
    for row, segment in enumerate(segments):
        centred = round(segment.centre_seconds * SAMPLE_RATE) - length // 2
        first = min(max(0, centred), last_start)
        start = round(segment.start_seconds * SAMPLE_RATE)
        buffer.forget_before(min(first, start))
        samples = buffer.read(start, round(segment.end_seconds * SAMPLE_RATE))
        yield SoundWindow(row, samples, buffer.read(first, first + length), first)
    buffer.finish()


def joined_around(windows: Sequence[SoundWindow]) -> tuple[Samples, list[int]]:
    """Return the sound around some segments as one stretch, and where in it each window begins.

    Args:
        windows: of one film, in its order; what lies between them is silence.
    """
    first = windows[0].around_start
    starts = [window.around_start - first for window in windows]
    samples = np.zeros(starts[-1] + len(windows[-1].around), np.float32)
    for window, start in zip(windows, starts, strict=True):
        samples[start : start + len(window.around)] = window.around
    return samples, starts


class _SlidingBuffer:
    """Random access to a stream of blocks, a stretch at a time, in bounded memory."""

    def __init__(self, blocks: Iterable[AudioBlock]) -> None:
        self._blocks = iter(blocks)
        self._first = 0
        self._samples: Samples = np.zeros(0, np.float32)

    def forget_before(self, start: int) -> None:
        """Drop all samples before `start`; later reads must not begin before it."""
        if start > self._first:
            self._fill(start)
            self._samples = self._samples[start - self._first :]
            self._first = start

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop); past the end of the stream they are zero."""
        self._fill(stop)
        return self._samples[start - self._first : stop - self._first]

    def finish(self) -> None:
        """Take what is left of the stream: what of it could not be read is known at its end."""
        for _ in self._blocks:
            continue

    def _fill(self, stop: int) -> None:
        parts = [self._samples]
        held = self._first + len(self._samples)
        while held < stop:
            block = next(self._blocks, None)
            part = np.zeros(stop - held, np.float32) if block is None else block.samples
            parts.append(part)
            held += len(part)
        if len(parts) > 1:
            self._samples = np.concatenate(parts)
