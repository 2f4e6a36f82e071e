"""The arithmetic of retrieval: scores between queries and items, and the best of them.

Items are compared by the distance of predicted valence and arousal, which Eq. 1 turns into a score,
or by the cosine of the embeddings. Search is exact, in NumPy; equal scores keep the order of the
items.

Letters in shapes: Q queries, N items, W windows, D the size of an embedding, K answers. An item has
one window or more, and its windows lie side by side.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

By = Literal["va", "cosine", "joint"]
"""How items are compared: by Eq. 1 on valence and arousal, by the angle of the embeddings, or by
the angle in a joint space of music and captions."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Array = NDArray[Any]

ROWS_AT_ONCE = 65_536
"""Windows whose embeddings are read at once, since an index may be larger than memory."""


def va_distances(query_va: ArrayLike, va: ArrayLike) -> FloatArray:
    """Return the Euclidean distances between valence/arousal vectors.

    Args:
        query_va: (Q, 2) or (2,) for one query.
        va: (N, 2).

    Returns:
        (Q, N), or (N,) for one query, computed in float64.

    >>> va_distances([0.0, 0.0], [[0.3, 0.4], [0.0, 1.0]]).tolist()
    [0.5, 1.0]
    """
    queries, items = (np.asarray(values, dtype=np.float64) for values in (query_va, va))
    # Direct differences: |a|^2 + |b|^2 - 2 ab would lose the digits that separate near neighbours.
    difference = queries[..., None, :] - items
    return np.asarray(np.hypot(difference[..., 0], difference[..., 1]))


def unit_rows(embeds: ArrayLike) -> NDArray[np.float32]:
    """Scale embeddings (..., D) to length 1; a zero vector stays zero.

    >>> unit_rows([[3.0, 4.0], [0.0, 0.0]]).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    values = np.asarray(embeds, dtype=np.float32)
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.where(length > 0, length, 1), dtype=np.float32)


def cosines(query: ArrayLike, unit_embeds: Array) -> NDArray[np.float32]:
    """Return the cosine between one embedding and many, reading them in blocks.

    Args:
        query: (D,) of any length.
        unit_embeds: (W, D) rows of length 1, possibly memory-mapped.

    Returns:
        (W,) float32 in [-1, 1].
    """
    direction = unit_rows(query)
    scores = np.empty(len(unit_embeds), dtype=np.float32)
    for start in range(0, len(unit_embeds), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        scores[rows] = unit_embeds[rows] @ direction
    return scores


def best_rows(scores: Array, offsets: IntArray) -> IntArray:
    """Find the best window of every item, the first where several are equally good.

    Args:
        scores: (W,) one score per window, higher is better.
        offsets: (N + 1,) ascending; the windows of item i are offsets[i] to offsets[i + 1].

    Returns:
        (N,) rows of `scores`.

    >>> best_rows(np.array([0.1, 0.7, 0.7, 0.3]), np.array([0, 3, 4])).tolist()
    [1, 3]
    """
    if len(offsets) < 2:
        return np.empty(0, dtype=np.int64)
    best = np.maximum.reduceat(scores, offsets[:-1])
    item_of_row = np.repeat(np.arange(len(best)), np.diff(offsets))
    candidates = np.flatnonzero(scores == best[item_of_row])
    _, first = np.unique(item_of_row[candidates], return_index=True)
    return np.asarray(candidates[first], dtype=np.int64)


def top_k(scores: Array, k: int) -> IntArray:
    """Return the positions of the k highest scores, best first; equal ones in their own order.

    Args:
        scores: (N,).
        k: how many, at least 1; all of them where there are fewer.

    Returns:
        (min(k, N),) positions.

    Raises:
        ValueError: `k` is not positive.

    >>> top_k(np.array([0.2, 0.9, 0.5, 0.9]), 3).tolist()
    [1, 3, 2]
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if k >= len(scores):
        candidates = np.arange(len(scores))
    else:
        # argpartition picks arbitrary ones of the items that tie for place k: keep all of them
        # here, and let the stable sort below decide.
        last = scores[np.argpartition(scores, -k)[-k]]
        candidates = np.flatnonzero(scores >= last)
    order = np.argsort(-scores[candidates], kind="stable")
    return np.asarray(candidates[order][:k], dtype=np.int64)
