"""Runs in the order that follows a course best."""

from itertools import permutations

import numpy as np
import pytest

from vsumm.select.order import MOST_EXACT, order_runs


def cost_of(order, levels, course):
    shown = np.concatenate([levels[number] for number in order])
    return np.nansum(np.abs(shown - course))


def made(rng, count):
    levels = [rng.random() + 0.1 * rng.random(rng.integers(2, 9)) for _ in range(count)]
    points = sum(map(len, levels))
    return levels, np.abs(np.linspace(-1, 1, points))


def test_the_best_order_of_a_few_runs_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(5):
        levels, course = made(rng, 6)
        costs = [cost_of(order, levels, course) for order in permutations(range(6))]
        found = order_runs(levels, course)
        assert cost_of(found, levels, course) == pytest.approx(min(costs))


def test_many_runs_follow_the_course_as_well_as_a_few():
    levels, course = made(np.random.default_rng(1), MOST_EXACT + 18)
    found = order_runs(levels, course)
    assert sorted(found) == list(range(len(levels)))
    shown = np.concatenate([levels[number] for number in found])
    assert np.corrcoef(shown, course)[0, 1] > 0.9


@pytest.mark.parametrize("count", [3, MOST_EXACT + 3])
def test_of_equal_orders_that_of_the_film_counts(count):
    levels = [np.full(4, 0.5)] * count
    assert order_runs(levels, np.full(4 * count, 0.5)) == list(range(count))


def test_runs_that_overlap_begin_earlier():
    levels = [np.ones(4), np.zeros(4), np.ones(4)]
    course = np.array([0.0] * 3 + [1.0] * 7)  # one point less at each of two cuts
    assert order_runs(levels, course) == [1, 0, 2]


def test_what_is_unknown_fits_anywhere():
    assert order_runs([np.full(2, np.nan), np.ones(2), np.zeros(2)], np.linspace(0, 1, 6)) == [
        2,
        0,
        1,
    ]


def test_there_is_one_order_of_one_run():
    assert order_runs([np.ones(3)], np.zeros(3)) == [0]
