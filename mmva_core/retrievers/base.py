"""What a text-to-music method is: features and captions in, scores out.

The interface is that of the summarisers (`eval/summarisers/base.py`): built from a size and a seed,
fitted on training data alone for a number of epochs fixed beforehand, then asked for scores.

Letters in shapes: N pairs of music and caption, M pieces, C captions, D size of a feature, B rows
of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from mmva_core.retrieval import FloatArray

BATCH_SIZE = 128
"""Pairs per step, as in MMVA's training."""
LEARNING_RATE = 1e-3
"""Adam's rate at the start; it falls along a cosine to 0."""
WEIGHT_DECAY = 1e-2
"""AdamW's decoupled weight decay."""
WIDTH = 256
"""Size of hidden layers and of joint embeddings."""
DROPOUT = 0.2
"""Dropout of hidden layers."""


class Retriever(Protocol):
    """A method that learns from pairs and then scores any caption with any piece."""

    EPOCHS: ClassVar[int]
    """Passes over the training pairs where nothing else is asked for."""
    SOURCE: ClassVar[str]
    """The paper."""
    READING: ClassVar[str]
    """What differs from the paper, in one line."""

    def __init__(self, music_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        """Prepare for features (N, `music_dim`); `epochs` replaces `EPOCHS`."""

    def fit(
        self, music: Tensor, captions: Sequence[str], *, on_epoch: Callable[[int, float], object]
    ) -> None:
        """Train on N pairs.

        Args:
            music: (N, D) float32 features.
            captions: (N,) caption of each row.
            on_epoch: called with the number of the epoch, from 1, and its mean loss.
        """

    def score(self, music: Tensor, captions: Sequence[str]) -> FloatArray:
        """Score C captions (rows) with M pieces (columns), (C, M); higher is better."""


class Standardizer:
    """Bring features to mean 0 and deviation 1 over the training rows."""

    def __init__(self, features: Tensor) -> None:
        self._mean = features.mean(0)
        self._deviation = features.std(0).clamp(min=1e-6)

    def __call__(self, features: Tensor) -> Tensor:
        """Return z-scores (N, D)."""
        return (features - self._mean) / self._deviation


def same_captions(captions: Sequence[str]) -> Callable[[Tensor], Tensor]:
    """Return what says of the pairs in rows (B,) whether two of them have one caption, (B, B)."""
    number = {caption: place for place, caption in enumerate(dict.fromkeys(captions))}
    numbers = torch.tensor([number[caption] for caption in captions])
    return lambda rows: numbers[rows, None] == numbers[None, rows]


def two_layers(input_dim: int, output_dim: int) -> nn.Sequential:
    """Build the network on the features of either side; its output has no activation."""
    return nn.Sequential(
        nn.Linear(input_dim, WIDTH),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
        nn.Linear(WIDTH, output_dim),
    )


def train_by_steps(
    module: nn.Module,
    loss_of: Callable[[Tensor], Tensor],
    num_pairs: int,
    *,
    epochs: int,
    seed: int,
    on_epoch: Callable[[int, float], object],
) -> None:
    """Train a module by AdamW on batches of shuffled pairs.

    Args:
        module: holds the weights; ends in evaluation mode.
        loss_of: the loss, a scalar, of the pairs in rows (B,).
        num_pairs: N.
        epochs: passes over the pairs.
        seed: of order, dropout and whatever the loss draws.
        on_epoch: called with the number of the epoch, from 1, and its mean loss.
    """
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    module.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for epoch in range(epochs):
            losses = []
            for rows in torch.split(torch.randperm(num_pairs), BATCH_SIZE):
                loss = loss_of(rows)
                optimizer.zero_grad()
                torch.autograd.backward([loss])
                optimizer.step()
                losses.append(float(loss.detach()))
            schedule.step()
            on_epoch(epoch + 1, sum(losses) / len(losses))
    module.eval()
