"""What is different about reels that are GIFs: a palette, and few frames.

Runs in the encoding process only, see `vsumm.reel.job`. How large they may be is in `formats.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil
from typing import Any

import av
import numpy as np

from vsumm import palette
from vsumm.animation import FRAMES_PER_SECOND
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_pictures import ReelClock

ENCODER = "gif"
PIXEL_FORMAT = "pal8"
"""What the encoder is given: indices, and the palette."""
TICKS = 100
"""A GIF counts in hundredths of a second."""
NUM_SAMPLES = 24
"""Frames of the film that its palette is made from."""


def clock_for(average_rate: Fraction, *, is_constant: bool) -> ReelClock:
    """Return the film's times if it is slow, or else a rate that a GIF can have."""
    if average_rate <= FRAMES_PER_SECOND and not is_constant:
        return ReelClock(Fraction(TICKS), is_constant=False)
    ticks = max(TICKS // FRAMES_PER_SECOND, ceil(TICKS / average_rate))
    return ReelClock(Fraction(TICKS, ticks), is_constant=True)


class Indexer:
    """Gives pictures the colours of one palette."""

    def __init__(self, frames: Sequence[Any]) -> None:
        """Make the palette.

        Args:
            frames: some of PyAV that are like those to come.
        """
        black = av.VideoFrame.from_ndarray(np.zeros((2, 2, 3), np.uint8), format="rgb24")
        self._palette = palette.common_palette([each.to_image() for each in frames or [black]])
        colours = np.array(self._palette.getpalette(), np.uint8).reshape(-1, 3)
        # 256 of alpha, red, green and blue, as FFmpeg keeps them.
        self._colours = np.full((palette.NUM_COLOURS, 4), 255, np.uint8)
        self._colours[:, 1:] = 0
        self._colours[: len(colours), 1:] = colours

    def __call__(self, frame: Any) -> Any:
        """Return an RGB frame in the colours of the palette."""
        numbers = np.asarray(palette.indexed(frame.to_image(), self._palette))
        with_colours: Any = (numbers, self._colours)  # PyAV's types know no such pair
        return av.VideoFrame.from_ndarray(with_colours, format=PIXEL_FORMAT)


def sample_times(runs: Sequence[PlacedRun]) -> Iterator[Fraction]:
    """Yield instants of the film, evenly over the runs, for the palette."""
    share = max(1, NUM_SAMPLES // len(runs))
    for run in runs[:: max(1, len(runs) // NUM_SAMPLES)]:
        length = run.reel_end - run.reel_start
        for number in range(share):
            yield run.source_start + length * number / share
