"""AC-SUM-GAN: an actor picks fragments of the video, a discriminator pays for what they tell.

E. Apostolidis, E. Adamantidou, A. I. Metsai, V. Mezaris, I. Patras, "AC-SUM-GAN: Connecting
actor-critic and generative adversarial networks for unsupervised video summarization", IEEE TCSVT
2021 (DOI 10.1109/TCSVT.2020.3037883).

Letters: T sampled frames, D numbers per frame, H hidden numbers, F fragments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from eval.datasets import FloatArray
from eval.summarisers.base import Part, length_loss, seeded, to_array, train
from eval.summarisers.recurrent import (
    Discriminator,
    RecurrentScorer,
    SequenceVae,
    prior_loss,
    state_distance,
)
from vsumm.config import SummaryConfig

HIDDEN = 512
FRAGMENTS = 60
PICKS = int(SummaryConfig.budget_fraction * FRAGMENTS)
"""Fragments that the actor tries to pick, one after another."""
LENGTH_TARGET = 0.5
LEARNING_RATE, DISCRIMINATOR_LEARNING_RATE, BATCH = 1e-4, 1e-5, 40
DISCOUNT = 0.99
ENTROPY_WEIGHT = 0.1


class AcSumGan:
    """See `Summariser`."""

    EPOCHS: ClassVar[int] = 100
    SOURCE: ClassVar[str] = "Apostolidis et al., IEEE TCSVT 2021"
    RULE: ClassVar[str] = (
        f"last epoch; length target {LENGTH_TARGET}, fixed (the authors' script takes the best "
        "target by test F-score)"
    )

    def __init__(self, feature_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        """Build the networks."""
        self._epochs = epochs or self.EPOCHS
        self._seed = seed
        with seeded(seed):
            self._compress = nn.Linear(feature_dim, HIDDEN)
            self._scorer = RecurrentScorer(HIDDEN, HIDDEN, num_layers=2)
            self._vae = SequenceVae(HIDDEN)
            self._discriminator = Discriminator(HIDDEN)
            self._actor = _layers(FRAGMENTS, 512, 1024, 512, FRAGMENTS)
            self._critic = _layers(FRAGMENTS, 512, 1024, 512, 256, 1)

    def fit(self, videos: Sequence[Tensor], *, on_epoch: Callable[[], object]) -> None:
        """Train encoder, decoder, discriminator, and scorer with actor and critic, in turn."""
        train(
            self._parts(videos),
            len(videos),
            num_epochs=self._epochs,
            seed=self._seed,
            on_epoch=on_epoch,
            batch=BATCH,
            is_mean=True,
            is_shuffled=False,
        )

    @torch.inference_mode()
    def score(self, features: Tensor) -> FloatArray:
        """Score the frames; the actor takes its most probable new fragment at every step.

        The authors draw the fragments at random here, too; ours gives the same scores twice.
        """
        episode = self._play(self._compress(features), greedy=True)
        return to_array(episode.weights)

    def _parts(self, videos: Sequence[Tensor]) -> list[Part]:
        """Pair each loss with the weights that it trains."""
        discriminator = [*self._discriminator.parameters(), *self._compress.parameters()]
        selector = [
            p
            for module in (self._actor, self._critic, self._scorer, self._compress)
            for p in module.parameters()
        ]

        def part(
            loss: Callable[[Tensor], Tensor], weights: Iterable[nn.Parameter], rate: float
        ) -> Part:
            return Part(lambda number: loss(videos[number]), weights, learning_rate=rate)

        return [
            part(self._encoder_loss, self._vae.encoder_parameters(), LEARNING_RATE),
            part(self._decoder_loss, self._vae.decoder.parameters(), LEARNING_RATE),
            part(self._discriminator_loss, discriminator, DISCRIMINATOR_LEARNING_RATE),
            part(self._selector_loss, selector, LEARNING_RATE),
        ]

    def _encoder_loss(self, features: Tensor) -> Tensor:
        compressed = self._compress(features).detach()
        decoded = self._vae(self._weigh(compressed))
        return self._distance(compressed, decoded.features) + prior_loss(decoded)

    def _decoder_loss(self, features: Tensor) -> Tensor:
        compressed = self._compress(features).detach()
        made = self._vae(self._weigh(compressed)).features
        _, probability = self._discriminator(made)
        fooled: Tensor = (probability - 1) ** 2
        return self._distance(compressed, made) + fooled

    def _discriminator_loss(self, features: Tensor) -> Tensor:
        compressed = self._compress(features)
        with torch.no_grad():
            made = self._vae(self._weigh(compressed)).features
        _, original = self._discriminator(compressed)
        _, summary = self._discriminator(made)
        loss: Tensor = (original - 1) ** 2 + summary**2
        return loss

    def _selector_loss(self, features: Tensor) -> Tensor:
        compressed = self._compress(features)
        episode = self._play(compressed, greedy=False)
        returns = discounted(self._rewards(compressed.detach(), episode))
        advantage = returns - episode.values
        actor = -(episode.log_probabilities * advantage.detach()).mean()
        entropy = ENTROPY_WEIGHT / PICKS * episode.entropy
        return actor - entropy + (advantage**2).mean() + length_loss(episode.scores, LENGTH_TARGET)

    @torch.no_grad()
    def _weigh(self, compressed: Tensor) -> Tensor:
        return self._play(compressed, greedy=False).weights[:, None] * compressed

    def _distance(self, original: Tensor, made: Tensor) -> Tensor:
        return state_distance(self._discriminator, original, made)

    def _play(self, compressed: Tensor, *, greedy: bool) -> _Episode:
        """Let the actor pick fragments; those it picks weigh more, the earlier the more."""
        scores = self._scorer(compressed)
        borders = fragment_borders(len(scores))
        state = torch.stack([scores[a:b].mean() for a, b in borders]).detach()
        weights = torch.full_like(scores, (FRAGMENTS - PICKS) / FRAGMENTS)
        picked: list[int] = []
        steps: list[tuple[Tensor, Tensor, Tensor]] = []
        after: list[Tensor | None] = []
        for _ in range(PICKS):
            log_policy = self._actor(state).log_softmax(dim=-1)
            action = _best_new(log_policy, picked) if greedy else _draw(log_policy)
            entropy = -(log_policy.exp() * log_policy).sum()
            steps.append((log_policy[action], self._critic(state).squeeze(-1), entropy))
            place, count = int(action), len(picked)
            if place in picked:
                after.append(None)
                continue
            first, last = borders[place]
            weights[first:last] = (PICKS - count) / (FRAGMENTS - count) + 1
            picked.append(place)
            after.append(weights.clone())
            state = state.clone()
            state[place] = 0.0
        log_probabilities, values, entropies = (
            torch.stack(column) for column in zip(*steps, strict=True)
        )
        return _Episode(
            scores, weights * scores, log_probabilities, values, entropies.sum(), tuple(after)
        )

    @torch.no_grad()
    def _rewards(self, compressed: Tensor, episode: _Episode) -> list[float]:
        """1 less the distance between the video and the one made of each step's summary."""
        new = [weights for weights in episode.after if weights is not None]
        weights = torch.stack(new, dim=1) * episode.scores[:, None]
        made = self._vae(compressed[:, None] * weights[..., None]).features
        rewards = iter((1 - self._distance(compressed, made)).tolist())
        return [0.0 if weights is None else next(rewards) for weights in episode.after]


