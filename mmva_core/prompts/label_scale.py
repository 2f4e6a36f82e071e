"""Bring predictions of prompts to the scale of people's labels.

A caption tower that learned from sentences of all kinds finds every description of music pleasant,
and one mood word among thirty others moves it little. So valence and arousal of a prompt are read
by a linear map from two predictions: that of the whole prompt, and the mean of those of its
sentences, each by itself, where the mood has more weight. The map is fitted to music that people
have described and labelled, in the sentences of the templates with people's words in them.

    label = [va of the prompt, mean va of its sentences, 1] @ weights

Letters in shapes: N descriptions, P prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmva_core.data.open import DescribedClip
from mmva_core.model import MMVA
from mmva_core.prompts.predict import predict_by_length
from mmva_core.prompts.templates import Templates, kind_of

MOST_MOODS = 2
"""Mood words in a description."""
Floats = NDArray[np.float32]


def label_scale_inputs(model: MMVA, descriptions: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return what the map is applied to, (N, 5), for descriptions of as many sentences each."""
    whole = _predict(model, [" ".join(sentences) for sentences in descriptions])
    return np.column_stack([whole, _mean_alone(model, descriptions), np.ones(len(whole))])


def on_label_scale(model: MMVA, templates: Templates, va: Floats, weights: Floats) -> Floats:
    """Bring predictions to the scale of labels.

    Args:
        model: the model that predicted; it predicts every sentence by itself.
        templates: P prompts.
        va: (P, 2) predictions for them.
        weights: (5, 2) weights of the map.

    Returns:
        (P, 2) in [0, 1].
    """
    filled = [
        [sentence.format(**templates.words_of(row)) for sentence in templates.sentences]
        for row in range(len(templates))
    ]
    inputs = np.column_stack([va, _mean_alone(model, filled), np.ones(len(va))])
    return np.asarray((inputs @ weights).clip(0, 1), dtype=np.float32)


def describe(templates: Templates, clip: DescribedClip, random: np.random.Generator) -> list[str]:
    """Fill the sentences of the templates with people's words for a clip.

    Slots that people said nothing about get words of the templates, none twice.
    """
    moods = random.permutation(clip.moods)[:MOST_MOODS]
    filled = {"genre": clip.genre, "mood": " and ".join(moods)}
    for kind in dict.fromkeys(kind_of(slot) for slot in templates.slots):
        slots = [slot for slot in templates.slots if kind_of(slot) == kind]
        if kind not in filled:
            drawn = random.choice(templates.words[kind], len(slots), replace=False)
            filled |= dict(zip(slots, drawn, strict=True))
    return [sentence.format(**filled) for sentence in templates.sentences]


def _mean_alone(model: MMVA, descriptions: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Predict every sentence by itself; return means (N, 2) over those of a description."""
    known = list(dict.fromkeys(text for sentences in descriptions for text in sentences))
    place = {text: row for row, text in enumerate(known)}
    va = _predict(model, known)
    rows = np.array([[place[text] for text in sentences] for sentences in descriptions])
    return np.asarray(va[rows].mean(1))


def _predict(model: MMVA, texts: list[str]) -> NDArray[np.float64]:
    va = np.empty((len(texts), 2))
    for places, of_batch in predict_by_length(model, texts):
        va[places] = of_batch
    return va
