"""How close each segment comes to what the film is said to be about."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mmva_core import content
from mmva_core.errors import MissingExtraError
from vsumm.errors import ModelError
from vsumm.score.signal import Arrays, Film, FloatArray, Signal
from vsumm.score.signals.clip import CLIP, clip_of
from vsumm.score.signals.image import IMAGE
from vsumm.score.signals.topic import Topic, find_topic

if TYPE_CHECKING:
    from mmva_core.content import TextEncoder

BEST_SHARE = 0.25
"""Share of the segments, the closest ones, that say whether a topic fits the film."""
TRUST_FROM, TRUST_FULL = 0.1, 0.3
"""Mean closeness of those: a topic is ignored up to the first and believed from the second on.
Right titles of ten films reached 0.14 to 0.40, titles of other films 0.08 in the median and 0.24 in
one of ten cases."""
CLIP_SCALE = 5.0
"""What cosines by CLIP are multiplied by, to vary as those by concepts do: they seldom exceed 0.4
(J. Hessel et al., "CLIPScore", EMNLP 2021, who multiply them by 2.5)."""


def closeness_to(topic: npt.NDArray[np.float32], embeds: FloatArray) -> FloatArray:
    """Compare segments with a topic.

    Args:
        topic: (E,) from `TextEncoder.place_topic`.
        embeds: (N, E) unit vectors of the segments; NaN where there is no picture.

    Returns:
        (N,) cosines of picture and topic in [-1, 1]; NaN where there is no picture.

    >>> closeness_to(np.array([0.5, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
    [0.5, 0.0]
    """
    closeness: FloatArray = embeds @ topic.astype(np.float64)
    return closeness


def trust_in(closeness: FloatArray) -> float:
    """Return how far a topic is believed, in [0, 1]; 0 where no part of the film shows it.

    Args:
        closeness: (N,) from `closeness_to`.

    >>> trust_in(np.array([0.5, 0.0])), trust_in(np.array([0.05, np.nan]))
    (1.0, 0.0)
    """
    known = np.sort(closeness[np.isfinite(closeness)])
    if not len(known):
        return 0.0
    best = float(np.mean(known[-max(1, int(BEST_SHARE * len(known))) :]))
    return float(np.clip((best - TRUST_FROM) / (TRUST_FULL - TRUST_FROM), 0.0, 1.0))


def _about(film: Film, arrays: Arrays) -> FloatArray:
    """Return the closeness to the query, or to the topic as far as that is believed.

    A topic that fits nothing says nothing; a query is what the user looks for, however seldom it
    is seen.

    Raises:
        ModelError: a topic or a query was stated, and what compares it is not installed.
    """
    config = film.config
    topic = find_topic(film.info, config.query or config.about)
    if topic is None:
        return np.full(film.num_segments, np.nan)
    if config.about_model is not None:
        return _by_clip(film, arrays, topic)
    closeness = _by_concepts(film, arrays, topic)
    return closeness if config.query else trust_in(closeness) * closeness


def _by_concepts(film: Film, arrays: Arrays, topic: Topic) -> FloatArray:
    nothing = np.full(film.num_segments, np.nan)
    if not np.isfinite(arrays["text_embeds"]).any():
        return nothing
    try:
        place = _encoder().place_topic(topic.text)
    except MissingExtraError as error:
        if topic.source == "stated":
            raise ModelError(str(error)) from error
        return nothing
    return closeness_to(place, arrays["text_embeds"])


def _by_clip(film: Film, arrays: Arrays, topic: Topic) -> FloatArray:
    """Return the closeness by CLIP; titles and file names are believed as far as concepts fit."""
    place = clip_of(film).embed_topic(topic.text).numpy()
    closeness = CLIP_SCALE * closeness_to(place, arrays["clip_embeds"])
    if topic.source == "stated":
        return closeness
    by_concepts = _by_concepts(film, arrays, topic)
    return closeness * (trust_in(by_concepts) if np.isfinite(by_concepts).any() else 1.0)


@cache
def _encoder() -> TextEncoder:
    return content.TextEncoder()


ABOUT = Signal("about", (IMAGE, CLIP), _about, "what the film is about")
