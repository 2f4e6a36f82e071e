"""Items for the places of a course, beside brute force."""

from itertools import combinations, product

import numpy as np
import pytest

from vsumm.select.follow import follow_in_order, follow_in_parts

ROUNDING = 1e-5
"""SCIP takes whole numbers for whole within a millionth."""


def problem(seed, num_items=9, num_places=4):
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, (num_items, num_places))
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    follows = rng.uniform(size=num_items) < 0.75
    follows[0] = False
    return values, follows


def runs(items, follows):
    """Lengths of the runs of items that are shown in this order."""
    lengths = []
    for before, item in zip([None, *items], items, strict=False):
        if before is not None and item == before + 1 and follows[item]:
            lengths[-1] += 1
        else:
            lengths.append(1)
    return lengths


@pytest.mark.parametrize("min_run", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_no_choice_in_order_is_better(seed, min_run):
    values, follows = problem(seed, num_places=4 if min_run < 3 else 6)
    num_places = values.shape[1]
    worths = [
        sum(values[item, place] for place, item in enumerate(items))
        for items in combinations(range(len(values)), num_places)
        if min(runs(items, follows)) >= min_run
    ]
    worths = [worth for worth in worths if np.isfinite(worth)]
    found = follow_in_order(values, follows, min_run=min_run)
    if not worths:
        assert found is None
        return
    assert found.value == pytest.approx(max(worths))
    assert found.value == pytest.approx(sum(values[i, k] for k, i in enumerate(found.items)))
    assert found.items == sorted(set(found.items))
    assert min(runs(found.items, follows)) >= min_run
    assert found.gap == 0


@pytest.mark.parametrize("counts", [[1, 1, 2], [2, 2], [3, 1]])
@pytest.mark.parametrize("seed", range(6))
def test_no_choice_in_parts_is_better(seed, counts):
    values, follows = problem(seed, num_items=8)
    worths = []
    for firsts in product(range(8), repeat=len(counts)):
        blocks = [range(first, first + n) for first, n in zip(firsts, counts, strict=True)]
        items = [item for block in blocks for item in block]
        is_whole = all(follows[item] for block in blocks for item in block[1:] if item < 8)
        if is_whole and max(items) < 8 and len(set(items)) == len(items):
            worths.append(sum(values[item, place] for place, item in enumerate(items)))
    worths = [worth for worth in worths if np.isfinite(worth)]
    found = follow_in_parts(values, counts, follows)
    if not worths:
        assert found is None
        return
    assert found.value == pytest.approx(max(worths), abs=ROUNDING)
    assert found.value == pytest.approx(sum(values[i, k] for k, i in enumerate(found.items)))
    assert found.gap < ROUNDING


def test_parts_come_in_any_order_of_the_items():
    values = np.array([[0.1, 0.1, 0.9, 0.9]] * 2 + [[0.9, 0.9, 0.1, 0.1]] * 2)
    found = follow_in_parts(values, [2, 2], np.array([False, True, False, True]))
    assert found.items == [2, 3, 0, 1]


def test_too_few_items_are_no_choice():
    values, follows = np.ones((3, 4)), np.zeros(3, np.bool_)
    assert follow_in_order(values, follows) is None
    assert follow_in_parts(values, [2, 2], follows) is None
    assert follow_in_order(np.full((3, 2), np.nan), follows) is None
