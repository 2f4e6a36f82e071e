"""Kernel temporal segmentation: change points of a sequence of feature vectors.

After Potapov et al., "Category-specific video summarization", ECCV 2014
(DOI 10.1007/978-3-319-10599-4_35): choose the borders that minimise the scatter inside the
segments, in the feature space of a kernel, and their number by a penalty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from eval.datasets import FloatArray, IntArray

PENALTY = 1.0
"""Weight of the penalty; 1 is what the common pre-processing of TVSum and SumMe uses."""


def segment_features(features: ArrayLike, *, penalty: float = PENALTY) -> IntArray:
    """Find the change points of `features` under the linear kernel, their number included.

    Args:
        features: (T, D) one vector per sampled frame.
        penalty: weight of the penalty on the number of change points.

    Returns:
        (m,) ascending indices at which a new segment begins, 0 not among them; maybe none.
    """
    features = np.asarray(features, dtype=np.float64)
    return find_change_points(features @ features.T, penalty=penalty)


def find_change_points(
    kernel: ArrayLike, *, max_change_points: int | None = None, penalty: float = PENALTY
) -> IntArray:
    """Find the number of change points and their places.

    With T samples and m change points the cost is L(m) / T + penalty * m / (2 T) * (log(T / m)
    + 1), where L(m) is the least scatter that m borders leave; the least cost wins, the smaller m
    among equals.

    Args:
        kernel: (T, T) Gram matrix.
        max_change_points: upper bound of m; T - 1 where None.
        penalty: weight of the second term.

    Raises:
        ValueError: the kernel is not a square of finite numbers.
    """
    scatter = _segment_scatter(_checked_kernel(kernel))
    num_samples = len(scatter)
    most = num_samples - 1 if max_change_points is None else min(max_change_points, num_samples - 1)
    search = _Search(scatter)
    best_count, best_cost = 0, search.total_scatter / num_samples
    for count in range(1, most + 1):
        price = penalty * count / (2 * num_samples) * (np.log(num_samples / count) + 1)
        if penalty > 0 and price >= best_cost:
            break  # the price only grows with the count, and no scatter is negative
        search.add_border()
        cost = search.total_scatter / num_samples + price
        if cost < best_cost:
            best_count, best_cost = count, cost
    return search.borders(best_count)


def place_change_points(kernel: ArrayLike, count: int) -> IntArray:
    """Find the best places of exactly `count` change points.

    Raises:
        ValueError: the kernel is not a square of finite numbers, or too small for the count.
    """
    scatter = _segment_scatter(_checked_kernel(kernel))
    if not 0 <= count < len(scatter):
        raise ValueError(f"{len(scatter)} samples have no room for {count} change points")
    search = _Search(scatter)
    for _ in range(count):
        search.add_border()
    return search.borders(count)


class _Search:
    """Dynamic programme over the number of borders.

    `least[t]` is the least scatter of the first t samples with the borders so far, and
    `came_from[k][t]` the place of the last of k borders in that best cut.
    """

    def __init__(self, scatter: FloatArray) -> None:
        self._scatter = scatter
        size = len(scatter)
        self._least = np.concatenate([[np.inf], scatter[0]])
        self._came_from: list[IntArray] = [np.zeros(size + 1, dtype=np.int64)]

    @property
    def total_scatter(self) -> float:
        return float(self._least[-1])

    def add_border(self) -> None:
        # candidates[s, t]: the samples before s as well as can be, one more segment s .. t
        candidates = self._least[:-1, None] + self._scatter
        origin = candidates.argmin(axis=0)
        least = candidates[origin, np.arange(len(origin))]
        self._least = np.concatenate([[np.inf], least])
        self._came_from.append(np.concatenate([[0], origin]).astype(np.int64))

    def borders(self, count: int) -> IntArray:
        places = np.zeros(count, dtype=np.int64)
        end = len(self._scatter)
        for index in reversed(range(count)):
            end = int(self._came_from[index + 1][end])
            places[index] = end
        return places


def _checked_kernel(kernel: ArrayLike) -> FloatArray:
    matrix = np.asarray(kernel, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ValueError(f"a kernel matrix is square and not empty, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("a kernel matrix holds finite numbers only")
    return matrix


def _segment_scatter(kernel: FloatArray) -> FloatArray:
    """Return V[s, t], the scatter of samples s .. t, both included; infinite where t < s.

    V = sum of K[i, i] - (sum of K[i, j]) / length, over i and j in s .. t. Both sums are
    differences of running totals.
    """
    size = len(kernel)
    diagonal = np.concatenate([[0.0], np.cumsum(np.diag(kernel))])
    block = np.zeros((size + 1, size + 1))
    block[1:, 1:] = kernel.cumsum(axis=0).cumsum(axis=1)
    first, last = np.arange(size)[:, None], np.arange(1, size + 1)[None, :]
    corner = np.diag(block)
    inside = corner[1:][None, :] + corner[:-1][:, None] - block[:-1, 1:] - block[1:, :-1].T
    length = last - first
    with np.errstate(divide="ignore", invalid="ignore"):
        scatter = (diagonal[1:][None, :] - diagonal[:-1][:, None]) - inside / length
    result: FloatArray = np.where(length > 0, np.maximum(scatter, 0.0), np.inf)
    return result
