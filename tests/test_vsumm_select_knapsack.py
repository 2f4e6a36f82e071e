"""The knapsack against brute force, and on degenerate input."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsumm.select.knapsack import solve_knapsack

items = st.lists(st.tuples(st.integers(-3, 20), st.integers(0, 9)), max_size=10)
equal_but_last = st.tuples(
    st.lists(st.integers(0, 20), min_size=1, max_size=9), st.integers(1, 5), st.integers(1, 5)
)


def total(numbers, chosen):
    return sum(numbers[i] for i in chosen)


@given(items, st.integers(0, 30))
@settings(deadline=None)
def test_knapsack_equals_brute_force(pairs, capacity):
    values, weights = [float(v) for v, _ in pairs], [w for _, w in pairs]
    chosen = solve_knapsack(values, weights, capacity)
    assert total(weights, chosen) <= capacity
    assert total(values, chosen) == pytest.approx(brute_force(values, weights, capacity))


@given(equal_but_last, st.integers(0, 30))
@settings(deadline=None)
def test_knapsack_equals_brute_force_when_only_the_last_weight_differs(case, capacity):
    values, common, last = case
    weights = [common] * (len(values) - 1) + [last]
    chosen = solve_knapsack([float(v) for v in values], weights, capacity)
    assert total(weights, chosen) <= capacity
    assert total(values, chosen) == brute_force(values, weights, capacity)


def brute_force(values, weights, capacity):
    """Greatest total value over all subsets that fit."""
    best = 0.0
    for mask in itertools.product((False, True), repeat=len(values)):
        if sum(itertools.compress(weights, mask)) <= capacity:
            best = max(best, sum(itertools.compress(values, mask)))
    return best


def test_knapsack_tells_close_values_apart():
    assert solve_knapsack([0.5000001, 0.5000002, 0.5], [3, 3, 3], 3) == [1]


def test_knapsack_is_exact_on_values_that_equal_their_weights():
    weights = [100 + (37 * k) % 61 for k in range(60)]
    chosen = solve_knapsack([float(w) for w in weights], weights, 2345)
    assert total(weights, chosen) == 2345


@pytest.mark.parametrize(
    ("values", "weights", "capacity", "expected"),
    [
        ([], [], 5, []),
        ([1.0], [1], 0, []),
        ([1.0, 1.0], [9, 9], 5, []),
        ([-1.0, -2.0], [1, 1], 5, []),
        ([0.0], [1], 5, []),
        ([1.0, 1.0, 1.0], [2, 2, 2], 4, [0, 1]),
        ([1.0, 2.0], [1, 1], 99, [0, 1]),
        ([1e-12, 2e-12], [1, 1], 1, [1]),
        ([1.0, 5.0], [0, 3], 2, [0]),
    ],
)
def test_knapsack_on_degenerate_input(values, weights, capacity, expected):
    assert solve_knapsack(values, weights, capacity) == expected


@pytest.mark.parametrize(
    ("values", "weights", "capacity"),
    [
        ([math.nan], [1], 1),
        ([math.inf], [1], 1),
        ([1.0], [-1], 1),
        ([1.0], [1], -1),
        ([1.0], [1, 2], 1),
        ([1.0], [1.5], 1),
    ],
)
def test_knapsack_refuses_what_has_no_answer(values, weights, capacity):
    with pytest.raises(ValueError, match=r"must be|but"):
        solve_knapsack(values, weights, capacity)
