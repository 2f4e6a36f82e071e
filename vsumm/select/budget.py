"""Choose the segments that a reel of a given length shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment
from vsumm.select.knapsack import solve_knapsack
from vsumm.select.spread import pick_spread

TICKS_PER_SECOND = 1_000_000
"""Weights of the knapsack are whole microseconds."""
LEAST_WORTH = 1e-6
"""Added to every score, so that even a segment of score 0 beats an unused budget."""


def select_segments(
    segments: Sequence[Segment],
    scores: npt.NDArray[np.float64],
    *,
    budget_seconds: float,
    spread: float = 0.0,
) -> list[bool]:
    """Pick the segments of the greatest total score times duration that fit the budget.

    With `spread`, what is near other picked segments counts for less: see `spread.py`.

    Two kinds of segment do not compete. One without signal has no score. And the remainder at the
    end of a film fits into gaps where no whole segment does, so its shortness alone would win it
    a place: it competes only if it scores at least as high as the last whole segment that the
    budget has room for.

    Args:
        segments: N pieces to choose from.
        scores: shape (N,), at least 0, NaN where there is no signal.
        budget_seconds: the greatest total length.
        spread: 0 solves the plain knapsack.

    Returns:
        One flag per segment.
    """
    ticks = [to_ticks(segment.duration_seconds) for segment in segments]
    capacity = to_ticks(budget_seconds)
    competing = competing_segments(ticks, scores, capacity)
    if spread and sum(ticks[i] for i in competing) > capacity:
        return _select_spread(ticks, scores, competing, capacity, spread)
    chosen = solve_knapsack(
        [(float(scores[i]) + LEAST_WORTH) * ticks[i] for i in competing],
        [ticks[i] for i in competing],
        capacity,
    )
    picked = {competing[k] for k in chosen}
    return [i in picked for i in range(len(segments))]


def _select_spread(
    ticks: list[int],
    scores: npt.NDArray[np.float64],
    competing: list[int],
    capacity: int,
    spread: float,
) -> list[bool]:
    """Pick by `pick_spread`; a remainder that competes takes the place of a whole segment."""
    whole = max(ticks)
    values = np.full(len(ticks), np.nan)
    for i in competing:
        values[i] = (scores[i] + LEAST_WORTH) * ticks[i] / whole
    picked = set(pick_spread(values, capacity // whole, spread=spread))
    return [i in picked for i in range(len(ticks))]


def competing_segments(
    ticks: Sequence[int], scores: npt.NDArray[np.float64], capacity: int
) -> list[int]:
    """Return the indices of the segments that may be picked, see `select_segments`."""
    scored = [i for i in range(len(ticks)) if np.isfinite(scores[i])]
    if sum(ticks[i] for i in scored) <= capacity:
        return scored
    whole = max(ticks[i] for i in scored)
    whole_scores = sorted((scores[i] for i in scored if ticks[i] == whole), reverse=True)
    room = min(capacity // whole, len(whole_scores))
    threshold = whole_scores[room - 1] if room else 0.0
    return [i for i in scored if ticks[i] == whole or scores[i] >= threshold]


def to_ticks(seconds: float) -> int:
    """Return a time in whole ticks."""
    return round(seconds * TICKS_PER_SECOND)
