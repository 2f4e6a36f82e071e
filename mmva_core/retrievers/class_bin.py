"""Class-bin: a tag classifier, asked by binary tags (Choi, Fazekas, Sandler, ISMIR 2016).

Letters in shapes: N pairs, M pieces, C captions, V tags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from mmva_core.errors import DataError
from mmva_core.retrieval import FloatArray
from mmva_core.retrievers.base import Standardizer, train_by_steps, two_layers
from mmva_core.retrievers.texts import BinaryTags


class ClassBin:
    """Predicts the tags of a piece; a caption is the set of tags that it names.

    The score is the log-likelihood of the caption's tags, named or not, given the probabilities
    that the classifier gives them for the piece, as if they were independent (our reading: the
    paper says "binary tags" and no more).
    """

    EPOCHS: ClassVar[int] = 60
    SOURCE: ClassVar[str] = "Choi, Fazekas, Sandler 2016"
    READING: ClassVar[str] = (
        "frozen features of the music; the tags are the words of the training captions"
    )

    def __init__(self, music_dim: int, *, epochs: int | None = None, seed: int = 0) -> None:
        self._epochs, self._seed = epochs or self.EPOCHS, seed
        self._music_dim = music_dim

    def fit(
        self, music: Tensor, captions: Sequence[str], *, on_epoch: Callable[[int, float], object]
    ) -> None:
        """See `Retriever`.

        Raises:
            DataError: no word tells the captions apart.
        """
        self._tags, self._standardize = BinaryTags(captions), Standardizer(music)
        if not self._tags.tags:
            raise DataError("class-bin finds no tags: no word tells the training captions apart")
        inputs, targets = self._standardize(music), self._tags(captions)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            self._network = two_layers(self._music_dim, targets.shape[1])
        train_by_steps(
            self._network,
            lambda rows: nn.functional.binary_cross_entropy_with_logits(
                self._network(inputs[rows]), targets[rows]
            ),
            len(inputs),
            epochs=self._epochs,
            seed=self._seed,
            on_epoch=on_epoch,
        )

    @torch.inference_mode()
    def score(self, music: Tensor, captions: Sequence[str]) -> FloatArray:
        """See `Retriever`."""
        logits = self._network(self._standardize(music)).double()  # (M, V)
        named = self._tags(captions).double()  # (C, V)
        # log p(tag) - log p(no tag) is the logit, so that named tags add logits to a constant.
        not_named = nn.functional.logsigmoid(-logits).sum(1)  # (M,)
        return np.asarray((named @ logits.T + not_named).numpy())
