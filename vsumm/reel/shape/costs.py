"""What it costs to have the crop at each place, by what moves and by faces.

Letters: P places of the middle of the crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vsumm.reel.shape.faces import Face
from vsumm.reel.shape.look import Look, difference
from vsumm.reel.shape.path import FloatArray

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
"""What it costs to be off the middle of the faces, or without any of the picture, for every width
of it: little, but enough where nothing else is clear."""
FACE_WEIGHT = 0.8
"""How much faces count where there are some; motion counts the rest."""
FACE_PARTS = 256
"""Even parts of the picture over which the weight of faces is spread."""
CUT_COST = 10.0
"""What it costs to cut off all of a face."""
FACE_MARGIN = 0.15
"""How much more than a face is not to be cut off on either side, as a share of its width."""
LEAST_OF_LARGEST = 0.5
"""Faces that are smaller than this share of the largest are bystanders."""


def motion_of(looks: Sequence[Look], axis: int) -> list[FloatArray]:
    """Return how much moves in every column (axis 0) or row (1) of each look.

    That is the difference from the look before, of the first from the one behind.
    """
    motions = [_motion(before, look, axis) for before, look in pairwise(looks)]
    nothing = np.zeros(looks[0].grey.shape[1 - axis])
    motions.insert(0, motions[0] if motions else nothing)
    later = _remembered(motions)
    earlier = _remembered(motions[::-1])[::-1]
    return [a + b - now for a, b, now in zip(later, earlier, motions, strict=True)]


def face_costs(faces: Sequence[Face], axis: int, places: FloatArray, share: float) -> FloatArray:
    """Return what it costs to have faces off the middle of the crop, (P,), in [0, 1.5]."""
    edges = np.linspace(0, 1, FACE_PARTS + 1)
    weights = np.zeros(FACE_PARTS)
    for low, high in (face.span(axis) for face in faces):
        weights += np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)
    centre = float((weights * (edges[1:] + edges[:-1]) / 2).sum() / weights.sum())
    return costs_of(weights * (CLEAR_MOTION / weights.mean()), places, share, rest_at=centre)


def cut_shares(faces: Sequence[Face], axis: int, places: FloatArray, share: float) -> FloatArray:
    """Return how much of the faces that count the crop cuts off at each place, in faces, (P,).

    A margin around a face counts as part of it, unless the crop is too small for that.
    """
    cut = np.zeros(len(places))
    for low, high in (face.span(axis) for face in main_faces(faces)):
        margin = max(0.0, min(FACE_MARGIN * (high - low), (share - (high - low)) / 2))
        outside = np.maximum(places - share / 2 - max(0.0, low - margin), 0)
        outside += np.maximum(min(1.0, high + margin) - places - share / 2, 0)
        cut += np.minimum(outside / (high - low), 1)
    return cut


def main_faces(faces: Sequence[Face]) -> list[Face]:
    """Return the faces that are no bystanders."""
    largest = max((face.area for face in faces), default=0.0)
    return [face for face in faces if face.area >= LEAST_OF_LARGEST**2 * largest]


def costs_of(
    weights: FloatArray, places: FloatArray, share: float, *, rest_at: float = 0.5
) -> FloatArray:
    """Return what it costs to have the crop at each of some places, (P,), in [0, 1.5].

    Args:
        weights: how much counts in each of even parts of the picture, at least 0.
        places: (P,), middles of the crop as shares of the picture.
        share: how much of the picture it shows.
        rest_at: where its middle is best, as a share of the picture, if nothing else matters.
    """
    aside: FloatArray = MIDDLE_COST * np.abs(places - rest_at)
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


def _motion(before: Look, now: Look, axis: int) -> FloatArray:
    """Return how much moves in every column or row, but for what the camera moves.

    The camera moves everything: what is the median, and all, the more of it is on both edges. What
    moves on one edge alone is often only passed by.
    """
    profile: FloatArray = np.maximum(difference(before, now) - STILL_DIFFERENCE, 0).mean(axis=axis)
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
