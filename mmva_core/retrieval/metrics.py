"""R@k and mAP@10 of pairs, exact under ties.

Every figure is the exact expected value over a random order of tied items. So a model with constant
predictions scores exactly chance.

Letters in shapes: Q queries, N items. Every query has one relevant item, so that average precision
is the reciprocal of its rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmva_core.retrieval.rank import FloatArray, IntArray

MAP_DEPTH = 10
"""Number of ranks that count in mAP@10."""


@dataclass(frozen=True)
class RetrievalMetrics:
    """Means over the queries, each in [0, 1]."""

    recall_at_1: float
    """Share of queries whose item comes first."""
    recall_at_5: float
    """Share of queries whose item is among the first five."""
    recall_at_10: float
    """Share of queries whose item is among the first ten."""
    map_at_10: float
    """Mean of 1 / rank, 0 beyond rank ten."""
    num_items: int
    """N, number of candidates."""

    def to_dict(self) -> dict[str, float]:
        """Return plain values by name."""
        return asdict(self)


def retrieval_metrics(scores: ArrayLike, relevant: Sequence[int] | IntArray) -> RetrievalMetrics:
    """Compute the metrics of a table of scores.

    Args:
        scores: (Q, N), higher is better.
        relevant: (Q,) position of each query's item.

    Raises:
        ValueError: shapes do not fit, the table is empty, or a score is NaN.

    >>> retrieval_metrics([[0.9, 0.1], [0.5, 0.5]], [0, 1]).recall_at_1
    0.75
    """
    table = np.asarray(scores, dtype=np.float64)
    num_better, num_equal = rank_bounds(table, np.asarray(relevant, dtype=np.int64))
    return RetrievalMetrics(
        recall_at_1=float(expected_recall(num_better, num_equal, 1).mean()),
        recall_at_5=float(expected_recall(num_better, num_equal, 5).mean()),
        recall_at_10=float(expected_recall(num_better, num_equal, 10).mean()),
        map_at_10=float(expected_precision(num_better, num_equal).mean()),
        num_items=table.shape[1],
    )


def chance_metrics(num_items: int) -> RetrievalMetrics:
    """Return the metrics of random guessing among `num_items` items.

    Raises:
        ValueError: there are no items.

    >>> chance_metrics(1000).recall_at_10
    0.01
    """
    if num_items < 1:
        raise ValueError(f"num_items must be at least 1, got {num_items}")
    return retrieval_metrics(np.zeros((1, num_items)), [0])


def rank_bounds(scores: FloatArray, relevant: IntArray) -> tuple[IntArray, IntArray]:
    """Count the items above each query's item, and those that tie with it.

    Args:
        scores: (Q, N).
        relevant: (Q,).

    Returns:
        Numbers of better items (Q,), and of equal ones (Q,), which count the item itself: its rank
        lies between better + 1 and better + equal.

    Raises:
        ValueError: shapes do not fit, the table is empty, or a score is NaN.
    """
    if scores.ndim != 2 or 0 in scores.shape or relevant.shape != (len(scores),):
        raise ValueError(
            f"scores must be (Q, N) and relevant (Q,), got {scores.shape} and {relevant.shape}"
        )
    if np.isnan(scores).any():
        raise ValueError("scores must not be NaN")
    if relevant.min() < 0 or relevant.max() >= scores.shape[1]:
        raise ValueError(f"relevant must lie in 0..{scores.shape[1] - 1}")
    own = np.take_along_axis(scores, relevant[:, None], axis=1)
    return (scores > own).sum(axis=1), (scores == own).sum(axis=1)


def expected_recall(num_better: IntArray, num_equal: IntArray, k: int) -> FloatArray:
    """Return the probability of each query's item to be among the first k.

    Of the `num_equal` places that the tied items share, k - `num_better` lie within the first k.

    >>> expected_recall(np.array([0, 3]), np.array([4, 4]), k=5).tolist()
    [1.0, 0.5]
    """
    return np.asarray(np.clip(k - num_better, 0, num_equal) / num_equal)


def expected_precision(
    num_better: IntArray, num_equal: IntArray, depth: int = MAP_DEPTH
) -> FloatArray:
    """Return the expected reciprocal rank of each query's item, 0 beyond `depth`.

    The mean of 1 / rank over the places from better + 1 to better + equal: a difference of two
    harmonic numbers over the number of places.

    >>> expected_precision(np.array([0, 1]), np.array([1, 2])).round(4).tolist()
    [1.0, 0.4167]
    """
    harmonic: NDArray[np.float64] = np.zeros(depth + 1)
    harmonic[1:] = np.cumsum(1 / np.arange(1, depth + 1))
    first = np.minimum(num_better, depth)
    last = np.minimum(num_better + num_equal, depth)
    return np.asarray((harmonic[last] - harmonic[first]) / num_equal)
