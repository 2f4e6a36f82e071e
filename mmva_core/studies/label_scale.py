"""Fit the map of `mmva_core.prompts.label_scale`, and measure it on artists that it has not met.

Letters in shapes: N descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmva_core.data.open import DescribedClip
from mmva_core.lite import FOLDS, assign_fold
from mmva_core.model import MMVA
from mmva_core.prompts import Templates, describe, label_scale_inputs
from mmva_core.train import Metrics, bootstrap_interval, regression_metrics, va_metrics

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOutSkill:
    """What a map reaches on clips of artists that it was fitted without."""

    dimension: str
    """ "valence" or "arousal"."""
    before: Metrics
    """Of the caption tower's own prediction."""
    after: Metrics
    """Of the map."""
    before_interval: tuple[float, float]
    """95 % interval of the skill before, drawn by artist."""
    after_interval: tuple[float, float]
    """The same after."""


def fit_label_scale(
    model: MMVA, templates: Templates, clips: Sequence[DescribedClip], *, seed: int = 0
) -> tuple[NDArray[np.float32], list[HeldOutSkill]]:
    """Fit the map by least squares, and measure it on held-out artists.

    Args:
        model: model with a caption tower.
        templates: sentences with the slots "genre" and "mood"; other slots are filled at random.
        clips: N pieces of described music.
        seed: of the random words.

    Returns:
        (5, 2) weights, and what maps reach that were fitted without each fold of artists.
    """
    random = np.random.default_rng(seed)
    inputs = label_scale_inputs(model, [describe(templates, clip, random) for clip in clips])
    labels = np.stack([clip.va for clip in clips]).astype(np.float64)
    folds = np.array([assign_fold(clip.group) for clip in clips])
    held_out = np.empty_like(labels)
    for fold in FOLDS:
        rows = folds == fold
        held_out[rows] = inputs[rows] @ _solve(inputs[~rows], labels[~rows])
    groups = [clip.group for clip in clips]
    skills = list(_skills(inputs[:, :2], held_out.clip(0, 1), labels, groups))
    return _solve(inputs, labels).astype(np.float32), skills


def _solve(inputs: Doubles, labels: Doubles) -> Doubles:
    weights, *_ = np.linalg.lstsq(inputs, labels, rcond=None)
    return np.asarray(weights)


def _skills(
    before: Doubles, after: Doubles, labels: Doubles, groups: Sequence[str]
) -> Iterator[HeldOutSkill]:
    old, new = va_metrics(before, labels), va_metrics(after, labels)
    for column, name in enumerate(old):
        truth = labels[:, column]
        intervals = [
            bootstrap_interval(_skill, side[:, column], truth, groups=groups)
            for side in (before, after)
        ]
        yield HeldOutSkill(name, old[name], new[name], *intervals)


def _skill(predicted: Doubles, labels: Doubles) -> float:
    return regression_metrics(predicted, labels).skill
