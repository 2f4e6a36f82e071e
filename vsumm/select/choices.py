"""Choose one option of every group, or none, within a budget: the multiple-choice knapsack.

Exact, by dynamic programming over whole units of weight:

    best[c]   greatest value of the groups so far with a total weight of at most c

Letters: G groups, C the capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Option:
    """One way to fill a group."""

    weight: int
    """What it takes of the capacity, at least 0."""
    value: float
    """What it is worth; finite."""


def choose_options(groups: Sequence[Sequence[Option]], capacity: int) -> list[int | None]:
    """Return the options of the greatest total value that fit, one of each group at most.

    Args:
        groups: G lists of options.
        capacity: the greatest total weight, at least 0.

    Returns:
        For each group the index of its option, None where nothing of it is chosen. Of equally
        good choices, fewer groups and earlier options.

    >>> choose_options([[Option(3, 5.0), Option(2, 4.0)], [Option(2, 3.0)]], 4)
    [1, 0]
    """
    best = np.zeros(capacity + 1)
    history: list[npt.NDArray[np.int32]] = []
    for options in groups:
        improved, chosen = best.copy(), np.full(capacity + 1, -1, np.int32)
        for index in _undominated(options, capacity):
            weight = options[index].weight
            valued = best[: capacity + 1 - weight] + options[index].value
            is_better = valued > improved[weight:]
            improved[weight:][is_better] = valued[is_better]
            chosen[weight:][is_better] = index
        best = improved
        history.append(chosen)
    picks: list[int | None] = []
    for options, chosen in zip(reversed(groups), reversed(history), strict=True):
        index = int(chosen[capacity])
        picks.append(None if index < 0 else index)
        capacity -= 0 if index < 0 else options[index].weight
    return picks[::-1]


def _undominated(options: Sequence[Option], capacity: int) -> list[int]:
    """Return the indices of options that fit and beat every lighter one."""
    order = sorted(range(len(options)), key=lambda i: (options[i].weight, -options[i].value, i))
    kept: list[int] = []
    for index in order:
        is_worth_more = not kept or options[index].value > options[kept[-1]].value
        if options[index].weight <= capacity and is_worth_more:
            kept.append(index)
    return kept
