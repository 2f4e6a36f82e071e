"""Choose items of the greatest value that share little with choices made before: exact.

    maximise    the sum of value g(f) over the chosen items, f as in `spread.py`
    subject to  total weight <= capacity
                weight shared with choice j <= limits[j], for every earlier choice j

Chosen by dynamic programming over states (f, weight so far, weight shared so far), of which only
the best of equal ones is kept. A price for every unit of weight and of shared weight (Lagrangian
relaxation) bounds what any state can still reach; states that cannot reach the value of a choice
that is known already are left out. So few states remain, and the choice is still the best one.

This module knows no video. Letters: N items, J earlier choices, F + 1 values of f, S states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NUM_PRICE_STEPS = 250
"""Steps in which the prices are improved."""
PATIENCE = 10
"""Steps without a lower bound after which they become shorter."""
FIRST_STATES = 1000
"""States that are kept while a first choice is looked for."""
MOST_TOTALS = 10_000
"""Totals of weights that are looked at to tighten a limit."""
MOST_STATES = 50_000
"""States that are kept while the best one is looked for; reached only where thousands of items
are worth the same, and then the choice may miss the best one."""
SLACK = 1e-9
"""Rounding errors of sums, as a share of them."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LimitedChoice:
    """Which items were chosen, and whether no better choice exists."""

    items: list[int]
    """Indices, ascending."""
    value: float
    """The sum that was to be the greatest."""
    is_best: bool
    """Whether this is proven."""


@dataclass(frozen=True)
class _Problem:
    values: FloatArray
    """(N,); NaN for an item that is never chosen."""
    gains: FloatArray
    """(F + 1,) what an item counts for."""
    weights: IntArray
    """(1 + J, N): of the item; of the item where an earlier choice has it, else 0."""
    limits: IntArray
    """(1 + J,): the capacity, and the greatest shared weights."""


def choose_limited(
    values: FloatArray,
    weights: Sequence[int],
    capacity: int,
    *,
    earlier: Sequence[Sequence[int]],
    limits: Sequence[int],
    gains: FloatArray,
) -> LimitedChoice:
    """Choose the items of the greatest value that fit and share no more than is allowed.

    Args:
        values: (N,) what each item is worth, at least 0; NaN for one that is never chosen.
        weights: N integers of at least 0.
        capacity: the greatest total weight.
        earlier: J choices, indices of items.
        limits: the greatest weight that the choice may share with each of them.
        gains: (F + 1,) what an item counts for at familiarity 0, ..., F.

    >>> choice = choose_limited(
    ...     np.array([5.0, 4.0, 3.0, 1.0]), [1, 1, 1, 1], 2,
    ...     earlier=[[0, 1]], limits=[1], gains=np.ones(1))
    >>> choice.items, choice.value, choice.is_best
    ([0, 2], 8.0, True)
    """
    own = np.array(weights, np.int64)
    shared = np.zeros((len(earlier), len(own)), np.int64)
    for row, choice in zip(shared, earlier, strict=True):
        row[list(choice)] = own[list(choice)]
    every = np.vstack([own, shared])
    tight = [_reachable(row, limit) for row, limit in zip(every, [capacity, *limits], strict=True)]
    problem = _Problem(values, gains, every, np.array(tight, np.int64))
    prices, known = _prices(problem)
    first = _search(problem, prices, FIRST_STATES, reached=known)
    if first.is_best:
        return first
    best = _search(problem, prices, MOST_STATES, reached=max(known, first.value))
    return max((best, first), key=lambda choice: choice.value)


def _reachable(weights: IntArray, limit: int) -> int:
    """Return the greatest total of some weights that a limit allows: a bound without slack.

    The limit itself where the totals are too many to tell.
    """
    totals = {0}
    for weight in weights[weights > 0].tolist():
        totals |= {total + weight for total in totals if total + weight <= limit}
        if len(totals) > MOST_TOTALS:
            return limit
    return max(totals)


def _prices(problem: _Problem) -> tuple[FloatArray, float]:
    """Return prices of weight and shared weight, (1 + J,), under which the bound is low.

    Also return the value of the best choice that was met on the way.

    Each step goes against the slope of the bound, as far as the value that is known lies below
    it (Polyak, 1969): dearer where too much is used.
    """
    prices = np.zeros(len(problem.limits))
    best, best_bound, known = prices, np.inf, 0.0
    stride, num_worse = 1.0, 0
    for _ in range(NUM_PRICE_STEPS):
        rest, items = _relaxed(problem, prices)
        bound = rest[0][0] + float(prices @ problem.limits)
        known = max(known, value_of(problem.values, problem.gains, _repaired(problem, items)))
        num_worse += 1
        if bound < best_bound:
            best, best_bound, num_worse = prices, bound, 0
        if num_worse == PATIENCE:
            stride, num_worse, prices = stride / 2, 0, best
            continue
        slope = problem.weights[:, items].sum(axis=1) - problem.limits
        steepness = float(slope @ slope)
        if steepness == 0 or bound - known <= SLACK * abs(known):
            break
        prices = np.maximum(0.0, prices + stride * (bound - known) / steepness * slope)
    return best, known


