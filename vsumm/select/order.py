"""Order the runs of a reel so that what they show follows a course over time.

The cost of an order is the sum, over all points of the reel, of the difference between what is
shown there and what the course asks for. When a run begins depends on which runs precede it, not
on their order, so that the best order of a few runs is found by dynamic programming over sets
(Held and Karp 1962). Many runs are given out to places of equal length, by linear assignment, and
then moved one by one as long as the cost gets less.

Letters: R runs, L points of a run, K points of the reel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST_EXACT = 12
"""Most runs whose best order is found exactly: there are 2^R sets of them."""
MOST_MOVES = 1200
"""About how many moves of one run are tried in one step, those by the fewest places."""
TIE = 1e-9
"""Costs that differ by less are equal: of equal orders that of the film counts."""


def order_runs(levels: Sequence[FloatArray], course: FloatArray) -> list[int]:
    """Return the numbers of runs in the order that follows a course best.

    Args:
        levels: R runs, each with what it shows at its points, (L,); NaN where that is unknown,
            which costs nothing anywhere.
        course: (K,) what is asked for; fewer points than the runs have together where they
            overlap in the reel, all of them by the same number.

    Returns:
        R numbers: the best order of up to `MOST_EXACT` runs; of more runs a good one.

    >>> order_runs([np.ones(2), np.zeros(4), np.full(2, 0.5)], np.linspace(0, 1, 8))
    [1, 2, 0]
    """
    counts = np.array([len(level) for level in levels])
    if len(levels) < 2:
        return list(range(len(levels)))
    overlap = (int(counts.sum()) - len(course)) / (len(levels) - 1)
    costs = np.array([_costs(level, course) for level in levels])  # (R, K)
    lengths = counts - overlap
    if len(levels) > MOST_EXACT:
        starts = [list(range(len(levels))), _assigned(costs, lengths)]
        better = starts[int(_total(np.array(starts), costs, lengths).argmin())]
        return _improved(better, costs, lengths)
    return _best(costs, lengths)


def _costs(level: FloatArray, course: FloatArray) -> FloatArray:
    """Return what a run costs that begins at each point of the reel, (K,)."""
    longer = np.concatenate([course, np.full(len(level), course[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(longer, len(level))[: len(course)]
    return np.asarray(np.nansum(np.abs(windows - level), axis=1))


def _at(costs: FloatArray, point: float) -> float:
    return float(costs[min(round(point), len(costs) - 1)])


def _best(costs: FloatArray, lengths: FloatArray) -> list[int]:
    """Find the best order: for every set of runs that come first, the best order of the others."""
    every = range(len(costs))
    num_sets = 1 << len(costs)
    begins = [sum(lengths[run] for run in every if before >> run & 1) for before in range(num_sets)]
    rest = np.zeros(num_sets)

    def after(before: int, run: int) -> float:
        return _at(costs[run], begins[before]) + float(rest[before | 1 << run])

    for before in range(num_sets - 2, -1, -1):
        rest[before] = min(after(before, run) for run in every if not before >> run & 1)
    order: list[int] = []
    before = 0
    for _ in every:
        left = [run for run in every if not before >> run & 1]
        run = next(run for run in left if after(before, run) <= rest[before] + TIE)
        order.append(run)
        before |= 1 << run
    return order


def _assigned(costs: FloatArray, lengths: FloatArray) -> list[int]:
    """Give each run one of as many places of the same length."""
    from scipy.optimize import linear_sum_assignment  # here, since few reels need what loads slowly

    places = np.arange(len(costs)) * lengths.mean()
    table = np.array([[_at(cost, place) for place in places] for cost in costs])
    numbers = np.arange(len(costs))
    table += TIE * np.abs(numbers[:, None] - numbers)
    _, place_of = linear_sum_assignment(table)
    return [int(run) for run in np.argsort(place_of)]


def _improved(order: list[int], costs: FloatArray, lengths: FloatArray) -> list[int]:
    """Move one run after the other to where it makes the cost least, until none does."""
    best = order
    while True:
        moved = np.array([best, *_moves(best)])
        totals = _total(moved, costs, lengths)
        least = int(totals.argmin())
        if totals[least] >= totals[0] - TIE:
            return best
        best = moved[least].tolist()


def _moves(order: Sequence[int]) -> list[list[int]]:
    """Return the order with each run in each other place near its own."""
    moves = []
    reach = max(2, MOST_MOVES // (2 * len(order)))
    for place, run in enumerate(order):
        others = [*order[:place], *order[place + 1 :]]
        for to in range(max(0, place - reach), min(len(order), place + reach + 1)):
            if to != place:
                moves.append([*others[:to], run, *others[to:]])
    return moves


def _total(orders: NDArray[np.intp], costs: FloatArray, lengths: FloatArray) -> FloatArray:
    """Return what orders (M, R) cost, (M,)."""
    begins = np.cumsum(lengths[orders], axis=1) - lengths[orders]
    points = np.minimum(np.round(begins).astype(int), costs.shape[1] - 1)
    return np.asarray(costs[orders, points].sum(axis=1))
