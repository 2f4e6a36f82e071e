"""Find out where the crop of a reel goes: look at its runs, then lay a way through each shot.

    runs ─> frames, 5 a second, small ─┬─> cuts ─────────────────────┐
                                       ├─> motion by columns (rows) ─┼─> costs ─> a way, per shot
                                       └─> faces ────────────────────┘

The frames are decoded in a process of their own, as those that are scored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vsumm.media import MediaInfo, Segment
from vsumm.reel.shape.costs import (
    CUT_COST,
    FACE_WEIGHT,
    costs_of,
    cut_shares,
    face_costs,
    motion_of,
)
from vsumm.reel.shape.cuts import frames_after_cuts, split_at_cuts
from vsumm.reel.shape.faces import Face
from vsumm.reel.shape.geometry import Geometry, Shot
from vsumm.reel.shape.look import LOOKS_PER_SECOND, Look, look_at
from vsumm.reel.shape.path import REACH, FloatArray, places_of, steady_path

MOST_CUT = 0.5
"""A crop that cuts off more, in faces, does not show them together."""


def follow(info: MediaInfo, runs: Sequence[Segment], geometry: Geometry) -> tuple[Shot, ...]:
    """Return what the reel shows of the shots of some runs.

    Args:
        info: the film; it must have a picture.
        runs: pieces of it, chronological, not overlapping.
        geometry: sizes of its pictures and the reel's.

    Raises:
        InputError: not a single frame can be read.
    """
    shots: list[list[Look]] = []
    starts: list[float] = []
    gaps: dict[int, tuple[float, float]] = {}
    for run, looks in zip(runs, look_at(info, runs), strict=True):
        for number, shot in enumerate(split_at_cuts(looks)):
            if number:
                gaps[len(shots)] = shots[-1][-1].seconds, shot[0].seconds
            starts.append(run.start_seconds)
            shots.append(shot)
    for index, seconds in zip(gaps, frames_after_cuts(info, list(gaps.values())), strict=True):
        starts[index] = seconds
    places = places_of(geometry.share)
    return tuple(
        _followed(shot, start, places, geometry) for shot, start in zip(shots, starts, strict=True)
    )


def _followed(looks: Sequence[Look], start: float, places: FloatArray, geometry: Geometry) -> Shot:
    """Lay the way through one shot."""
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
