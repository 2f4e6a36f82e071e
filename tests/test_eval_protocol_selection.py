from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.benchmark import clip_borders
from eval.datasets.tvsum import load_tvsum
from eval.protocol.selection import (
    TIES,
    capacity_of,
    scale_to_integers,
    select_shots,
    shot_means,
    summarise_frames,
)
from vsumm.select.knapsack import solve_knapsack

items = st.lists(
    st.tuples(st.integers(0, 20).map(lambda v: v / 4), st.integers(1, 9)), min_size=1, max_size=8
)


def brute_force(values, lengths, capacity):
    """All selections by value; among equals the one that leaves out the latest shots."""
    best = (0.0, ())
    count = len(values)
    for size in range(count + 1):
        for chosen in combinations(range(count), size):
            if sum(lengths[i] for i in chosen) <= capacity:
                mask = tuple(-int(i in chosen) for i in reversed(range(count)))
                best = max(best, (sum(values[i] for i in chosen), mask))
    return [-m for m in reversed(best[1])] if best[1] else [0] * count


def plain_table(values, lengths, capacity):
    """The textbook dynamic programme on integers, in its plainest form."""
    best = [0] * (capacity + 1)
    for value, length in zip(values, lengths, strict=True):
        for room in range(capacity, length - 1, -1):
            best[room] = max(best[room], best[room - length] + value)
    return best[capacity]


@given(items, st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_selection_and_tie_rule_equal_brute_force(shots, capacity):
    values, lengths = zip(*shots, strict=True)
    chosen = select_shots([values], lengths, capacity)[0]
    assert chosen.tolist() == [bool(m) for m in brute_force(values, lengths, capacity)]


@given(items, st.integers(0, 30))
@settings(deadline=None)
def test_value_equals_that_of_the_products_knapsack(shots, capacity):
    values, lengths = map(np.array, zip(*shots, strict=True))
    ours = select_shots([values], lengths, capacity)[0]
    theirs = solve_knapsack(values.tolist(), lengths.tolist(), capacity)
    assert values[ours].sum() == pytest.approx(values[theirs].sum())


def test_rows_are_solved_independently():
    values = np.random.default_rng(0).random((5, 12))
    lengths = np.arange(1, 13)
    together = select_shots(values, lengths, 20)
    alone = np.concatenate([select_shots(row, lengths, 20) for row in values])
    assert np.array_equal(together, alone)


def test_batches_change_nothing(monkeypatch):
    values = np.random.default_rng(0).random((5, 12))
    whole = select_shots(values, np.full(12, 3), 20)
    monkeypatch.setattr("eval.protocol.selection.MAX_TABLE_BYTES", 1)
    assert np.array_equal(select_shots(values, np.full(12, 3), 20), whole)


def test_values_far_from_one_lose_nothing():
    values = np.array([[3.0, 2.0, 2.0]])
    for scale in (1e-12, 1e12):
        assert select_shots(values * scale, [3, 2, 2], 4).tolist() == [[False, True, True]]


def test_negative_shots_are_never_taken():
    assert not select_shots([[-1.0, -2.0]], [1, 1], 2).any()


def test_shots_longer_than_the_capacity_are_left_out():
    assert select_shots([[9.0, 1.0]], [5, 2], 3).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("values", "lengths", "told"), [([np.nan], [1], "finite"), ([1.0], [0], "positive")]
)
def test_unusable_items_are_refused(values, lengths, told):
    with pytest.raises(ValueError, match=told):
        select_shots([values], lengths, 3)


def test_shot_value_is_the_mean_not_the_sum():
    # A long dull shot sums to more than a short bright one, but is worth less.
    scores = np.array([2.0] * 12 + [5.0] * 12 + [1.0] * 56)
    summary = summarise_frames(scores, [0, 12, 24, 80])[0]
    assert summary.sum() == 12
    assert summary[12:24].all()


def test_the_other_tie_rule_takes_the_later_shots():
    scores = np.ones(80)
    borders = np.arange(0, 81, 10)
    assert summarise_frames(scores, borders)[0].argmax() == 0
    assert summarise_frames(scores, borders, ties="later")[0].argmax() == 70


def test_without_ties_both_rules_take_the_same():
    scores = np.random.default_rng(0).random(500)
    borders = clip_borders(500, 25)
    rules = [summarise_frames(scores, borders, ties=ties) for ties in TIES]
    assert np.array_equal(*rules)


def test_summary_stays_within_fifteen_percent():
    scores = np.random.default_rng(0).random((10, 997))
    summary = summarise_frames(scores, clip_borders(997, 25))
    assert (summary.sum(axis=1) <= capacity_of(997)).all()


def test_scaling_keeps_ties_between_decimal_fractions():
    assert len(set(scale_to_integers(np.array([2.5, 2.5, 2.5])))) == 1
    third, two_thirds, one = scale_to_integers(np.array([0.25, 0.75, 1.0]))
    assert third + two_thirds == one


def test_means_of_shots_of_different_length():
    assert shot_means([[1, 2, 3, 10]], [0, 3, 4]).tolist() == [[2.0, 10.0]]


@pytest.mark.dataset
def test_all_user_summaries_have_the_value_of_a_plain_programme_and_of_the_product(data_folder):
    for video in load_tvsum(data_folder / "tvsum").videos:
        lengths = np.diff(video.clip_borders)
        values = shot_means(video.user_importance, video.clip_borders)
        capacity = capacity_of(video.num_frames)
        chosen = select_shots(values, lengths, capacity)
        for row, ours in zip(values, chosen, strict=True):
            integers = scale_to_integers(row)
            assert integers[ours].sum() == fast_table(integers, lengths, capacity)
            theirs = solve_knapsack(row.tolist(), lengths.tolist(), capacity)
            assert row[ours].sum() == pytest.approx(row[theirs].sum(), abs=1e-6)


def fast_table(values, lengths, capacity):
    """`plain_table` with the inner loop in NumPy."""
    best = np.zeros(capacity + 1, dtype=np.int64)
    for value, length in zip(values.tolist(), lengths.tolist(), strict=True):
        best[length:] = np.maximum(best[length:], best[: capacity + 1 - length] + value)
    return best[capacity]


def test_fast_and_plain_programme_agree():
    rng = np.random.default_rng(0)
    values, lengths = rng.integers(0, 100, 20), rng.integers(1, 9, 20)
    assert fast_table(values, lengths, 40) == plain_table(values.tolist(), lengths.tolist(), 40)
