"""Intervals apart from each other: the best there are, as trying all of them finds."""

import tracemalloc
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsumm.select import Intervals, choose_intervals

ONE = st.tuples(st.integers(0, 20), st.integers(1, 8), st.integers(0, 9), st.floats(-3, 10))


def intervals_of(rows):
    starts, lengths, weights, values = np.array(rows, np.float64).reshape(-1, 4).T
    return Intervals(starts, starts + lengths, weights.astype(np.int64), values)


@given(st.lists(ONE, max_size=9), st.integers(0, 25), st.integers(0, 3))
def test_they_are_the_best_of_all_choices_that_fit(rows, capacity, gap):
    intervals = intervals_of(rows)

    def is_allowed(chosen):
        spans = sorted((rows[i][0], rows[i][0] + rows[i][1]) for i in chosen)
        are_apart = all(b[0] - a[1] >= gap for a, b in pairwise(spans))
        return are_apart and sum(rows[i][2] for i in chosen) <= capacity

    chosen = choose_intervals(intervals, capacity, gap=gap)
    assert is_allowed(chosen)
    assert chosen == sorted(chosen, key=lambda i: rows[i][0])
    every = (c for size in range(len(rows) + 1) for c in combinations(range(len(rows)), size))
    best = max(sum(rows[i][3] for i in each) for each in every if is_allowed(each))
    assert sum(rows[i][3] for i in chosen) == pytest.approx(best)


def test_what_is_too_heavy_is_never_chosen():
    assert choose_intervals(intervals_of([(0, 2, 5, 100.0)]), 4, gap=0) == []
    assert choose_intervals(intervals_of([]), 4, gap=0) == []


def test_among_equals_the_first_is_chosen():
    rows = [(0, 2, 2, 3.0), (0, 2, 2, 3.0), (0.5, 2, 2, 3.0)]
    assert choose_intervals(intervals_of(rows), 4, gap=1) == [0]


def test_choices_at_many_capacities_take_little_memory():
    num_intervals, capacity = 400, 20_000
    rng = np.random.default_rng(0)
    rows = [(3 * k, 2, int(rng.integers(50, 200)), rng.uniform(0, 9)) for k in range(num_intervals)]
    tracemalloc.start()
    chosen = choose_intervals(intervals_of(rows), capacity, gap=1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(chosen) > num_intervals / 4
    assert most < 0.25 * 4 * num_intervals * capacity  # of one number for each choice
