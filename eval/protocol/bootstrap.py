"""Percentile bootstrap over videos: how far a mean would move with another sample of videos."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from eval.datasets import IntArray

CONFIDENCE = 0.95
NUM_RESAMPLES = 10_000
BOOTSTRAP_SEED = 20_190_616


@dataclass(frozen=True)
class Interval:
    """A mean with its bootstrap interval."""

    mean: float
    """Plain mean over videos."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""


def bootstrap_mean(
    values: ArrayLike,
    *,
    num_resamples: int = NUM_RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = BOOTSTRAP_SEED,
) -> Interval:
    """Return the mean of `values` with a percentile bootstrap interval (Efron 1979).

    Values are sorted first, so the result does not depend on the order of the videos. A single
    value gives an interval of no width: one video says nothing of others.

    Args:
        values: (num_videos,) one finite figure per video.
        num_resamples: how many samples with replacement to draw.
        confidence: share of the resampled means inside the interval.
        seed: of the generator; the same seed gives the same interval.

    Raises:
        ValueError: no values, or one that is not finite, or settings out of range.

    >>> bootstrap_mean([0.5, 0.5, 0.5])
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if ordered.ndim != 1 or not len(ordered) or not np.isfinite(ordered).all():
        raise ValueError("bootstrap_mean needs a row of finite values, at least one")
    if num_resamples < 1 or not 0 < confidence < 1:
        raise ValueError(
            f"need num_resamples >= 1 and 0 < confidence < 1, got {num_resamples}, {confidence}"
        )
    mean = float(np.clip(ordered.mean(), ordered[0], ordered[-1]))
    if len(ordered) == 1:
        return Interval(mean, mean, mean)
    means = ordered[_resamples(len(ordered), num_resamples, seed)].mean(axis=1)
    tail = (1 - confidence) / 2
    ends = np.percentile(means, [100 * tail, 100 * (1 - tail)])
    # Means of equal values may differ from them by a rounding error.
    low, high = np.clip(ends, ordered[0], ordered[-1])
    return Interval(mean, float(low), float(high))


@lru_cache(1)  # the figures of one table are about the same videos
def _resamples(num_values: int, num_resamples: int, seed: int) -> IntArray:
    """Draw which values each sample has, (num_resamples, num_values).

    They are those of `scipy.stats.bootstrap`, which takes longer to load than all of them to draw.
    """
    return np.random.default_rng(seed).integers(0, num_values, (num_resamples, num_values))
