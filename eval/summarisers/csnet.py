"""CSNet: chunks and strides of the video side by side, differences as attention, spread scores.

Y. Jung, D. Cho, D. Kim, S. Woo, I. S. Kweon, "Discriminative feature learning for unsupervised
video summarization", AAAI 2019 (DOI 10.1609/aaai.v33i01.33018537). The selector is trained with
the autoencoder and the discriminator of SUM-GAN, and with a loss on the variance of its scores.
Where streams meet they are added (our reading).

Letters: T sampled frames, D numbers per frame, H hidden numbers, M streams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from eval.datasets import FloatArray
from eval.summarisers.base import Part, length_loss, seeded, to_array, train
from eval.summarisers.recurrent import Discriminator, SequenceVae, prior_loss, state_distance

HIDDEN = 512
STREAMS = 4
DIFFERENCES = (1, 2, 4)
"""Distances, in sampled frames, whose differences tell motion."""
LENGTH_TARGET = 0.3
VARIANCE_FLOOR = 1e-4
LEARNING_RATE, DECAY_EVERY = 1e-4, 10


class CsNet:
    """See `Summariser`."""

    EPOCHS: ClassVar[int] = 20
    SOURCE: ClassVar[str] = "Jung et al., AAAI 2019"
    RULE: ClassVar[str] = f"last epoch; length target {LENGTH_TARGET}, fixed"

    def __init__(self, feature_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        """Build the networks."""
        self._epochs = epochs or self.EPOCHS
        self._seed = seed
        with seeded(seed):
            self._selector = ChunkStrideSelector(feature_dim, HIDDEN)
            self._vae = SequenceVae(HIDDEN)
            self._discriminator = Discriminator(HIDDEN)

    def fit(self, videos: Sequence[Tensor], *, on_epoch: Callable[[], object]) -> None:
        """Train selector, decoder and discriminator in turn on each video."""

        def part(loss: Callable[[Tensor], Tensor], weights: Iterable[nn.Parameter]) -> Part:
            return Part(
                lambda number: loss(videos[number]),
                weights,
                learning_rate=LEARNING_RATE,
                decay_every=DECAY_EVERY,
            )

        selector = [*self._selector.parameters(), *self._vae.encoder_parameters()]
        parts = [
            part(self._selector_loss, selector),
            part(self._decoder_loss, self._vae.decoder.parameters()),
            part(self._discriminator_loss, self._discriminator.parameters()),
        ]
        train(parts, len(videos), num_epochs=self._epochs, seed=self._seed, on_epoch=on_epoch)

    @torch.inference_mode()
    def score(self, features: Tensor) -> FloatArray:
        """Score the frames."""
        return to_array(self._selector(features)[0])

    def _selector_loss(self, features: Tensor) -> Tensor:
        scores, compressed = self._selector(features)
        decoded = self._vae(compressed * scores[:, None])
        told = self._tell_apart(compressed, decoded.features)
        spread = variance_loss(scores)
        return told + prior_loss(decoded) + length_loss(scores, LENGTH_TARGET) + spread

    def _decoder_loss(self, features: Tensor) -> Tensor:
        compressed, made = self._from_summaries(features)
        fooled = self._looks_original(made, original=True)
        return self._tell_apart(compressed, made[:, 0]) + fooled

    def _discriminator_loss(self, features: Tensor) -> Tensor:
        with torch.no_grad():
            compressed, made = self._from_summaries(features)
        caught = self._looks_original(made, original=False)
        return self._looks_original(compressed, original=True) + caught

    def _from_summaries(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the video (T, H), and what is made of its summary and of a random one (T, 2, H).

        Both go through the autoencoder together; the selector learns nothing here.
        """
        with torch.no_grad():
            scores, compressed = self._selector(features)
            weights = torch.stack([scores, torch.rand_like(scores)], dim=1)
        return compressed, self._vae(compressed[:, None] * weights[..., None]).features

    def _tell_apart(self, original: Tensor, made: Tensor) -> Tensor:
        """Distance of the discriminator's last states."""
        return state_distance(self._discriminator, original, made)

    def _looks_original(self, videos: Tensor, *, original: bool) -> Tensor:
        """Cross-entropy of the discriminator's answers, summed over the videos."""
        _, probability = self._discriminator(videos)
        wanted = torch.full_like(probability, float(original))
        return functional.binary_cross_entropy(probability, wanted, reduction="sum")


class ChunkStrideSelector(nn.Module):
    """Two views of the video through one LSTM: (T, D) -> scores (T,), compressed (T, H)."""

    def __init__(self, dim: int, hidden: int) -> None:
        """Make the layers."""
        super().__init__()
        self.compress = nn.Linear(dim, hidden)
        self.differences = nn.ModuleList(nn.Linear(hidden, hidden) for _ in DIFFERENCES)
        self.lstm = nn.LSTM(hidden, hidden // 2, bidirectional=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Score each frame."""
        compressed = self.compress(features)
        together = self._look(compressed, in_chunks=True) + self._look(compressed, in_chunks=False)
        together = together + self._attend_to_differences(compressed)
        return self.out(together).squeeze(-1).sigmoid(), compressed

    def _look(self, compressed: Tensor, *, in_chunks: bool) -> Tensor:
        """Run the LSTM over M chunks (0 1 2 | 3 4 5) or M strides (0 2 4 | 1 3 5) at once."""
        sequences = to_streams(compressed, in_chunks=in_chunks)
        hidden, _ = self.lstm(sequences)
        return from_streams(hidden, len(compressed), in_chunks=in_chunks)

    def _attend_to_differences(self, compressed: Tensor) -> Tensor:
        parts = []
        for distance, layer in zip(DIFFERENCES, self.differences, strict=True):
            later = torch.cat([compressed[distance:], compressed[-distance:]])[: len(compressed)]
            parts.append(layer((later - compressed).abs()))
        return torch.stack(parts).sum(dim=0)


def to_streams(sequence: Tensor, *, in_chunks: bool) -> Tensor:
    """Cut (T, H) into M sequences of equal length, (ceil(T / M), M, H), zeros at the end."""
    length = -(-len(sequence) // STREAMS)
    padded = functional.pad(sequence, (0, 0, 0, STREAMS * length - len(sequence)))
    if in_chunks:
        return padded.view(STREAMS, length, -1).transpose(0, 1)
    return padded.view(length, STREAMS, -1)


def from_streams(streams: Tensor, length: int, *, in_chunks: bool) -> Tensor:
    """Undo `to_streams`: (ceil(T / M), M, H) -> (T, H)."""
    order = streams.transpose(0, 1) if in_chunks else streams
    return order.reshape(-1, streams.shape[-1])[:length]


def variance_loss(scores: Tensor) -> Tensor:
    """Return 1 / (mean squared distance from the median + floor): flat scores cost most."""
    return 1 / (((scores - scores.median()) ** 2).mean() + VARIANCE_FLOOR)
