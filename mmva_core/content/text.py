"""Texts in MiniLM's space, where pictures can be compared with them.

Letters in shapes: N texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mmva_core.content.heads import load_heads
from mmva_core.embedded import SentenceEncoder

FILM_PROMPT = "a video of {}"
"""How a title or a topic becomes a sentence that describes a film."""
SHORTEST_WORD = 3
"""Letters of the shortest word that is compared by itself."""

FloatArray = npt.NDArray[np.float32]


class TextEncoder:
    """all-MiniLM-L6-v2 as it was trained: sentences become points on the unit sphere.

    Raises:
        MissingExtraError: the extra "text" is not installed.
        CheckpointError: the weights are missing or damaged.
    """

    def __init__(self) -> None:
        self._sentences = SentenceEncoder()

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors (N, 384); the cosine of two is their dot product."""
        return self._sentences.encode(texts)

    def embed_topic(self, topic: str) -> FloatArray:
        """Return the unit vector (384,) of a film's title or topic."""
        (embed,) = self.embed([FILM_PROMPT.format(topic.strip())])
        unit: FloatArray = embed
        return unit

    def place_topic(self, topic: str) -> FloatArray:
        """Return a topic's place among pictures, (E,).

        Its dot product with `PictureContent.embeds` is how close the pictures come to it.
        """
        basis = load_heads().basis
        return (basis @ self.embed_topic(topic)).astype(np.float32)

    def sentence_closeness(self, sentences: Sequence[str], topic: str) -> FloatArray:
        """Return how close sentences are to a topic, (N,) in [-1, 1].

        It is the mean of two cosines: with the topic as a whole, and with that of its words which
        is closest. A caption seldom says all that a title says.
        """
        known, places = np.unique(np.array(sentences, dtype=object), return_inverse=True)
        embeds = self.embed(known.tolist())
        whole = embeds @ self.embed_topic(topic)
        words = re.findall(rf"[^\W\d_]{{{SHORTEST_WORD},}}", topic)
        best = (embeds @ self.embed(words).T).max(axis=1) if words else whole
        closeness = ((whole + best) / 2)[places]
        return closeness.astype(np.float32)
