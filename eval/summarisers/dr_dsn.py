"""DR-DSN: a recurrent scorer that is rewarded for diverse and representative frames.

K. Zhou, Y. Qiao, T. Xiang, "Deep reinforcement learning for unsupervised video summarization with
diversity-representativeness reward", AAAI 2018 (DOI 10.1609/aaai.v32i1.12255).

Letters: T sampled frames, D numbers per frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from eval.datasets import FloatArray
from eval.summarisers.base import Part, seeded, to_array, train
from eval.summarisers.recurrent import RecurrentScorer

HIDDEN = 256
LEARNING_RATE, WEIGHT_DECAY, DECAY_EVERY = 1e-5, 1e-5, 30
EPISODES = 5
"""Summaries that are drawn per video and step."""
LENGTH_WEIGHT, LENGTH_TARGET = 0.01, 0.5
NEAR_FRAMES = 20
"""Frames further apart than this count as unlike, whatever they show."""
BASELINE_KEEP = 0.9
"""Share of the old reward in the moving baseline of a video."""


class DrDsn:
    """See `Summariser`."""

    EPOCHS: ClassVar[int] = 60
    SOURCE: ClassVar[str] = "Zhou et al., AAAI 2018"
    RULE: ClassVar[str] = "last epoch"

    def __init__(self, feature_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        """Build the network."""
        self._epochs = epochs or self.EPOCHS
        self._seed = seed
        with seeded(seed):
            self._network = RecurrentScorer(feature_dim, HIDDEN, num_layers=1)

    def fit(self, videos: Sequence[Tensor], *, on_epoch: Callable[[], object]) -> None:
        """Train by REINFORCE with a moving baseline per video."""
        baselines = [0.0] * len(videos)

        def loss_of(number: int) -> Tensor:
            loss, reward = self._loss(videos[number], baselines[number])
            baselines[number] *= BASELINE_KEEP
            baselines[number] += (1 - BASELINE_KEEP) * reward
            return loss

        self._network.train()
        part = Part(
            loss_of,
            self._network.parameters(),
            learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
            decay_every=DECAY_EVERY,
        )
        train([part], len(videos), num_epochs=self._epochs, seed=self._seed, on_epoch=on_epoch)

    @torch.inference_mode()
    def score(self, features: Tensor) -> FloatArray:
        """Score the frames."""
        self._network.eval()
        return to_array(self._network(features))

    def _loss(self, features: Tensor, baseline: float) -> tuple[Tensor, float]:
        """Draw summaries; return the loss of the policy, and their mean reward."""
        probabilities = self._network(features)
        loss = LENGTH_WEIGHT * (probabilities.mean() - LENGTH_TARGET) ** 2
        rewards = []
        for _ in range(EPISODES):
            picked = torch.bernoulli(probabilities.detach())
            rewards.append(reward_of(features, picked.bool()))
            unlikeliness = functional.binary_cross_entropy(probabilities, picked)
            loss = loss + unlikeliness * (rewards[-1] - baseline)
        return loss, sum(rewards) / EPISODES


def reward_of(features: Tensor, picked: Tensor) -> float:
    """Return the mean of diversity and representativeness of the picked frames; 0 for none.

    Diversity is the mean unlikeness (1 - cosine) of pairs of picked frames, 1 for pairs more than
    `NEAR_FRAMES` apart; representativeness is exp(-mean squared distance to the nearest picked).

    Args:
        features: (T, D).
        picked: (T,) true where a frame is in the summary.
    """
    places = picked.nonzero().squeeze(-1)
    if not len(places):
        return 0.0
    distances = torch.cdist(features, features[places]) ** 2
    representativeness = float((-distances.min(dim=1).values.mean()).exp())
    return (_diversity(features[places], places) + representativeness) / 2


def _diversity(chosen: Tensor, places: Tensor) -> float:
    if len(places) < 2:
        return 0.0
    unit = functional.normalize(chosen, dim=1)
    unlike = 1 - unit @ unit.T
    unlike[(places[:, None] - places[None, :]).abs() > NEAR_FRAMES] = 1.0
    unlike.fill_diagonal_(0.0)
    return float(unlike.sum() / (len(places) * (len(places) - 1)))
