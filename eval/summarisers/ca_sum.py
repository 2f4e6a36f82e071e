"""CA-SUM: attention inside blocks, with each frame's uniqueness and diversity beside it.

E. Apostolidis, G. Balaouras, V. Mezaris, I. Patras, ICMR 2022 (DOI 10.1145/3512527.3531404).
The only training signal is the length of the summary: what ranks the frames is the architecture.

Letters: T sampled frames, D numbers per frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from eval.datasets import FloatArray
from eval.summarisers.base import Part, length_loss, seeded, to_array, train

BLOCK = 60
"""Sampled frames per block of the attention matrix."""
LENGTH_TARGET = 0.6
LEARNING_RATE, WEIGHT_DECAY, BATCH = 5e-4, 1e-5, 20
NORM_EPS = 1e-6


class CaSum:
    """See `Summariser`."""

    EPOCHS: ClassVar[int] = 400
    SOURCE: ClassVar[str] = "Apostolidis et al., ICMR 2022"
    RULE: ClassVar[str] = (
        f"last epoch; length target {LENGTH_TARGET}, fixed (the paper chooses it among five by the "
        "training loss)"
    )

    def __init__(self, feature_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        """Build the network."""
        self._epochs = epochs or self.EPOCHS
        self._seed = seed
        with seeded(seed):
            self._network = _Network(feature_dim)

    def fit(self, videos: Sequence[Tensor], *, on_epoch: Callable[[], object]) -> None:
        """Train by the length of the summary alone."""
        self._network.train()
        part = Part(
            lambda number: length_loss(self._network(videos[number]), LENGTH_TARGET),
            self._network.parameters(),
            learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
        )
        train(
            [part],
            len(videos),
            num_epochs=self._epochs,
            seed=self._seed,
            on_epoch=on_epoch,
            batch=BATCH,
        )

    @torch.inference_mode()
    def score(self, features: Tensor) -> FloatArray:
        """Score the frames."""
        self._network.eval()
        return to_array(self._network(features))


class _Network(nn.Module):
    """Attention, residual, two-layer regressor: (T, D) -> (T,) in (0, 1)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.attention = ConcentratedAttention(dim)
        self.regressor = nn.Sequential(
            nn.Dropout(0.5),
            nn.LayerNorm(dim, eps=NORM_EPS),
            nn.Linear(dim, dim),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.LayerNorm(dim, eps=NORM_EPS),
            nn.Linear(dim, 1),
            nn.Sigmoid(),
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight, gain=math.sqrt(2))
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0.1)

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.regressor(features + self.attention(features)).squeeze(-1)
        return scores


class ConcentratedAttention(nn.Module):
    """Self-attention that keeps blocks of the diagonal, and what lies outside as one factor."""

    def __init__(self, dim: int, *, block: int = BLOCK) -> None:
        """Make projections for `dim` numbers per frame."""
        super().__init__()
        self.block = block
        self.query, self.key, self.value = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.out = nn.Linear(dim + 2, dim, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return the attended features, (T, D)."""
        logits = self.query(features) @ self.key(features).T
        attention = logits.softmax(dim=-1)
        inside = block_mask(len(features), self.block).to(features)
        diversity = outside_diversity(features, attention, inside)
        concentrated = (attention + diversity) * inside  # column j of a block gains diversity[j]
        told = torch.stack([uniqueness(logits), diversity], dim=1).detach()
        attended: Tensor = self.out(torch.cat([concentrated @ self.value(features), told], dim=1))
        return attended


def block_mask(length: int, block: int) -> Tensor:
    """Return (T, T), 1 where two frames are in the same block.

    >>> block_mask(3, 2).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    number = torch.arange(length) // block
    return (number[:, None] == number[None, :]).float()


def uniqueness(logits: Tensor) -> Tensor:
    """Return the entropy of each row's attention, as shares that sum to 1, (T,)."""
    entropy = -(logits.softmax(dim=-1) * logits.log_softmax(dim=-1)).sum(dim=-1)
    return functional.normalize(entropy / math.log(max(2, len(logits))), p=1, dim=-1)


def outside_diversity(features: Tensor, attention: Tensor, inside: Tensor) -> Tensor:
    """Return each frame's attention to frames outside its block, weighted by unlikeness, (T,).

    0 where the video is a single block, or all of it looks the same.
    """
    unit = functional.normalize(features, dim=1)
    unlike = (1 - unit @ unit.T) * (1 - inside)
    total = unlike.sum(dim=-1)
    weighted = (unlike * attention).sum(dim=-1)
    return torch.where(total > 0, weighted / total.clamp(min=1e-12), torch.zeros_like(total))
