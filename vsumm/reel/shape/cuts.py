"""Find the cuts inside the runs of a reel, exact to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import numpy as np

from vsumm.decode import read_frames
from vsumm.media import MediaInfo
from vsumm.reel.shape.look import SHORT_SIDE, Look, difference, grey_of

CUT_DIFFERENCE = 0.12
"""Mean difference of two looks, of 1, from which on there may be a cut between them."""
CUT_RATIO = 2.0
"""How many times that of its neighbours it has to be, lest a chase be taken for many cuts."""
NEIGHBOURS = 3
"""How many differences on either side are neighbours."""


def split_at_cuts(looks: Sequence[Look]) -> list[list[Look]]:
    """Split the looks at one run into those at its shots."""
    changes = [float(difference(a, b).mean()) for a, b in pairwise(looks)]
    shots = [[look] for look in looks[:1]]
    for number, change in enumerate(changes):
        around = changes[max(0, number - NEIGHBOURS) : number + NEIGHBOURS + 1]
        if change >= max(CUT_DIFFERENCE, CUT_RATIO * float(np.median(around))):
            shots.append([])
        shots[-1].append(looks[number + 1])
    return shots


def frames_after_cuts(info: MediaInfo, gaps: Sequence[tuple[float, float]]) -> list[float]:
    """Return when the first frame after each cut comes on screen, seconds.

    Args:
        info: the film.
        gaps: when the looks before and after each cut come on screen, ascending.
    """
    assert info.video is not None
    step = 1 / max(info.video.frame_rate, 1.0)
    wanted = [
        (number, min(begin + k * step, end))
        for number, (begin, end) in enumerate(gaps)
        for k in range(ceil((end - begin) / step) + 1)
    ]
    found = [(0.0, end) for _, end in gaps]
    before: tuple[int, Look] | None = None
    with read_frames(info, [time for _, time in wanted], short_side=SHORT_SIDE) as frames:
        for frame in frames:
            number, time = wanted[frame.index]
            look = Look(time, frame.time_seconds, grey_of(frame.pixels))
            if before is not None and before[0] == number:
                change = float(difference(before[1], look).mean())
                found[number] = max(found[number], (change, look.seconds))
            before = number, look
    return [seconds for _, seconds in found]
