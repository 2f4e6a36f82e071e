"""Two towers into one space: Triplet (words or sentences) and Contrastive.

Letters in shapes: N pairs, M pieces, C captions, B rows of a batch, W size of the joint space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from mmva_core.retrieval import FloatArray
from mmva_core.retrievers.base import (
    WIDTH,
    Standardizer,
    same_captions,
    train_by_steps,
    two_layers,
)
from mmva_core.retrievers.texts import sentence_vectors, word_vectors
from mmva_core.train import Temperature, contrastive_loss

MARGIN = 0.4
"""By how much a caption's cosine with its own music has to exceed that with other music."""


class _Joint:
    """Both sides through two layers onto the unit sphere; the score is the cosine."""

    EPOCHS: ClassVar[int] = 60

    def __init__(self, music_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        self._epochs, self._seed = epochs or self.EPOCHS, seed
        self._music_dim = music_dim

    def fit(
        self, music: Tensor, captions: Sequence[str], *, on_epoch: Callable[[int, float], object]
    ) -> None:
        """See `Retriever`."""
        texts = self._vectors(captions)
        self._of_music, self._of_texts = Standardizer(music), Standardizer(texts)
        music, texts = self._of_music(music), self._of_texts(texts)
        is_same = same_captions(captions)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            self._network = nn.ModuleDict(
                {
                    "music": two_layers(self._music_dim, WIDTH),
                    "text": two_layers(texts.shape[1], WIDTH),
                    "temperature": Temperature(),
                }
            )

        def loss_of(rows: Tensor) -> Tensor:
            cosines = self._embed("text", texts[rows]) @ self._embed("music", music[rows]).T
            return self._loss(cosines, is_same(rows))

        train_by_steps(
            self._network,
            loss_of,
            len(music),
            epochs=self._epochs,
            seed=self._seed,
            on_epoch=on_epoch,
        )

    @torch.inference_mode()
    def score(self, music: Tensor, captions: Sequence[str]) -> FloatArray:
        """See `Retriever`."""
        texts = self._embed("text", self._of_texts(self._vectors(captions)))
        pieces = self._embed("music", self._of_music(music))
        return np.asarray((texts.double() @ pieces.double().T).numpy())

    def _embed(self, side: str, features: Tensor) -> Tensor:
        embeds: Tensor = nn.functional.normalize(self._network[side](features), dim=1)
        return embeds

    def _vectors(self, captions: Sequence[str]) -> Tensor:
        """Return the vectors of captions (N, D)."""
        raise NotImplementedError

    def _loss(self, cosines: Tensor, is_same: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            cosines: (B, B) of captions (rows) with pieces.
            is_same: (B, B) whether both have the same caption, so that they are no negatives.
        """
        raise NotImplementedError


class TripletWords(_Joint):
    """Triplet loss on the mean of word vectors."""

    SOURCE: ClassVar[str] = "Choi et al. 2019"
    READING: ClassVar[str] = (
        "frozen features of the music; MiniLM's token embeddings in place of GloVe"
    )

    def _vectors(self, captions: Sequence[str]) -> Tensor:
        return word_vectors(captions)

    def _loss(self, cosines: Tensor, is_same: Tensor) -> Tensor:
        return triplet_loss(cosines, is_same)


class TripletSentences(_Joint):
    """Triplet loss on sentence vectors."""

    SOURCE: ClassVar[str] = "Won et al. 2021"
    READING: ClassVar[str] = "frozen features of the music; MiniLM, frozen, in place of BERT"

    def _vectors(self, captions: Sequence[str]) -> Tensor:
        return sentence_vectors(captions)

    def _loss(self, cosines: Tensor, is_same: Tensor) -> Tensor:
        return triplet_loss(cosines, is_same)


class ContrastiveSentences(_Joint):
    """InfoNCE on sentence vectors."""

    SOURCE: ClassVar[str] = "Doh et al. 2023b"
    READING: ClassVar[str] = "frozen features of the music; MiniLM, frozen, in place of BERT"

    def _vectors(self, captions: Sequence[str]) -> Tensor:
        return sentence_vectors(captions)

    def _loss(self, cosines: Tensor, is_same: Tensor) -> Tensor:
        return contrastive_loss(self._network["temperature"](cosines), is_same)


def triplet_loss(cosines: Tensor, is_same: Tensor) -> Tensor:
    """Return the mean of max(0, margin - own cosine + another's) over all triples of a batch.

    Args:
        cosines: (B, B) of captions (rows) with pieces.
        is_same: (B, B) whether both have the same caption; they form no triple.

    >>> triplet_loss(torch.tensor([[0.9, 0.7], [0.0, 0.8]]), torch.eye(2, dtype=torch.bool))
    tensor(0.1000)
    """
    excess = (MARGIN - cosines.diagonal()[:, None] + cosines).clamp(min=0)
    return excess[~is_same].mean() if not is_same.all() else excess.sum() * 0
