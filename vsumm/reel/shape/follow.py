"""Find out where the crop of a reel goes: look at its runs, then lay a way through each shot.

    runs ─> frames, 5 a second, small ─┬─> cuts ─────────────────────┐
                                       ├─> motion by columns (rows) ─┼─> costs ─> a way, per shot
                                       └─> faces ────────────────────┘

The frames are decoded in a process of their own, as those that are scored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vsumm.borders import Looks, SeenCuts, find_cuts, seen_cuts
from vsumm.media import MediaInfo, Segment, overlapping
from vsumm.reel.shape.costs import (
    CUT_COST,
    FACE_WEIGHT,
    costs_of,
    cut_shares,
    face_costs,
    motion_of,
)
from vsumm.reel.shape.faces import Face
from vsumm.reel.shape.geometry import Geometry, Shot
from vsumm.reel.shape.look import LOOKS_PER_SECOND, Look, difference, look_at
from vsumm.reel.shape.path import REACH, FloatArray, places_of, steady_path

LEAST_RATIO = 2.0
"""A change is looked into for a cut if it is so many times that of its neighbours: elsewhere the
crop may go on, and a pan that is taken for a cut would make it jump."""
NEIGHBOURS = 3
"""How many changes on either side are neighbours."""
MOST_CUT = 0.5
"""A crop that cuts off more, in faces, does not show them together."""


def follow(
    info: MediaInfo,
    runs: Sequence[Segment],
    geometry: Geometry,
    *,
    known: SeenCuts | None = None,
) -> tuple[Shot, ...]:
    """Return what the reel shows of the shots of some runs.

    Args:
        info: the film; it must have a picture.
        runs: pieces of it, not overlapping.
        geometry: sizes of its pictures and the reel's.
        known: where the film may have cuts, so that less of it is searched for them.

    Returns:
        The shots, chronological.

    Raises:
        InputError: not a single frame can be read.
    """
    runs = sorted(runs, key=lambda run: run.start_seconds)
    places = places_of(geometry.share)
    looks_of_runs = look_at(info, runs)
    # Found cuts are not cached here, so that it does not matter what the film contains.
    seen = seen_cuts(_seen(runs, looks_of_runs), runs[-1].end_seconds)
    if known is not None:
        seen = _narrowed(seen, known)
    found = find_cuts(info, runs, seen, content="")
    shots = []
    for run, looks in zip(runs, looks_of_runs, strict=True):
        starts = [run.start_seconds, *(cut for cut in found.cuts if _is_inside(cut, run))]
        for start, end in pairwise([*starts, math.inf]):
            inside = [look for look in looks if start <= max(look.seconds, run.start_seconds) < end]
            shots.append(_followed(inside, start, places, geometry))
    return tuple(shots)


def _is_inside(seconds: float, run: Segment) -> bool:
    return run.start_seconds < seconds < run.end_seconds


def _seen(runs: Sequence[Segment], looks_of_runs: Sequence[Sequence[Look]]) -> Looks:
    """Return what the looks tell of cuts, for each run.

    A run counts as alike up to its first look, behind the last one, and where it changes no more
    than around.
    """
    seconds: list[float] = []
    changes: list[float] = []
    for run, looks in zip(runs, looks_of_runs, strict=True):
        between = _outstanding([float(difference(a, b).mean()) for a, b in pairwise(looks)])
        later = [max(look.seconds, run.start_seconds) for look in looks]
        seconds += [run.start_seconds, *later, run.end_seconds]
        changes += [0.0] * (1 if looks else 0) + [0.0, *between, 0.0]
    return Looks(np.array(seconds), np.array(changes))


def _narrowed(seen: SeenCuts, known: SeenCuts) -> SeenCuts:
    """Return the cuts, and the stretches that may hold some, on which two views agree."""
    known_in = [
        [cut for cut in known.cuts if stretch.start_seconds < cut <= stretch.end_seconds]
        for stretch in seen.open_stretches
    ]
    may_hold = overlapping(seen.open_stretches, known.open_stretches)
    left = [
        stretch
        for stretch, cuts, flag in zip(seen.open_stretches, known_in, may_hold, strict=True)
        if flag and not cuts
    ]
    return SeenCuts(tuple(cut for cuts in known_in for cut in cuts), tuple(left))


def _outstanding(changes: Sequence[float]) -> list[float]:
    """Return changes, and 0 for those that do not stand out from what is around them."""
    around = [
        changes[max(0, number - NEIGHBOURS) : number + NEIGHBOURS + 1]
        for number in range(len(changes))
    ]
    return [
        change if change >= LEAST_RATIO * float(np.median(near)) else 0.0
        for change, near in zip(changes, around, strict=True)
    ]


def _followed(looks: Sequence[Look], start: float, places: FloatArray, geometry: Geometry) -> Shot:
    """Lay the way through one shot; one that nobody looked at shows the middle."""
    if not looks:
        return Shot(start)
    axis, share = geometry.axis, geometry.share
    faces = _faces_near(looks)
    if _nothing_fits(looks, axis, places, share):
        return Shot(start, is_blurred=True)
    costs = []
    for motion, near in zip(motion_of(looks, axis), faces, strict=True):
        cost = costs_of(motion, places, share)
        if seen := [face for each in near for face in each]:
            faced = face_costs(seen, axis, places, share)
            cut = np.max([cut_shares(each, axis, places, share) for each in near], axis=0)
            cost = FACE_WEIGHT * faced + (1 - FACE_WEIGHT) * cost + CUT_COST * cut
        costs.append(cost)
    centres = steady_path(np.stack(costs), places, 1 / LOOKS_PER_SECOND)
    times = [look.wanted_seconds for look in looks]
    if np.ptp(centres) == 0:
        times, centres = times[:1], centres[:1]
    return Shot(start, tuple(times), tuple(centres.tolist()))


def _faces_near(looks: Sequence[Look]) -> list[list[Sequence[Face]]]:
    """Return, for each look, the faces of every look so near that the way is a mean over both."""
    return [
        [each.faces for each in looks[max(0, number - REACH) : number + REACH + 1] if each.faces]
        for number in range(len(looks))
    ]


def _nothing_fits(looks: Sequence[Look], axis: int, places: FloatArray, share: float) -> bool:
    """Return whether a shot has faces that no crop shows together, most of the time."""
    seen = [look.faces for look in looks if look.faces is not None]
    cut = [float(cut_shares(faces, axis, places, share).min()) for faces in seen if faces]
    return sum(least > MOST_CUT for least in cut) * 2 > len(seen)
