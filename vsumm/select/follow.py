"""Choose items for the places of a course, such as the seconds of a song: exact.

    maximise    the sum of values[item, place] over the places, one item each, none twice
    subject to  items that are shown one after the other, each following on the one before, form a
                run; no run is shorter than `min_run`

In order, the items of successive places ascend: dynamic programming over (place, item, length of
its run) finds the best choice. In any order, the places are divided into parts, each of which shows
one run; SCIP looks for the best choice and says how far from it the found one may be.

This module knows no video. Letters: N items, K places, P parts, R the shortest run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_SECONDS = 30.0
"""How long SCIP looks for the best choice."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Following:
    """Items for the places of a course."""

    items: list[int]
    """(K,) the item of each place."""
    value: float
    """The sum that was to be the greatest."""
    bound: float
    """No choice has a greater sum."""

    @property
    def gap(self) -> float:
        """By which share of the bound a better choice might be better."""
        return max(0.0, (self.bound - self.value) / self.bound) if self.bound > 0 else 0.0


def follow_in_order(
    values: FloatArray, follows: BoolArray, *, min_run: int = 1
) -> Following | None:
    """Choose ascending items for successive places.

    Args:
        values: (N, K) at least 0, NaN for an item that is not to be chosen there.
        follows: (N,) whether an item follows on the one before; not so the first one.
        min_run: the shortest run, in items, at least 1.

    Returns:
        The best choice, or None where there is none.

    >>> chosen = follow_in_order(np.array([[0.9, 0.1], [0.2, 0.3], [0.1, 0.8]]), np.zeros(3, bool))
    >>> chosen.items, round(chosen.value, 6)
    ([0, 2], 1.7)
    """
    num_items, num_places = values.shape
    worth = np.where(np.isnan(values), -np.inf, values)
    # best[r, i]: of all choices for the places so far that end with item i, which is the (r + 1)th
    # of its run; the last row stands for all longer runs.
    best = np.full((min_run, num_items), -np.inf)
    best[0] = worth[:, 0]
    starts_from = np.zeros((num_places, num_items), np.int64)
    is_long = np.zeros((num_places, num_items), np.bool_)
    for place in range(1, num_places):
        goes_on = np.full_like(best, -np.inf)
        goes_on[:, 1:] = np.where(follows[1:], best[:, :-1], -np.inf)
        leaders = _leaders(best[-1])
        starts_from[place, 1:] = leaders[:-1]
        through = np.full_like(best, -np.inf)
        through[0, 1:] = best[-1][leaders[:-1]]
        through[1:] = goes_on[:-1]
        is_long[place] = goes_on[-1] > through[-1]
        through[-1] = np.maximum(through[-1], goes_on[-1])
        best = through + worth[:, place]
    last = int(best[-1].argmax())
    value = float(best[-1, last])
    if not np.isfinite(value):
        return None
    items, length = [last], min_run - 1
    for place in range(num_places - 1, 0, -1):
        item = items[-1]
        if length == min_run - 1 and is_long[place, item]:
            items.append(item - 1)
        elif length > 0:
            items.append(item - 1)
            length -= 1
        else:
            items.append(int(starts_from[place, item]))
            length = min_run - 1
    return Following(items[::-1], value, value)


def follow_in_parts(
    values: FloatArray,
    counts: Sequence[int],
    follows: BoolArray,
    *,
    max_seconds: float = MOST_SECONDS,
) -> Following | None:
    """Choose a run of items for each part of the course, in any order of the runs.

    Args:
        values: (N, K) at least 0, NaN for an item that is not to be chosen there.
        counts: (P,) number of places of each part, together K.
        follows: (N,) as in `follow_in_order`.
        max_seconds: how long to look for the best choice.

    Returns:
        The best choice that was found, or None.
    """
    from ortools.linear_solver import pywraplp  # here, since it costs 0.1 s that few reels need

    solver = pywraplp.Solver.CreateSolver("SCIP")
    shows: dict[tuple[int, int], Any] = {}
    users: list[list[Any]] = [[] for _ in values]
    objective = solver.Objective()
    objective.SetMaximization()
    place = 0
    for part, count in enumerate(counts):
        choices = []
        for first in range(len(values) - count + 1):
            block = np.arange(first, first + count)
            worth = float(values[block, place + np.arange(count)].sum())
            if follows[block[1:]].all() and np.isfinite(worth):
                is_shown = shows[part, first] = solver.BoolVar("")
                objective.SetCoefficient(is_shown, worth)
                choices.append(is_shown)
                for item in block.tolist():
                    users[item].append(is_shown)
        solver.Add(solver.Sum(choices) == 1)
        place += count
    for variables in users:
        solver.Add(solver.Sum(variables) <= 1)
    solver.SetTimeLimit(round(1000 * max_seconds))
    if solver.Solve() not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        return None
    chosen = sorted(key for key, var in shows.items() if var.solution_value() > 1 / 2)
    items = [first + k for part, first in chosen for k in range(counts[part])]
    value = float(values[items, range(len(items))].sum())
    return Following(items, value, max(value, float(objective.BestBound())))


def _leaders(values: FloatArray) -> npt.NDArray[np.int64]:
    """Return where the greatest value up to each place lies, the first of equal ones, (N,)."""
    greatest = np.maximum.accumulate(values)
    is_new = np.concatenate([[True], values[1:] > greatest[:-1]])
    return np.maximum.accumulate(np.where(is_new, np.arange(len(values)), 0))
