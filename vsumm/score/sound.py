"""What the sound makes one feel: valence and arousal of every segment.

Letters: N segments. Nothing here is smoothed, ranked or combined: see `score.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vsumm.decode import AudioBlock
from vsumm.media import Segment
from vsumm.score.batches import in_batches

if TYPE_CHECKING:
    from mmva_core import MMVA

FloatArray = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000
"""At which the sound is read, Hz."""
MUSIC_BATCH = 32
"""Windows of sound that the music tower sees at once."""
SHORTEST_WINDOW_SECONDS = 1
"""What the music tower needs; a shorter film is followed by silence."""
SILENCE_RMS = 1e-3
"""A segment is silent if its sound stays below this root mean square: -60 dB of full scale."""


def music_affect(
    blocks: Iterable[AudioBlock],
    model: MMVA,
    segments: Sequence[Segment],
    *,
    on_progress: Callable[[float], object] = lambda count: None,
) -> FloatArray:
    """Predict valence and arousal of every segment from a window of sound centred on it.

    Args:
        blocks: the sound at `SAMPLE_RATE`, mono, contiguous, from the start of the presentation.
        model: predicts `(batch, 2)` from windows of `config.music_window_seconds`; at both ends of
            the film they are moved inwards.
        segments: N segments, chronological.
        on_progress: called with the number of segments done since the last call.

    Returns:
        Shape (N, 2), valence and arousal in [0, 1]; NaN where the segment itself is silent.
    """
    va = np.full((len(segments), 2), np.nan)
    windows = _centred_windows(blocks, segments, model.config.music_window_seconds)
    for batch in in_batches(windows, MUSIC_BATCH):
        audible = [(row, window) for row, window, rms in batch if rms >= SILENCE_RMS]
        if audible:
            rows = [row for row, _ in audible]
            va[rows] = model.predict_music(np.stack([w for _, w in audible]), SAMPLE_RATE).numpy()
        on_progress(len(batch))
    return va


def _centred_windows(
    blocks: Iterable[AudioBlock], segments: Sequence[Segment], seconds: float
) -> Iterator[tuple[int, Samples, float]]:
    """Yield (row, window of samples, RMS of the segment), holding little more than a window.

    Sound that ends early is followed by silence; a file shorter than a window is one window.
    """
    end_seconds = segments[-1].end_seconds
    length = round(max(SHORTEST_WINDOW_SECONDS, min(seconds, end_seconds)) * SAMPLE_RATE)
    last_start = max(0, round(end_seconds * SAMPLE_RATE) - length)
    buffer = _SlidingBuffer(blocks)
    for row, segment in enumerate(segments):
        centred = round(segment.centre_seconds * SAMPLE_RATE) - length // 2
        first = min(max(0, centred), last_start)
        span = (
            round(segment.start_seconds * SAMPLE_RATE),
            round(segment.end_seconds * SAMPLE_RATE),
        )
        buffer.forget_before(min(first, span[0]))
        inside = buffer.read(*span).astype(np.float64)
        yield row, buffer.read(first, first + length), float(np.sqrt(np.mean(inside**2)))
    buffer.finish()


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
