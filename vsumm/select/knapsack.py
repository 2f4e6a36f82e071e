"""Choose items of the greatest total value within a capacity: the exact 0/1 knapsack.

This module knows no video: `budget.py` turns segments and a budget into items. Weights are integers
in whatever unit the caller chooses; the general case costs time in proportion to `num_items *
capacity`, so choose frames rather than microseconds. Items of equal weight, all but one of them,
cost only a sort in any unit.

`eval.protocol` has a solver of its own: benchmarks need a fixed choice among equally good
selections, for many scorings of one video at once, and never weigh more than some thousand frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

VALUE_STEPS = 2**31
"""Values are rounded to this many steps of the largest one before they become integers."""


def solve_knapsack(values: Sequence[float], weights: Sequence[int], capacity: int) -> list[int]:
    """Find the items whose values add up to the most while their weights fit the capacity.

    An item whose value is zero or less is never taken. Among solutions of equal value, items of
    equal weight are taken from the front; otherwise the choice is OR-Tools', which depends on
    nothing but the arguments.

    Args:
        values: one finite number per item.
        weights: one integer of at least 0 per item.
        capacity: an integer of at least 0.

    Returns:
        Indices of the chosen items, ascending.

    Raises:
        ValueError: lengths differ, a value is not finite, or a weight or the capacity is negative
            or not a whole number.

    >>> solve_knapsack([3.0, 2.0, 2.0], [3, 2, 2], 4)
    [1, 2]
    """
    integer_weights = _validated(values, weights, capacity)
    free = [i for i, w in enumerate(integer_weights) if w == 0 and values[i] > 0]
    priced = [i for i, w in enumerate(integer_weights) if 0 < w <= capacity and values[i] > 0]
    chosen = _solve_positive(
        _to_integers([values[i] for i in priced]), [integer_weights[i] for i in priced], capacity
    )
    return sorted(free + [priced[k] for k in chosen])


def _validated(values: Sequence[float], weights: Sequence[int], capacity: int) -> list[int]:
    if len(values) != len(weights):
        raise ValueError(f"got {len(values)} values but {len(weights)} weights")
    if not all(math.isfinite(value) for value in values):
        raise ValueError("every value must be finite")
    for name, number in (*(("weight", w) for w in weights), ("capacity", capacity)):
        if number < 0 or int(number) != number:
            raise ValueError(f"a {name} must be a whole number of at least 0, got {number}")
    return [int(weight) for weight in weights]


def _to_integers(values: Sequence[float]) -> list[int]:
    largest = max(values, default=1.0)
    return [round(value / largest * VALUE_STEPS) for value in values]


def _solve_positive(values: list[int], weights: list[int], capacity: int) -> list[int]:
    """Solve for positive weights, none of which exceeds the capacity."""
    if sum(weights) <= capacity:
        return list(range(len(weights)))
    odd_ones = _indices_off_the_common_weight(weights)
    if len(odd_ones) <= 1:
        return _solve_equal_but_one(values, weights, capacity, odd_ones)
    return _solve_general(values, weights, capacity)


def _indices_off_the_common_weight(weights: list[int]) -> list[int]:
    common = sorted(weights)[len(weights) // 2]
    return [i for i, weight in enumerate(weights) if weight != common]


def _solve_equal_but_one(
    values: list[int], weights: list[int], capacity: int, odd_ones: list[int]
) -> list[int]:
    """Take the best of the equal items; try with and without the odd one, if there is one."""
    equal = [i for i in range(len(weights)) if i not in odd_ones]
    by_value = sorted(equal, key=lambda i: (-values[i], i))
    common = weights[equal[0]]
    without = by_value[: capacity // common]
    if not odd_ones:
        return without
    room = capacity - weights[odd_ones[0]]
    with_odd_one = odd_ones + by_value[: room // common]
    return max(without, with_odd_one, key=lambda chosen: sum(values[i] for i in chosen))


def _solve_general(values: list[int], weights: list[int], capacity: int) -> list[int]:
    taken, undecided = _decide_clear_items(values, weights, capacity)
    room = capacity - sum(weights[i] for i in taken)
    undecided = [i for i in undecided if weights[i] <= room]
    if not undecided:
        return taken
    from ortools.algorithms.python import knapsack_solver  # seldom needed, see `_solve_positive`

    # Divide and conquer alone is exact and bounded on every kind of input: branch and bound does
    # not end on equal or strongly correlated values.
    unit = math.gcd(*(weights[i] for i in undecided))
    solver = knapsack_solver.KnapsackSolver(
        knapsack_solver.SolverType.KNAPSACK_DIVIDE_AND_CONQUER_SOLVER, "segments"
    )
    solver.init(
        [values[i] for i in undecided], [[weights[i] // unit for i in undecided]], [room // unit]
    )
    solver.solve()
    assert solver.is_solution_optimal()  # no time limit is set
    chosen = [i for k, i in enumerate(undecided) if solver.best_solution_contains(k)]
    return sorted(taken + chosen)


def _decide_clear_items(
    values: list[int], weights: list[int], capacity: int
) -> tuple[list[int], list[int]]:
    """Find items that every best solution has, and those that only solving can decide on.

    Values less the price of their weight, at the price per unit where the greedy solution stops,
    bound what any solution reaches. An item that would bring this bound below the greedy solution
    by its absence, or by its presence, is decided (Ingargiola and Korsh, "A reduction algorithm
    for zero-one single knapsack problems", 1973).
    """
    by_ratio = sorted(range(len(values)), key=lambda i: -values[i] / weights[i])
    room, reached = capacity, 0
    price: float | None = None
    for i in by_ratio:
        if weights[i] <= room:
            room -= weights[i]
            reached += values[i]
        elif price is None:
            price = values[i] / weights[i]
    assert price is not None, "not everything fits"
    gains = [value - price * weight for value, weight in zip(values, weights, strict=True)]
    bound = price * capacity + math.fsum(gain for gain in gains if gain > 0)
    taken: list[int] = []
    undecided: list[int] = []
    for i, gain in enumerate(gains):
        if bound - abs(gain) >= reached - 1:  # one step of value, far more than rounding errors
            undecided.append(i)
        elif gain > 0:
            taken.append(i)
    return taken, undecided
