"""What a trainable summariser is: features in, scores out. No user ever enters the training.

Letters: T sampled frames of a video, D numbers per frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from eval.datasets import FloatArray


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


def send_back(loss: Tensor, parameters: Sequence[nn.Parameter]) -> None:
    """Add the gradients of a loss to those weights, and to no others."""
    loss.backward(inputs=parameters)  # type: ignore[no-untyped-call]  # torch leaves it untyped


def step(optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], clip: float) -> None:
    """Clip the gradients' norm and take a step."""
    nn.utils.clip_grad_norm_(parameters, clip)
    optimizer.step()


def shuffled(videos: Sequence[Tensor]) -> list[Tensor]:
    """Return the videos in a random order."""
    return [videos[index] for index in torch.randperm(len(videos)).tolist()]


def to_array(scores: Tensor) -> FloatArray:
    """Return scores as float64."""
    return scores.detach().cpu().numpy().astype(np.float64)
