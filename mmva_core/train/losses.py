"""The objective: Eq. 2 (valence and arousal), Eq. 3 (similarity) and Eq. 4 (their sum).

`contrastive_loss` is no part of Eq. 4.

Row weights have mean 1 over their table, not over a batch. So the loss of a batch is the mean of
the losses of its parts, and several processes compute what one would.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def va_loss(predicted: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return L_VA: the mean squared error over pairs and both dimensions (Eq. 2).

    Args:
        predicted: (B, 2) predicted valence and arousal.
        target: (B, 2) labels; NaN adds no error.
        weights: (B,) weights of the rows, 1 by default.

    Returns:
        A scalar.
    """
    return _weighted_mean_square(predicted, target, weights)


def similarity_loss(predicted: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return L_sim: the mean squared error of the matching score (Eq. 3).

    Args:
        predicted: (B,) predicted similarity.
        target: (B,) matching score of Eq. 1; NaN adds no error.
        weights: (B,) weights of the pairs, 1 by default.

    Returns:
        A scalar.
    """
    return _weighted_mean_square(predicted.unsqueeze(1), target.unsqueeze(1), weights)


def contrastive_loss(logits: Tensor, is_same: Tensor) -> Tensor:
    """Return InfoNCE in both directions: own music against other music, own caption against others.

    Args:
        logits: (B, B) scaled cosines of captions (rows) with pieces.
        is_same: (B, B) whether both have the same caption, so that they are no negatives.
    """
    is_other = is_same & ~torch.eye(len(logits), dtype=torch.bool)
    logits = logits.masked_fill(is_other, -torch.inf)
    own = torch.arange(len(logits))
    losses = [nn.functional.cross_entropy(side, own) for side in (logits, logits.T)]
    return torch.stack(losses).mean()


def total_loss(parts: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Add up the parts of the objective (Eq. 4; the paper's weights are all 1).

    Args:
        parts: scalars by name.
        weights: weight of each part; 1 for parts that it does not name.

    Returns:
        A scalar.
    """
    terms = [weights.get(name, 1.0) * value for name, value in parts.items()]
    return torch.stack(terms).sum()


def _weighted_mean_square(predicted: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    # Errors at missing labels become zero before squaring: 0 * NaN would make the gradient NaN.
    error = torch.where(target.isnan(), torch.zeros_like(predicted), predicted - target)
    squares = error.square()
    if weights is not None:
        squares = squares * weights.unsqueeze(1)
    return squares.mean()