@dataclass(frozen=True)
class _Episode:
    """One walk of the actor over a video."""

    scores: Tensor
    """(T,) of the scorer."""
    weights: Tensor
    """(T,) scores weighted by all picks."""
    log_probabilities: Tensor
    """(PICKS,) of the actions."""
    values: Tensor
    """(PICKS,) that the critic expected."""
    entropy: Tensor
    """() of the policy, summed over the steps."""
    after: tuple[Tensor | None, ...]
    """The (T,) factors of the scores after each step; None where a fragment came again."""


def fragment_borders(length: int) -> list[tuple[int, int]]:
    """Cut T frames into F fragments of about equal length, each of at least one frame.

    >>> fragment_borders(120)[:2], fragment_borders(30)[:3]
    ([(0, 2), (2, 4)], [(0, 1), (0, 1), (1, 2)])
    """
    starts = [k * length // FRAGMENTS for k in range(FRAGMENTS + 1)]
    return [(a, max(a + 1, b)) for a, b in pairwise(starts)]


def discounted(rewards: Sequence[float]) -> Tensor:
    """Return each step's reward with the discounted rewards after it.

    >>> [round(r, 4) for r in discounted([0.0, 1.0]).tolist()]
    [0.99, 1.0]
    """
    total, returns = 0.0, []
    for reward in reversed(rewards):
        total = reward + DISCOUNT * total
        returns.append(total)
    return torch.tensor(returns[::-1])


def _draw(log_policy: Tensor) -> Tensor:
    return torch.multinomial(log_policy.exp(), 1).squeeze(0)


def _best_new(log_policy: Tensor, picked: list[int]) -> Tensor:
    remaining = log_policy.clone()
    remaining[picked] = -torch.inf
    return remaining.argmax()


def _layers(*sizes: int) -> nn.Sequential:
    """Return linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for first, second in pairwise(sizes):
        layers += [nn.Linear(first, second), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
