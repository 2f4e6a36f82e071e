"""Find out where the crop of a reel goes: look at its runs, then lay a way through each shot.

    runs ─> frames, 5 a second, small ─┬─> cuts ─────────────────────┐
                                       └─> motion by columns (rows) ─┴─> costs ─> a way, per shot

The frames are decoded in a process of their own, as those that are scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vsumm.media import MediaInfo, Segment
from vsumm.reel.shape.cuts import frames_after_cuts, split_at_cuts
from vsumm.reel.shape.geometry import Geometry, Shot
from vsumm.reel.shape.look import LOOKS_PER_SECOND, Look, look_at
from vsumm.reel.shape.path import FloatArray, places_of, steady_path

STILL_DIFFERENCE = 0.03
"""Difference of a pixel, of 1, up to which it counts as noise."""
CLEAR_MOTION = 0.01
"""Mean of the motion over the picture from which on it counts in full."""
EDGE_SHARE = 1 / 8
"""How much of the picture is an edge."""
EDGE_WEIGHT = 0.4
"""What motion on the very edge counts of what it does in the middle."""
MEMORY = 0.9
"""How much of what moved counts a look later, and a look before, while nothing moves: what stands
still is still there."""
MARGIN = 0.08
"""How far from the edges of the crop what counts has to be, as a share of the crop."""
CENTRE_COST = 0.5
"""What it costs to have the middle of what counts at the edge of the crop, not in its middle."""
FREE_SHARE = 0.25
"""How far it may be off the middle for nothing, as a share of the crop."""
MIDDLE_COST = 0.2
"""What it costs to be off the middle of the picture, for every width of it: little, but enough
where nothing else is clear."""


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
    motions = motion_of(looks, geometry.axis)
    costs = np.stack([costs_of(motion, places, geometry.share) for motion in motions])
    centres = steady_path(costs, places, 1 / LOOKS_PER_SECOND)
    times = [look.wanted_seconds for look in looks]
    if np.ptp(centres) == 0:
        times, centres = times[:1], centres[:1]
    return Shot(start, tuple(times), tuple(centres.tolist()))


def motion_of(looks: Sequence[Look], axis: int) -> list[FloatArray]:
    """Return how much moves in every column (axis 0) or row (1) of each look.

    That is the difference from the look before, of the first from the one behind.
    """
    motions = [_motion(before.grey, look.grey, axis) for before, look in pairwise(looks)]
    nothing = np.zeros(looks[0].grey.shape[1 - axis])
    motions.insert(0, motions[0] if motions else nothing)
    later = _remembered(motions)
    earlier = _remembered(motions[::-1])[::-1]
    return [a + b - now for a, b, now in zip(later, earlier, motions, strict=True)]


def _motion(before: FloatArray, now: FloatArray, axis: int) -> FloatArray:
    """Return how much moves in every column or row, but for what the camera moves.

    The camera moves everything: what is the median, and all, the more of it is on both edges. What
    moves on one edge alone is often only passed by.
    """
    profile: FloatArray = np.maximum(np.abs(now - before) - STILL_DIFFERENCE, 0).mean(axis=axis)
    mean = float(profile.mean())
    if mean == 0:
        return profile
    edge = max(1, round(len(profile) * EDGE_SHARE))
    both = min(float(profile[:edge].mean()), float(profile[-edge:].mean())) / mean
    across = EDGE_WEIGHT + (1 - EDGE_WEIGHT) * np.sin(np.linspace(0, np.pi, len(profile)))
    rest: FloatArray = np.maximum(profile - np.median(profile), 0) * across
    return rest * max(0.0, 1 - both)


def _remembered(motions: Sequence[FloatArray]) -> list[FloatArray]:
    """Add to each motion what moved before, where little moves now."""
    kept = np.zeros_like(motions[0])
    result = []
    for motion in motions:
        kept = motion + MEMORY * (1 - _clearness(motion)) * kept
        result.append(kept)
    return result


def _clearness(weights: FloatArray) -> float:
    """Return whether there is enough to go by, in [0, 1]."""
    return min(1.0, float(weights.mean()) / CLEAR_MOTION)


def costs_of(weights: FloatArray, places: FloatArray, share: float) -> FloatArray:
    """Return what it costs to have the crop at each of some places, (P,), in [0, 1.5].

    Args:
        weights: how much counts in each of even parts of the picture, at least 0.
        places: (P,), middles of the crop as shares of the picture.
        share: how much of the picture it shows.
    """
    aside: FloatArray = MIDDLE_COST * np.abs(places - 0.5)
    total = float(weights.sum())
    if total <= 0:
        return aside
    edges = np.linspace(0, 1, len(weights) + 1)
    inside = np.concatenate([[0.0], np.cumsum(weights)]) / total
    reach = share * (0.5 - MARGIN)
    shown = np.interp(places + reach, edges, inside) - np.interp(places - reach, edges, inside)
    middle = float((weights * (edges[1:] + edges[:-1]) / 2).sum() / total)
    off = np.maximum(np.abs(places - middle) / share - FREE_SHARE, 0)
    aside += _clearness(weights) * (1 - shown + CENTRE_COST * np.minimum(off, 1))
    return aside
