"""How much moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vsumm.score.looks import LOOKS_PER_FRAME, Look, RunningMean
from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal


class MotionMeter:
    """Compares neighbouring frames.

    Args:
        num_segments: N.
    """

    def __init__(self, num_segments: int) -> None:
        self._motion = RunningMean(num_segments, 1)
        self._before: Look | None = None

    def add(self, batch: Sequence[Look], /) -> None:
        """Take the next frames; frames with an unread one between them are not compared."""
        for look in batch:
            before, self._before = self._before, look
            if before is not None and look.frame.index == before.frame.index + 1:
                rows = {before.row, look.row}
                self._motion.add(list(rows), motion_between(before.grey, look.grey))

    def result(self) -> Arrays:
        """Return "motion", shape (N,) in [0, 1].

        It is the mean over all pairs of neighbouring frames of which at least one lies in the
        segment; NaN where there is none.
        """
        return {"motion": self._motion.result()[:, 0]}


def motion_between(before: npt.NDArray[np.int16], after: npt.NDArray[np.int16]) -> float:
    """Return how much two grey pictures of equal size differ, int16 from 0 to 255, in [0, 1].

    >>> motion_between(np.array([[0, 255]], np.int16), np.array([[255, 255]], np.int16))
    0.5
    """
    return float(np.abs(before - after).mean() / 255)


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
