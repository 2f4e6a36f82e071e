"""Rank tracks, and places inside them, by how well they follow a curve over time.

    curve    t:     1    3    5    7 ...             seconds; valence and arousal (N, 2)
    track    |--w0--|--w1--|--w2--|--w3--|           windows; lines join their middles
                    ^ start: compared at start + t, and behind the track's end from 0 on

Compared at one start, with d the mean distance on the plane, s the standard deviation of the
curve's arousal and r its correlation with the arousal of the track over time:

    cost  = d + s (1 - r) + SEAM_COST x seams
    score = exp(-cost / sigma)                       Eq. 1, with the cost as distance

d is the level, s (1 - r) the shape: nothing for a flat curve, which has no shape, up to 2 s where
the track goes down as the curve goes up. A track that does not vary has r = 0. The rule is ours;
both parts are distances on the plane, and have equal weight. A start is the start of a window.
Nothing here imports torch.

Letters in shapes: N points of a curve, W windows and S starts of a track.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mmva_core.matching_score import score_of_distance
from mmva_core.retrieval.index import Floats, RetrievalIndex
from mmva_core.retrieval.rank import FloatArray

SEAM_COST = 0.05
"""What it costs where a track ends before the curve does and begins again: a quarter of a standard
deviation of the training sets."""
LEAST_DEVIATION = 1e-6
"""An arousal that deviates less does not vary."""
LEAST_SECONDS = 1e-3
"""A curve that is longer than the track by less fits it."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Valence and arousal over time.

    Raises:
        ValueError: shapes do not fit, or there is no point with a number.
    """

    times: FloatArray
    """(N,) seconds from the beginning."""
    va: FloatArray
    """(N, 2) valence and arousal in [0, 1]; NaN where there is nothing to compare."""
    length_seconds: float
    """How long it lasts."""

    def __post_init__(self) -> None:
        if self.times.ndim != 1 or self.va.shape != (len(self.times), 2):
            raise ValueError(f"times {self.times.shape} and va {self.va.shape} do not fit")
        if not np.isfinite(self.va).all(axis=1).any():
            raise ValueError("the curve has no point with valence and arousal")


@dataclass(frozen=True, eq=False)
class Starts:
    """How well a track follows a curve from each of its S starts."""

    start_seconds: FloatArray
    """(S,) where in the track, ascending."""
    distances: FloatArray
    """(S,) mean distance on the plane."""
    correlations: FloatArray
    """(S,) of arousal over time, in [-1, 1]; 0 where one of the two does not vary."""
    num_seams: FloatArray
    """(S,) how often the track begins again."""
    costs: FloatArray
    """(S,) see the module."""


@dataclass(frozen=True)
class Place:
    """The best start inside a track."""

    name: str
    """The track, as in `IndexItem`; or the film that is ranked for a track."""
    start_seconds: float
    """Where in the track."""
    score: float
    """In (0, 1]."""
    distance: float
    """Mean distance on the plane."""
    correlation: float
    """Of arousal over time, in [-1, 1]."""
    num_seams: int
    """How often the track begins again."""


def compare_starts(
    curve: Curve, windows: Floats, start_seconds: FloatArray | None = None
) -> Starts:
    """Compare a curve with a track from every start.

    Args:
        curve: what is to be followed.
        windows: (W, 4) valence, arousal, start and end in seconds, ascending.
        start_seconds: (S,) where to start, within the track; at every window if left out.

    >>> curve = Curve(np.array([2.0, 6.0]), np.array([[0.5, 0.2], [0.5, 0.8]]), 8.0)
    >>> levels = enumerate([0.8, 0.2, 0.8])
    >>> track = np.array([[0.5, level, 4.0 * k, 4.0 * k + 4] for k, level in levels])
    >>> found = compare_starts(curve, track)
    >>> float(found.start_seconds[found.costs.argmin()])
    4.0
    """
    is_known = np.isfinite(curve.va).all(axis=1)
    times, va = curve.times[is_known], curve.va[is_known]
    begins, ends = (windows[:, column].astype(np.float64) for column in (2, 3))
    starts = begins if start_seconds is None else start_seconds
    length = ends[-1]
    places = (starts[:, None] + times) % length
    middles = (begins + ends) / 2
    valence, arousal = (np.interp(places, middles, windows[:, column]) for column in (0, 1))
    distances = np.hypot(valence - va[:, 0], arousal - va[:, 1]).mean(axis=1)
    correlations = _correlations(arousal, va[:, 1])
    behind = np.maximum(0, starts + curve.length_seconds - LEAST_SECONDS)
    num_seams = np.floor(behind / length)
    costs = distances + va[:, 1].std() * (1 - correlations) + SEAM_COST * num_seams
    return Starts(starts, distances, correlations, num_seams, costs)


def best_place(name: str, curve: Curve, windows: Floats, sigma: float) -> tuple[Place, float]:
    """Return the best start of a track under a curve, and what it costs.

    Args:
        name: what to call the place.
        curve: what is to be followed.
        windows: (W, 4) of the track, see `compare_starts`.
        sigma: the model's scale of Eq. 1.
    """
    found = compare_starts(curve, windows)
    best = int(found.costs.argmin())
    place = Place(
        name=name,
        start_seconds=float(found.start_seconds[best]),
        score=float(score_of_distance(found.costs[best : best + 1], sigma)[0]),
        distance=float(found.distances[best]),
        correlation=float(found.correlations[best]),
        num_seams=int(found.num_seams[best]),
    )
    return place, float(found.costs[best])


def rank_tracks(curve: Curve, index: RetrievalIndex, positions: Iterable[int]) -> list[Place]:
    """Return the best place of each track, best first; equal ones in the index's order.

    Args:
        curve: what is to be followed.
        index: the tracks.
        positions: those of them that are compared.
    """
    places, costs = [], []
    for position in positions:
        rows = slice(*index.offsets[position : position + 2])
        name = index.items[position].name
        place, cost = best_place(name, curve, index.va[rows], index.header.sigma)
        places.append(place)
        costs.append(cost)
    return [places[row] for row in np.argsort(costs, kind="stable")]


def _correlations(rows: FloatArray, target: FloatArray) -> FloatArray:
    """Return Pearson's r between each row (S, N) and a target (N,); 0 where one is constant."""
    count = len(target)
    target = target - target.sum() / count
    of_target = np.sqrt(target @ target / count)
    rows = rows - (rows.sum(axis=1) / count)[:, None]
    of_rows = np.sqrt(np.einsum("sn,sn->s", rows, rows) / count)
    if of_target <= LEAST_DEVIATION:
        return np.zeros(len(rows))
    covariances = rows @ target / count  # that of a row that does not vary is next to nothing
    varies = of_rows > LEAST_DEVIATION
    return np.where(varies, covariances / np.where(varies, of_rows * of_target, 1.0), 0.0)
