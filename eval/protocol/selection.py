"""Turn frame scores into a summary: shot means, then an exact 0/1 knapsack over many scorings.

Why a second knapsack beside `vsumm.select.knapsack`: figures depend on which of equally good
selections is taken, the published summaries follow one rule, and OR-Tools leaves the choice open.
And all users and scorers of one video share the shots, so one dynamic programme over the lengths
solves some forty problems at once. Both give the same value; a test compares them.

The tie rule: shots are considered from first to last, and one is added only if that is strictly
better. So of all best selections the one is taken that leaves out the last shot if any of them
does, then the last but one, and so on: among equals, the earlier shots. The published summaries
follow it. `ties="later"` turns the order round, to see how much hangs on it.

Letters: N frames, K shots, R scorings.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from eval.datasets import BoolArray, FloatArray, IntArray
from vsumm.config import SummaryConfig

BUDGET_FRACTION = SummaryConfig.budget_fraction
"""Length of a summary as a share of the video's frames (Song et al. 2015)."""
VALUE_DIGITS = 9
"""Values become integers with at least so many digits for the largest."""
MAX_TABLE_BYTES = 1 << 26
"""The decision tables of one batch of scorings stay below this."""

Ties = Literal["earlier", "later"]
TIES: tuple[Ties, ...] = get_args(Ties)


def summarise_frames(
    frame_scores: ArrayLike, borders: ArrayLike, *, ties: Ties = "earlier"
) -> BoolArray:
    """Select shots for each scoring within 15 % of the frames.

    The value of a shot is the mean of its frame scores, never the sum; its weight is its length;
    the capacity is `int(0.15 * N)`.

    Args:
        frame_scores: (R, N) or (N,) scores of the frames.
        borders: (K + 1,) first frame of each shot, then N.
        ties: which of equally good shots are taken.

    Returns:
        (R, N), true where a frame is in the summary.
    """
    borders = np.asarray(borders, dtype=np.int64)
    lengths = np.diff(borders)
    values, capacity = shot_means(frame_scores, borders), capacity_of(int(borders[-1]))
    if ties == "later":
        chosen = select_shots(values[:, ::-1], lengths[::-1], capacity)[:, ::-1]
    else:
        chosen = select_shots(values, lengths, capacity)
    return np.repeat(chosen, lengths, axis=1)


def capacity_of(num_frames: int) -> int:
    """Return how many frames a summary may have: `int(0.15 * num_frames)`, as published."""
    return int(BUDGET_FRACTION * num_frames)


def shot_means(frame_scores: ArrayLike, borders: ArrayLike) -> FloatArray:
    """Return the mean score of each shot, (R, K).

    >>> shot_means([1.0, 3.0, 5.0], [0, 2, 3])
    array([[2., 5.]])
    """
    scores = np.atleast_2d(np.asarray(frame_scores, dtype=np.float64))
    borders = np.asarray(borders, dtype=np.int64)
    sums: FloatArray = np.add.reduceat(scores, borders[:-1], axis=1)
    return sums / np.diff(borders)


def select_shots(values: ArrayLike, lengths: ArrayLike, capacity: int) -> BoolArray:
    """Solve one 0/1 knapsack per row of `values`; shots of negative value are never chosen.

    Args:
        values: (R, K) finite values.
        lengths: (K,) positive weights, shared by the rows.
        capacity: upper bound of the chosen lengths' sum.

    Returns:
        (R, K), true where a shot is chosen; ties as the module says.

    Raises:
        ValueError: a value is not finite, or a length not positive.

    >>> select_shots([[1.0, 1.0, 1.0]], [2, 2, 2], 4)
    array([[ True,  True, False]])
    """
    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    lengths = np.asarray(lengths, dtype=np.int64)
    if not np.isfinite(values).all():
        raise ValueError("knapsack values must be finite")
    if (lengths <= 0).any():
        raise ValueError("knapsack lengths must be positive")
    capacity = min(int(capacity), int(lengths.sum()))
    scaled = np.stack([scale_to_integers(row) for row in values])
    rows = max(1, MAX_TABLE_BYTES // max(1, lengths.size * (capacity + 1)))
    parts = [
        _solve_batch(scaled[start : start + rows], lengths, capacity)
        for start in range(0, len(scaled), rows)
    ]
    return np.concatenate(parts)


def scale_to_integers(values: FloatArray) -> IntArray:
    """Round values to integers after scaling by the power of ten that gives the largest 10 digits.

    A power of ten, so that decimal fractions stay exact and what is tied stays tied.

    >>> scale_to_integers(np.array([0.25, 2.5]))
    array([ 250000000, 2500000000])
    """
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return np.zeros(len(values), dtype=np.int64)
    digits = VALUE_DIGITS - math.floor(math.log10(largest))
    scaled = values * 10.0**digits if digits >= 0 else values / 10.0**-digits
    return np.rint(scaled).astype(np.int64)


def _solve_batch(values: IntArray, lengths: IntArray, capacity: int) -> BoolArray:
    """Fill best[r, c], the best value of the shots so far within c, then walk back."""
    num_rows, num_shots = values.shape
    best = np.zeros((num_rows, capacity + 1), dtype=np.int64)
    scratch = np.empty_like(best)
    added = np.zeros((num_shots, num_rows, capacity + 1), dtype=bool)
    for shot, length in enumerate(lengths.tolist()):
        if length > capacity:
            continue
        with_shot = scratch[:, : capacity + 1 - length]
        np.add(best[:, : capacity + 1 - length], values[:, shot, None], out=with_shot)
        np.greater(with_shot, best[:, length:], out=added[shot, :, length:])
        np.maximum(best[:, length:], with_shot, out=best[:, length:])
    chosen = np.zeros((num_rows, num_shots), dtype=bool)
    room = np.full(num_rows, capacity)
    rows = np.arange(num_rows)
    for shot in reversed(range(num_shots)):
        chosen[:, shot] = added[shot, rows, room]
        room -= chosen[:, shot] * lengths[shot]
    return chosen