def _relaxed(problem: _Problem, prices: FloatArray) -> tuple[list[list[float]], list[int]]:
    """Return what items can add where weight has a price instead of a limit.

    Returns:
        For each item and familiarity the most that it and those after it add, (N + 1, F + 1); and
        the items of that choice from the start.
    """
    costs = (prices @ problem.weights).tolist()
    values, gains = problem.values.tolist(), problem.gains.tolist()
    last = len(gains) - 1
    rest = [[0.0] * (last + 1)]
    for value, cost in zip(reversed(values), reversed(costs), strict=True):
        after = rest[-1]
        most = [after[0], *after[:-1]]
        if not math.isnan(value):
            picked = (*after[1:], after[-1])
            worth = (value * g - cost + more for g, more in zip(gains, picked, strict=True))
            most = [max(pair) for pair in zip(most, worth, strict=True)]
        rest.append(most)
    rest.reverse()
    items = []
    f = 0
    for number, (value, cost) in enumerate(zip(values, costs, strict=True)):
        above, below = min(f + 1, last), max(f - 1, 0)
        after = rest[number + 1]
        is_picked = value * gains[f] - cost + after[above] > after[below]  # never if it is NaN
        items += [number] * is_picked
        f = above if is_picked else below
    return rest, items


def _repaired(problem: _Problem, items: list[int]) -> list[int]:
    """Return a choice within the limits: the worst items out, then the best that fit in."""
    chosen = set(items)
    room = problem.limits - problem.weights[:, items].sum(axis=1)
    by_value = np.argsort(-problem.values, kind="stable").tolist()
    for item in reversed(by_value):
        if (room >= 0).all():
            break
        if item in chosen and problem.weights[room < 0, item].any():
            chosen.remove(item)
            room = room + problem.weights[:, item]
    for item in by_value:
        value = problem.values[item]
        if item not in chosen and value >= 0 and (problem.weights[:, item] <= room).all():
            chosen.add(item)
            room = room - problem.weights[:, item]
    return sorted(chosen)


def value_of(values: FloatArray, gains: FloatArray, items: Sequence[int]) -> float:
    """Return what a choice is worth; its items ascending."""
    total, f, position = 0.0, 0, 0
    last = len(gains) - 1
    for item in items:
        f = max(0, f - (item - position))
        total += float(values[item] * gains[f])
        f, position = min(f + 1, last), item + 1
    return total


def _search(
    problem: _Problem, prices: FloatArray, most_states: int, *, reached: float
) -> LimitedChoice:
    """Look for the best choice among at most so many states after each item."""
    rest = np.array(_relaxed(problem, prices)[0])
    last = len(problem.gains) - 1
    f = np.zeros(1, np.int64)
    used = np.zeros((len(problem.limits), 1), np.int64)
    values = np.zeros(1)
    history: list[tuple[IntArray, npt.NDArray[np.bool_]]] = []
    is_best = True
    for number, value in enumerate(problem.values):
        parents = np.arange(len(f))
        is_pick = np.zeros(len(f), np.bool_)
        new_f, new_used, new_values = np.maximum(f - 1, 0), used, values
        if np.isfinite(value):
            new_f = np.concatenate([new_f, np.minimum(f + 1, last)])
            new_used = np.hstack([used, used + problem.weights[:, number, None]])
            new_values = np.concatenate([values, values + value * problem.gains[f]])
            parents = np.concatenate([parents, parents])
            is_pick = np.concatenate([is_pick, ~is_pick])
        room = problem.limits[:, None] - new_used
        bounds = new_values + rest[number + 1, new_f] + prices @ room
        slack = SLACK * max(1.0, abs(reached)) if np.isfinite(reached) else 0.0
        (kept,) = np.nonzero((room >= 0).all(axis=0) & (bounds >= reached - slack))
        kept = kept[_best_of_equal(new_f[kept], new_used[:, kept], new_values[kept])]
        if len(kept) > most_states:
            is_best = False
            highest = np.argsort(-bounds[kept], kind="stable")[:most_states]
            kept = kept[np.sort(highest)]
        f, used, values = new_f[kept], new_used[:, kept], new_values[kept]
        history.append((parents[kept], is_pick[kept]))
    if not len(values):
        return LimitedChoice([], -np.inf, is_best=is_best)
    place = int(np.argmax(values))
    return LimitedChoice(_trace_back(history, place), float(values[place]), is_best)


def _best_of_equal(f: IntArray, used: IntArray, values: FloatArray) -> IntArray:
    """Return the places of the most valuable state of each kind; of equal ones, the first."""
    order = np.lexsort((-values, *used, f))
    keys = np.vstack([f, used])[:, order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return np.sort(order[is_first])


def _trace_back(history: Sequence[tuple[IntArray, npt.NDArray[np.bool_]]], place: int) -> list[int]:
    chosen = []
    for number in range(len(history) - 1, -1, -1):
        parents, is_pick = history[number]
        if is_pick[place]:
            chosen.append(number)
        place = int(parents[place])
    return chosen[::-1]
