"""What a trainable summariser is: features in, scores out. No user ever enters the training.

Letters: T sampled frames of a video, D numbers per frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from eval.datasets import FloatArray

CLIP = 5.0
"""Largest norm of the gradients of a step."""


class Summariser(Protocol):
    """A method that learns from features alone and then scores the frames of any video."""

    EPOCHS: ClassVar[int]
    """How long it trains where nothing else is asked for."""
    SOURCE: ClassVar[str]
    """The paper."""
    RULE: ClassVar[str]
    """Which epoch is used, and what was fixed beforehand. Never chosen on test videos."""

    def __init__(self, feature_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        """Build the networks from a seed; `epochs` replaces `EPOCHS`."""

    def fit(self, videos: Sequence[Tensor], *, on_epoch: Callable[[], object]) -> None:
        """Train on videos, each (T, D) float32; `on_epoch` is called after each epoch."""

    def score(self, features: Tensor) -> FloatArray:
        """Score the frames of a video (T, D), (T,)."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's random numbers from a seed, and put its generator back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def length_loss(scores: Tensor, target: float) -> Tensor:
    """Return |mean(scores) - target|, which holds the length of the summary (Mahasseni 2017)."""
    return (scores.mean() - target).abs()


class Part:
    """Some weights of a summariser, with the loss that trains them and their optimiser (Adam).

    Args:
        loss: the loss () of a video, given by its number.
        weights: the weights that are trained by it, and no others.
        learning_rate: of the optimiser, at the start.
        weight_decay: of the optimiser.
        decay_every: epochs after which the learning rate becomes a tenth; None: it stays.
    """

    def __init__(
        self,
        loss: Callable[[int], Tensor],
        weights: Iterable[nn.Parameter],
        *,
        learning_rate: float,
        weight_decay: float = 0.0,
        decay_every: int | None = None,
    ) -> None:
        self._loss = loss
        self._weights = list(weights)
        self._optimizer = torch.optim.Adam(
            self._weights, lr=learning_rate, weight_decay=weight_decay
        )
        self._scheduler = (
            torch.optim.lr_scheduler.StepLR(self._optimizer, decay_every, gamma=0.1)
            if decay_every
            else None
        )

    def step(self, numbers: Sequence[int], share: float) -> None:
        """Take a step on some videos, the gradients of each multiplied by `share`."""
        self._optimizer.zero_grad()
        for number in numbers:
            loss = self._loss(number) * share
            loss.backward(inputs=self._weights)  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._weights, CLIP)
        self._optimizer.step()

    def end_epoch(self) -> None:
        """Lower the learning rate when it is time."""
        if self._scheduler:
            self._scheduler.step()


def train(
    parts: Sequence[Part],
    num_videos: int,
    *,
    num_epochs: int,
    seed: int,
    on_epoch: Callable[[], object],
    batch: int = 1,
    is_mean: bool = False,
    is_shuffled: bool = True,
) -> None:
    """Train the parts in turn on every batch.

    Args:
        parts: what is trained.
        num_videos: how many videos there are.
        num_epochs: how often each is taken.
        seed: of the order, and of whatever the losses draw.
        on_epoch: called after each epoch.
        batch: videos per step.
        is_mean: whether the gradients of a batch are averaged; else they are summed.
        is_shuffled: whether the videos come in random order.
    """
    with seeded(seed):
        for _ in range(num_epochs):
            order = torch.randperm(num_videos) if is_shuffled else torch.arange(num_videos)
            for start in range(0, num_videos, batch):
                numbers = order[start : start + batch].tolist()
                for part in parts:
                    part.step(numbers, 1 / len(numbers) if is_mean else 1.0)
            for part in parts:
                part.end_epoch()
            on_epoch()


def to_array(scores: Tensor) -> FloatArray:
    """Return scores as float64."""
    return scores.detach().cpu().numpy().astype(np.float64)
