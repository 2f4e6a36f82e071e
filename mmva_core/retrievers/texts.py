"""Captions as vectors: tags, means of word vectors, and sentences as a whole.

Letters in shapes: N captions, V words, D size of a vector.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from mmva_core.towers import MiniLM, sentence_features

FEWEST_CAPTIONS = 5
"""Training captions that hold a word, for it to be a tag."""
WORD_LAYERS: tuple[int, ...] = (0,)
"""MiniLM's hidden state that stands for single words: the token embeddings with their places."""
SENTENCE_LAYERS: tuple[int, ...] = ()
"""MiniLM as it was trained: one unit vector for the whole sentence."""


class BinaryTags:
    """Words of captions as binary tags.

    Args:
        captions: training captions; words that fewer than `FEWEST_CAPTIONS` of them hold, or all
            of them, are no tags.
    """

    def __init__(self, captions: Sequence[str]) -> None:
        counts = Counter(word for caption in captions for word in _words(caption))
        self.tags = sorted(
            word for word, count in counts.items() if FEWEST_CAPTIONS <= count < len(captions)
        )

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """Return (N, V) float32, 1 where the caption holds the word."""
        held = [_words(caption) for caption in captions]
        return torch.tensor([[float(tag in words) for tag in self.tags] for words in held]).reshape(
            len(captions), len(self.tags)
        )


def word_vectors(captions: Sequence[str]) -> Tensor:
    """Return the mean of each caption's word vectors, (N, D)."""
    return _encode(WORD_LAYERS, captions)


def sentence_vectors(captions: Sequence[str]) -> Tensor:
    """Return each caption's sentence vector, (N, D)."""
    return _encode(SENTENCE_LAYERS, captions)


def _encode(layers: tuple[int, ...], captions: Sequence[str]) -> Tensor:
    """Encode each different caption once in the life of the program."""
    tower, known = _minilm(layers)
    unknown = [caption for caption in dict.fromkeys(captions) if caption not in known]
    if unknown:
        vectors = sentence_features(tower, unknown, torch.device("cpu"))
        known.update(zip(unknown, vectors, strict=True))
    return torch.stack([known[caption] for caption in captions])


@cache
def _minilm(layers: tuple[int, ...]) -> tuple[MiniLM, dict[str, Tensor]]:
    """Return MiniLM and the captions that it has encoded."""
    return MiniLM(layers=layers), {}


def _words(caption: str) -> set[str]:
    return set(re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", caption.lower()))
