"""How much moves, whatever the frame rate and whichever frames were decoded.

Frames that lie about a second apart are compared as thumbnails, in which a shaking hand matters
little. Between frames `d` seconds apart the difference grows with the square root of `d` (measured
on four films from 0.04 to 3 s), so it is divided by that: key frames need not come at even times.
Each frame is compared with the next one and with the one after it, which depends less on the exact
moments: so a copy at 2 frames per second is ranked as its original is. The square root of a
difference is averaged, lest one cut say more than a chase.

Optical flow was tried (dense inverse search on 128 x 72, with and without the motion of the
camera): it ranks films no better and takes 2 ms for each pair of frames.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from vsumm.score.looks import LOOKS_PER_FRAME, Look, RunningMean, Thumbnail
from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal

LAG_WEIGHTS = {1: 1.0, 2: 1.5}
"""How many frames apart two frames are that are compared, and how much that counts."""
SHORTEST_GAP_SECONDS = 0.1
"""Frames closer than this count as this far apart."""


class MotionMeter:
    """Compares neighbouring frames.

    Args:
        num_segments: N.
    """

    def __init__(self, num_segments: int) -> None:
        self._motion = RunningMean(num_segments, 1)
        self._before: deque[Look] = deque(maxlen=max(LAG_WEIGHTS))

    def add(self, batch: Sequence[Look], /) -> None:
        """Take the next frames; what is compared is said by their indices."""
        for look in batch:
            for before in self._before:
                weight = LAG_WEIGHTS.get(look.frame.index - before.frame.index)
                if weight is not None:
                    gap_seconds = look.frame.time_seconds - before.frame.time_seconds
                    moved = motion_between(before.thumbnail, look.thumbnail, gap_seconds)
                    self._motion.add(sorted({before.row, look.row}), moved, weight=weight)
            self._before.append(look)

    def result(self) -> Arrays:
        """Return "motion", shape (N,), at least 0.

        It is the weighted mean over all compared frames of which at least one lies in the segment;
        NaN where there are none.
        """
        return {"motion": self._motion.result()[:, 0]}


def motion_between(before: Thumbnail, after: Thumbnail, gap_seconds: float) -> float:
    """Return the square root of the mean difference of two thumbnails, for a gap of one second.

    >>> black, white = np.zeros((9, 16, 3), np.float32), np.ones((9, 16, 3), np.float32)
    >>> motion_between(black, white, 1.0), motion_between(black, 0.25 * white, 1.0)
    (1.0, 0.5)
    """
    difference = float(np.abs(after - before).mean())
    return math.sqrt(difference / math.sqrt(max(gap_seconds, SHORTEST_GAP_SECONDS)))


def _motion(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["motion"]


DIFFERENCES = Measurement(
    "motion",
    needs="picture",
    start=lambda film: MotionMeter(film.num_segments),
    columns={"motion": 0},
    depends_on=lambda film: {
        "frames_per_segment": film.config.frames_per_segment,
        "looks_per_frame": LOOKS_PER_FRAME,
    },
)
"""Differences between neighbouring frames."""

MOTION = Signal("motion", (DIFFERENCES,), _motion, "much motion")
