"""R@k and mAP@10 by hand, and ties against every order that they could come in."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmva_core.retrieval.metrics import chance_metrics, retrieval_metrics


def by_every_order(scores, relevant, k):
    """Average hits and reciprocal ranks over all orders of the items that agree with the scores."""
    hits, precisions = [], []
    for order in itertools.permutations(range(len(scores))):
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order)):
            rank = order.index(relevant) + 1
            hits.append(rank <= k)
            precisions.append(1 / rank if rank <= 10 else 0)
    return np.mean(hits), np.mean(precisions)


def test_ranks_worked_by_hand():
    # Ranks of the three items looked for: 1, 2 and 3.
    scores = [[9, 1, 0], [9, 5, 1], [9, 5, 1]]
    metrics = retrieval_metrics(scores, [0, 1, 2])
    assert metrics.recall_at_1 == pytest.approx(1 / 3)
    assert metrics.recall_at_5 == 1
    assert metrics.map_at_10 == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_rank_eleven_counts_for_nothing():
    scores = np.arange(20, 0, -1.0)[None]
    assert retrieval_metrics(scores, [9]).map_at_10 == pytest.approx(0.1)
    metrics = retrieval_metrics(scores, [10])
    assert (metrics.recall_at_10, metrics.map_at_10) == (0, 0)


def test_tie_for_the_first_place_is_worth_half():
    metrics = retrieval_metrics([[0.5, 0.5, 0.1]], [1])
    assert metrics.recall_at_1 == 0.5
    assert metrics.map_at_10 == pytest.approx((1 + 1 / 2) / 2)


def test_tie_across_the_border_of_ten():
    # Nine are better, three share places 10, 11 and 12: one of them lies within the first ten.
    metrics = retrieval_metrics([[1.0] * 9 + [0.5] * 3 + [0.1] * 4], [10])
    assert metrics.recall_at_10 == pytest.approx(1 / 3)
    assert metrics.map_at_10 == pytest.approx(1 / 10 / 3)


def test_saying_the_same_of_everything_is_chance():
    metrics = retrieval_metrics(np.full((50, 40), 0.3), np.arange(50) % 40)
    assert metrics.to_dict() == pytest.approx(chance_metrics(40).to_dict())
    assert metrics.recall_at_5 == pytest.approx(5 / 40)
    assert metrics.map_at_10 == pytest.approx(sum(1 / rank for rank in range(1, 11)) / 40)


def test_chance_among_few_items_is_certain():
    assert chance_metrics(4).recall_at_5 == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.integers(0, 5))
def test_expectation_is_the_mean_over_all_orders(scores, position):
    relevant = position % len(scores)
    metrics = retrieval_metrics([scores], [relevant])
    hit, precision = by_every_order(scores, relevant, 1)
    assert metrics.recall_at_1 == pytest.approx(hit)
    assert metrics.map_at_10 == pytest.approx(precision)
    assert metrics.recall_at_5 == pytest.approx(by_every_order(scores, relevant, 5)[0])


def test_order_of_items_does_not_matter():
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 5, size=(8, 30)) / 5
    relevant = generator.integers(0, 30, size=8)
    order = generator.permutation(30)
    moved = retrieval_metrics(scores[:, order], np.argsort(order)[relevant])
    assert moved == retrieval_metrics(scores, relevant)


@pytest.mark.parametrize(
    ("scores", "relevant"),
    [([[1.0, 2.0]], [2]), ([[1.0, np.nan]], [0]), ([[1.0]], [0, 0]), (np.zeros((0, 3)), [])],
)
def test_tables_that_cannot_be_judged_are_refused(scores, relevant):
    with pytest.raises(ValueError, match=r"scores|relevant"):
        retrieval_metrics(scores, relevant)
