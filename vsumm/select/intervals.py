"""Choose intervals that lie apart, within a budget: the knapsack of weighted intervals.

    maximise    the sum of values[i] over the chosen intervals
    subject to  total weight <= capacity, and a gap between any two of them

Exact, by dynamic programming along the line. Intervals that are followed by the same others are
of one stage:

    best[s, c]   greatest value of intervals of the first s stages with a total weight of at most c

Letters: I intervals, S stages, C the capacity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SLACK = 1e-6
"""So much less than the gap is a rounding error."""


@dataclass(frozen=True)
class Intervals:
    """Intervals of a line, to choose from."""

    starts: FloatArray
    """(I,) where each begins."""
    ends: FloatArray
    """(I,) where it ends, behind that."""
    weights: IntArray
    """(I,) what it takes of the capacity, at least 0."""
    values: FloatArray
    """(I,) what it is worth; finite."""


def choose_intervals(intervals: Intervals, capacity: int, *, gap: float) -> list[int]:
    """Return the intervals of the greatest total value that fit, ascending.

    Args:
        intervals: I intervals, each longer than 0.
        capacity: the greatest total weight, at least 0.
        gap: the least distance between two chosen ones, at least 0.

    Returns:
        Their indices. Of equally good choices, one of fewer intervals, and earlier ones.

    >>> starts, ends = np.array([0.0, 0.0, 3.0]), np.array([2.0, 2.5, 5.0])
    >>> three = Intervals(starts, ends, np.array([2, 3, 2]), np.array([4.0, 5.0, 3.0]))
    >>> choose_intervals(three, 4, gap=1.0), choose_intervals(three, 5, gap=0.5)
    ([0, 2], [1, 2])
    """
    firsts, lasts, num_stages = _stages(intervals, gap)
    best = np.zeros(capacity + 1)
    history: list[_Choices] = []  # per stage, which interval is its last one
    pending: dict[int, tuple[FloatArray, npt.NDArray[np.int32]]] = {}
    groups = _groups(intervals, firsts, lasts)
    for stage in range(num_stages):
        for last, members in groups.get(stage, []):
            if last not in pending:
                pending[last] = np.full_like(best, -np.inf), np.full(len(best), -1, np.int32)
            totals, chosen = pending[last]
            for index in _undominated(intervals, members, capacity):
                weight = intervals.weights[index]
                valued = best[: capacity + 1 - weight] + intervals.values[index]
                is_better = valued > totals[weight:]
                totals[weight:][is_better] = valued[is_better]
                chosen[weight:][is_better] = index
        totals, chosen = pending.pop(stage)
        is_better = totals > best
        best = np.where(is_better, totals, best)
        history.append(_Choices(np.where(is_better, chosen, np.int32(-1))))
    picks: list[int] = []
    stage = num_stages - 1
    while stage >= 0:
        index = history[stage].at(capacity)
        stage -= 1
        if index >= 0:
            picks.append(index)
            capacity -= int(intervals.weights[index])
            stage = int(firsts[index]) - 1
    return picks[::-1]


class _Choices:
    """What is chosen at each capacity, kept as runs of the same choice.

    There are a hundred times fewer: whole, the choices for ten hours of film would take 200 MB.

    Args:
        chosen: (C + 1,) indices of intervals, -1 for none.
    """

    def __init__(self, chosen: npt.NDArray[np.int32]) -> None:
        self._starts = np.flatnonzero(np.diff(chosen, prepend=chosen[0] - 1)).astype(np.int32)
        self._chosen = chosen[self._starts]

    def at(self, capacity: int) -> int:
        return int(self._chosen[np.searchsorted(self._starts, capacity, "right") - 1])


def _stages(intervals: Intervals, gap: float) -> tuple[IntArray, IntArray, int]:
    """Return how many stages end before each interval, the stage it belongs to, and their number.

    Stages are numbered by how many starts lie too early to follow on their intervals.
    """
    starts = np.sort(intervals.starts)
    num_too_early = np.searchsorted(starts, intervals.ends + (gap - SLACK))
    kinds = np.array(sorted({*num_too_early.tolist()}))  # np.unique would load numpy.ma
    firsts = np.searchsorted(kinds, np.searchsorted(starts, intervals.starts), side="right")
    return firsts, np.searchsorted(kinds, num_too_early), len(kinds)


def _groups(
    intervals: Intervals, firsts: IntArray, lasts: IntArray
) -> dict[int, list[tuple[int, IntArray]]]:
    """Return which intervals come after the same stages, by the stage that they belong to."""
    groups: dict[int, list[tuple[int, IntArray]]] = {}
    order = np.lexsort((lasts, firsts))  # stable: ascending within a group
    keys = np.stack([firsts, lasts])[:, order]
    borders = np.flatnonzero((np.diff(keys) != 0).any(axis=0)) + 1
    for members in np.split(order, borders) if len(order) else []:
        first, last = int(firsts[members[0]]), int(lasts[members[0]])
        groups.setdefault(first, []).append((last, members))
    return groups


def _undominated(intervals: Intervals, members: IntArray, capacity: int) -> list[int]:
    """Return those of some intervals that fit and are worth more than each lighter one."""
    weights, values = intervals.weights[members], intervals.values[members]
    order = np.lexsort((-values, weights))  # stable: the first of equal ones
    before = np.maximum.accumulate(np.concatenate([[0.0], values[order][:-1]]))
    is_kept = (values[order] > before) & (weights[order] <= capacity)
    chosen: list[int] = members[order[is_kept]].tolist()
    return chosen
