"""Eq. 1: how well two points of the plane match. Nothing here imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


@overload
def score_of_distance(distance: Tensor, sigma: float) -> Tensor: ...


@overload
def score_of_distance(distance: NDArray[np.float64], sigma: float) -> NDArray[np.float64]: ...


def score_of_distance(distance: Any, sigma: float) -> Any:
    """Return exp(-distance / sigma), in (0, 1].

    Args:
        distance: (...) Euclidean distances between VA vectors, a tensor or a NumPy array.
        sigma: scale, the mean distance of the training pairs (`ModelConfig.sigma`).

    Raises:
        ValueError: sigma is not positive.

    >>> score_of_distance(np.array([0.0, 0.3]), sigma=0.3).round(4).tolist()
    [1.0, 0.3679]
    """
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, got {sigma}")
    exponent = -distance / sigma
    return np.exp(exponent) if isinstance(exponent, np.ndarray) else exponent.exp()
