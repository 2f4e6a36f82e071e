"""The default score: several signals, standardised within the film, and added up.

    total = sum over signals of weight x z,   z = (value - mean) / max(deviation, least deviation)

The least deviation of a signal is what noise alone reaches, so a signal that hardly varies within a
film, as motion in a slide show, has next to no say. What weight the picture loses so, music gains:
a song under a still picture is scored by its music. Values are averaged over neighbouring segments
by `KERNEL` before, except where a signal is exact by segment. Penalties come last and are not
averaged: a title card stays one beside a chase.

Weights are few and round. About 150 settings were compared on three labelled films and four videos
that people have scored, so the figures on these (`docs/highlights.md`) lean to the good side.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vsumm.config import SummaryConfig
from vsumm.score.signal import FloatArray

KERNEL = (1.0, 2.0, 4.0, 2.0, 1.0)
"""Weights of the two segments before, the segment itself and the two after."""
MOST_DEVIATIONS = 3.0
"""A single signal counts for no more deviations than this, up or down."""


@dataclass(frozen=True)
class Part:
    """How one signal enters the score."""

    weight: float
    """Deviations of the total that one deviation of the signal is worth."""
    least_deviation: float
    """Deviation within a film, in units of the signal, that noise alone may reach."""
    is_smoothed: bool = True
    """Whether neighbours are averaged first."""


PARTS: Mapping[str, Part] = {
    "motion": Part(1.0, 0.03),
    "image_arousal": Part(0.5, 0.02),
    "about": Part(1.0, 0.1),
    "music_arousal": Part(0.25, 0.06),
    "loudness": Part(0.5, 2.0),
    "loudness_rise": Part(0.25, 2.0),
    "middle": Part(0.5, 0.1, is_smoothed=False),
    "cuts": Part(0.0, 0.1),
    "change": Part(0.0, 0.02),
    "onsets": Part(0.0, 0.2),
    "speech_energy": Part(0.0, 0.1),
}
"""What the score is made of, by the name of the signal. Those of weight 0 gained nothing beside the
others on the open material; a weight can be given to them."""

OF_THE_PICTURE, HEIR = ("motion", "image_arousal"), "music_arousal"
"""Signals of the picture, and the one that gains the weight that they lose where they do not vary:
a still picture, or none."""

PENALTIES: Mapping[str, float] = {"card": 4.0}
"""Deviations that a probability of 1 takes off the total; one of a half or less takes off nothing,
since busy scenes get a tenth or two."""


@dataclass(frozen=True)
class Highlights:
    """Scores, and what they are made of."""

    scores: FloatArray
    """(N,) in [0, 1], NaN where there is neither picture nor sound."""
    contributions: Mapping[str, FloatArray]
    """(N,) weighted deviations by signal; their sum is the total."""


def score_highlights(
    columns: Mapping[str, FloatArray], weights: Mapping[str, float] | None = None
) -> Highlights:
    """Fuse signals to one score per segment.

    Args:
        columns: signals by name, shape (N,), NaN where there is nothing to say; a signal that is
            not there, such as loudness in a silent film, counts as average.
        weights: in place of the weights in `PARTS` and `PENALTIES`; 0 leaves a signal out.

    Returns:
        Scores on the scale of the film: 0.5 is average, one deviation of the total is 1 / 6.

    Raises:
        ValueError: a weight is for a signal that is no part of the score.
    """
    check_weights(weights or {})
    used = used_weights(weights)
    varied = {
        name: _standardise(columns[name], part)
        for name, part in PARTS.items()
        if name in columns and name in used
    }
    if HEIR in used:
        says = {name: each.say for name, each in varied.items()}
        used[HEIR] += sum(
            used.get(name, 0.0) * (1 - says.get(name, 0.0)) for name in OF_THE_PICTURE
        )
    contributions = {name: used[name] * each.deviations for name, each in varied.items()}
    for name in PENALTIES:
        if name in columns and name in used:
            excess = np.clip(2 * np.nan_to_num(columns[name]) - 1, 0, 1)
            contributions[name] = -used[name] * excess
    total = np.sum([np.zeros(len(next(iter(columns.values())))), *contributions.values()], axis=0)
    spread = max(float(np.std(total)), 1e-9)
    scores = np.clip(0.5 + (total - np.mean(total)) / spread / 6, 0, 1)
    told = [np.isfinite(columns[name]) for name in PARTS if name in columns and name != "middle"]
    has_signal = np.any(told, axis=0)
    return Highlights(np.where(has_signal, scores, np.nan), contributions)


def used_weights(weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the weights of the signals that count, the defaults where `weights` has none.

    >>> list(used_weights({"motion": 0.0, "change": 1.0}))[:2]
    ['image_arousal', 'about']
    """
    defaults = {name: part.weight for name, part in PARTS.items()} | dict(PENALTIES)
    return {name: weight for name, weight in (defaults | dict(weights or {})).items() if weight}


def weights_of(config: SummaryConfig) -> dict[str, float]:
    """Return the weights that the settings ask for; a query is the only signal that counts."""
    if config.query is None:
        return dict(config.weights)
    return {name: float(name == "about") for name in (*PARTS, *PENALTIES)}


def check_weights(weights: Mapping[str, float]) -> None:
    """Check that weights are for signals of the score.

    Raises:
        ValueError: one is for a signal that is no part of it.
    """
    unknown = weights.keys() - PARTS.keys() - PENALTIES.keys()
    if unknown:
        known = ", ".join([*PARTS, *PENALTIES])
        raise ValueError(f"weights: no signal {', '.join(sorted(unknown))}; there are {known}")


@dataclass(frozen=True)
class _Varied:
    """A signal, standardised within a film."""

    deviations: FloatArray
    """(N,) in [-`MOST_DEVIATIONS`, `MOST_DEVIATIONS`]; 0 where there is no value."""
    say: float
    """Its deviation as a share of the least that counts in full, in [0, 1]."""


def _standardise(values: FloatArray, part: Part) -> _Varied:
    is_known = np.isfinite(values)
    if not is_known.any():
        return _Varied(np.zeros(len(values)), 0.0)
    smoothed = weighted_mean(values) if part.is_smoothed else values
    deviation = float(np.std(smoothed[is_known]))
    centred = smoothed - np.mean(smoothed[is_known])
    steps = centred / max(deviation, part.least_deviation)
    clipped = np.clip(steps, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    say = min(1.0, deviation / part.least_deviation)
    return _Varied(np.where(is_known, clipped, 0.0), say)


def weighted_mean(values: FloatArray) -> FloatArray:
    """Average every value with its neighbours by `KERNEL`; NaN stays and is left out of means.

    >>> weighted_mean(np.array([0.0, 4.0, np.nan, 1.0])).round(2).tolist()
    [1.33, 2.43, nan, 1.6]
    """
    is_known = np.isfinite(values)
    reach = len(KERNEL) // 2
    inside = slice(reach, len(values) + reach)
    sums = np.convolve(np.where(is_known, values, 0.0), KERNEL, "full")[inside]
    counts = np.convolve(is_known.astype(np.float64), KERNEL, "full")[inside]
    return np.where(is_known, sums / np.maximum(counts, 1e-9), np.nan)
