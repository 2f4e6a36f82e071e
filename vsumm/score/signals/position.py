"""Where in the film a segment is: openings and endings hold titles and credits."""

from __future__ import annotations

import numpy as np

from vsumm.score.signal import Arrays, Film, FloatArray, Signal


def _middle(film: Film, arrays: Arrays) -> FloatArray:
    """Return 4 p (1 - p), p the relative position of the segment's centre: 1 in the middle."""
    centres = np.array([segment.centre_seconds for segment in film.segments])
    position = centres / film.segments[-1].end_seconds
    parabola: FloatArray = 4 * position * (1 - position)
    return parabola


MIDDLE = Signal("middle", (), _middle, "away from opening and ending")
