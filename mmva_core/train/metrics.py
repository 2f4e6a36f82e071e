"""Errors and correlations of predictions, beside those of a constant predictor.

N is the number of samples. All figures are computed in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

DIMENSIONS = ("valence", "arousal")
"""Names of the two columns of VA arrays."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Figures of one predicted quantity; NaN where a figure is undefined."""

    mse: float
    """Mean squared error."""
    mae: float
    """Mean absolute error."""
    r2: float
    """1 - MSE / variance of the targets."""
    ccc: float
    """Concordance correlation coefficient (Lin 1989)."""
    pearson: float
    """Pearson's correlation."""
    skill: float
    """1 - MSE / MSE of the constant predictor; positive if better than the constant."""
    constant_mse: float
    """MSE of the constant predictor."""
    constant_mae: float
    """MAE of the constant predictor."""
    num_samples: int
    """Number of labelled samples."""

    def to_dict(self) -> dict[str, float]:
        """Return plain values by name."""
        return asdict(self)


HIGHER_IS_BETTER = frozenset({"r2", "ccc", "pearson", "skill"})
"""Figures to maximise; the others are errors."""
METRIC_NAMES = tuple(entry.name for entry in fields(Metrics))


def regression_metrics(
    predicted: ArrayLike, target: ArrayLike, constant: float | None = None
) -> Metrics:
    """Compare predictions with targets.

    Args:
        predicted: (N,) predictions.
        target: (N,) labels; samples with NaN are left out.
        constant: prediction of the constant predictor, the mean of the *training* labels; None
            takes the mean of `target`, the best constant.

    Raises:
        ValueError: shapes differ or no sample is labelled.

    >>> round(regression_metrics([0.0, 1.0, 1.0], [0.0, 1.0, 0.5]).skill, 3)
    0.5
    """
    prediction, truth = _flat(predicted), _flat(target)
    if prediction.shape != truth.shape:
        raise ValueError(f"shapes differ: {prediction.shape} predictions, {truth.shape} targets")
    labelled = ~np.isnan(truth)
    prediction, truth = prediction[labelled], truth[labelled]
    if len(truth) == 0:
        raise ValueError("there is no labelled sample to compare with")
    error = prediction - truth
    mse, variance = float(np.mean(error**2)), float(truth.var())
    offset = truth - (truth.mean() if constant is None else constant)
    constant_mse = float(np.mean(offset**2))
    return Metrics(
        mse=mse,
        mae=float(np.mean(np.abs(error))),
        r2=_one_minus(mse, variance),
        ccc=concordance(prediction, truth),
        pearson=pearson(prediction, truth),
        skill=_one_minus(mse, constant_mse),
        constant_mse=constant_mse,
        constant_mae=float(np.mean(np.abs(offset))),
        num_samples=len(truth),
    )


def va_metrics(
    predicted: ArrayLike, target: ArrayLike, constant: ArrayLike | None = None
) -> dict[str, Metrics]:
    """Compare predicted valence and arousal with labels, each dimension by itself.

    Args:
        predicted: (N, 2) predictions, valence first.
        target: (N, 2) labels.
        constant: (2,) constant predictions; None as in `regression_metrics`.

    Returns:
        Figures by dimension, "valence" and "arousal".
    """
    prediction, truth = _array(predicted), _array(target)
    constants = [None, None] if constant is None else [float(c) for c in _array(constant)]
    return {
        name: regression_metrics(prediction[:, column], truth[:, column], constants[column])
        for column, name in enumerate(DIMENSIONS)
    }


def area_under_curve(is_high: FloatArray, score: FloatArray) -> float:
    """Return the probability that a high sample scores above a low one; ties count half.

    >>> area_under_curve(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.5, 0.5]))
    0.75
    """
    high = is_high > 0
    num_high, num_low = int(high.sum()), int((~high).sum())
    if not num_high or not num_low:
        return float("nan")
    ranks = float(rankdata(score)[high].sum())
    return (ranks - num_high * (num_high + 1) / 2) / (num_high * num_low)


def pearson(first: ArrayLike, second: ArrayLike) -> float:
    """Return Pearson's correlation; NaN where a side is constant.

    >>> pearson([1, 2, 3], [2, 4, 6])
    1.0
    """
    a, b = _flat(first), _flat(second)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale if scale > 0 else math.nan


def concordance(predicted: ArrayLike, target: ArrayLike) -> float:
    """Return Lin's concordance correlation: 2 cov / (var + var + squared difference of means).

    >>> concordance([0.0, 1.0], [0.0, 1.0])
    1.0
    """
    a, b = _flat(predicted), _flat(target)
    covariance = float(np.mean((a - a.mean()) * (b - b.mean())))
    spread = float(a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    return 2 * covariance / spread if spread > 0 else math.nan


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: ArrayLike,
    groups: Sequence[str] | None = None,
    num_draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of a statistic.

    Args:
        statistic: called with the resampled arrays, for example `pearson`.
        *arrays: arrays of one length N, resampled together.
        groups: (N,) names; draws take whole groups, since samples of one theme or artist are not
            independent (scipy.stats.bootstrap draws samples only).
        num_draws: number of resamples.
        level: coverage probability.
        seed: seed of the draws.

    Returns:
        Lower and upper end, from the resamples where the statistic is not NaN.
    """
    columns = [_array(values) for values in arrays]
    labels = np.arange(len(columns[0])) if groups is None else np.asarray(groups)
    _, membership = np.unique(labels, return_inverse=True)
    members = [np.flatnonzero(membership == index) for index in range(membership.max() + 1)]
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(num_draws):
        drawn = generator.integers(len(members), size=len(members))
        rows = np.concatenate([members[index] for index in drawn])
        values.append(statistic(*(column[rows] for column in columns)))
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _one_minus(error: float, reference: float) -> float:
    return 1 - error / reference if reference > 0 else math.nan


def _array(values: ArrayLike) -> FloatArray:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def _flat(values: ArrayLike) -> FloatArray:
    return _array(values).reshape(-1)
