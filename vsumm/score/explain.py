"""What a score is made of, signal by signal, and in words.

    contributions of a row   motion +1.8   loudness +0.6   middle +0.3   change -0.2
    in words                 much motion, loud sound

One unit is a standard deviation within the film. By "highlights" the contributions are the terms
that the score adds up. By "image" or "music" they are those of the arousal and of the motion that
is added to it. By "both" the score is a mean of ranks, which have no terms: half the deviations
behind either rank stand for it.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vsumm.config import By, SummaryConfig
from vsumm.score.arousal import smooth
from vsumm.score.highlights import score_highlights, weights_of
from vsumm.score.signal import FloatArray
from vsumm.score.signals import SIGNALS

MOST_PHRASES = 3
"""A reason names this many signals at most."""
LEAST_CONTRIBUTION = 0.25
"""Deviations from which on a signal is a reason."""
LEAST_SPREAD = 1e-6
"""A signal that varies by less does not vary: sums of equal numbers differ by rounding."""


def contributions(
    columns: Mapping[str, FloatArray], config: SummaryConfig, *, by: By
) -> dict[str, FloatArray]:
    """Return how much every signal raises or lowers the score of every segment.

    Args:
        columns: signals by name, shape (N,), NaN where there is nothing to say.
        config: the weights and the smoothing that the score was computed with.
        by: what the segments were scored by.

    Returns:
        Deviations by signal, shape (N,); 0 where there is nothing to say.
    """
    if by == "highlights":
        return dict(score_highlights(columns, weights_of(config)).contributions)
    share = 0.5 if by == "both" else 1.0
    weights = {
        "image_arousal": share * (by != "music"),
        "motion": share * (by != "music") * config.motion_weight,
        "music_arousal": share * (by != "image"),
    }
    return {
        name: weight * _deviations(smooth(columns[name], width=config.smoothing_segments))
        for name, weight in weights.items()
        if weight and name in columns
    }


def reasons(parts: Mapping[str, FloatArray], rows: Sequence[int]) -> list[str]:
    """Return in words which signals raise the score of some segments, the strongest first.

    Args:
        parts: what `contributions` returns.
        rows: indices of the segments, whose contributions are averaged.

    Returns:
        At most `MOST_PHRASES`, such as "much motion"; none where no signal stands out.
    """
    chosen: npt.NDArray[np.intp] = np.asarray(rows, dtype=np.intp)
    # Where in the film a segment lies is a prior, no reason.
    phrases = {signal.name: signal.phrase for signal in SIGNALS if signal.measurements}
    means = {name: float(np.mean(parts[name][chosen])) for name in phrases if name in parts}
    strongest = sorted(means, key=lambda name: -means[name])[:MOST_PHRASES]
    return [phrases[name] for name in strongest if means[name] >= LEAST_CONTRIBUTION]


def _deviations(values: FloatArray) -> FloatArray:
    """Standardise within the film; what has no value counts as average."""
    is_known = np.isfinite(values)
    spread = float(np.std(values[is_known])) if is_known.any() else 0.0
    if spread < LEAST_SPREAD:
        return np.zeros(len(values))
    return np.where(is_known, (values - np.mean(values[is_known])) / spread, 0.0)
