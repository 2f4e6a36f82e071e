"""What a summary stands beside: its signals one by one, the paper's modes, and simple cues.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vsumm.config import By, SummaryConfig
from vsumm.media import Segment
from vsumm.score import arousal_score, score_highlights, smooth, used_weights
from vsumm.summary import Summary

FloatArray = npt.NDArray[np.float64]

WIDE = 5
"""Segments that "motion over 5" averages."""
LEAST_DEVIATION = 1e-9
"""Values that deviate less are constant up to rounding."""
SIGNAL = "signal: "
"""How the name of a scorer begins that is a signal alone."""
WITHOUT = "highlights without "
"""How the name of a scorer begins that lacks one signal."""
MODES: Mapping[By, tuple[str, ...]] = {
    "both": ("image_arousal", "music_arousal"),
    "image": ("image_arousal",),
    "music": ("music_arousal",),
}
"""The paper's modes, and the signals without which a film cannot be scored by them."""


def columns_of(summary: Summary) -> dict[str, FloatArray]:
    """Return the signals of a summary as arrays (N,), NaN for None."""
    return {
        name: np.array(
            [np.nan if (v := row.signals[name]) is None else v for row in summary.segments]
        )
        for name in summary.signal_names
    }


def mode_scores(
    columns: Mapping[str, FloatArray], config: SummaryConfig
) -> Iterator[tuple[str, FloatArray]]:
    """Yield the scores by each of the paper's modes that the signals of a film allow."""
    for mode, needed in MODES.items():
        if all(name in columns and _says_something(columns[name]) for name in needed):
            yield f"by {mode}", arousal_score(columns, config, by=mode)


def leave_one_out(
    columns: Mapping[str, FloatArray], config: SummaryConfig
) -> Iterator[tuple[str, FloatArray]]:
    """Yield the fused score without each of the signals that count, one at a time.

    A film that lacks the signal anyway has its full score there, so that means over films compare.
    """
    for name in used_weights(config.weights):
        scores = score_highlights(columns, {**config.weights, name: 0.0}).scores
        yield f"{WITHOUT}{name}", scores


def cue_scores(
    columns: Mapping[str, FloatArray], segments: Sequence[Segment]
) -> Iterator[tuple[str, FloatArray]]:
    """Yield every signal as a scorer of its own, and cues that need no model.

    Args:
        columns: signals of a film by name, (N,) each. Those without any value are left out, and so
            is "middle", which "nearer to the middle" stands for.
        segments: N pieces, chronological.
    """
    known = {
        name: values
        for name, values in columns.items()
        if name != "middle" and _says_something(values)
    }
    for name, values in known.items():
        yield f"{SIGNAL}{name}", values
    if "motion" in known:
        yield "motion over 5", smooth(known["motion"], width=WIDE)
        if "loudness" in known:
            yield "loudness + motion", standardise(known["loudness"]) + standardise(known["motion"])
    yield "nearer to the middle", position_scores(segments)


def position_scores(segments: Sequence[Segment]) -> FloatArray:
    """Return how near the middle of the film a segment is, (N,) in [-1, 0]."""
    centres = np.array([segment.centre_seconds for segment in segments])
    return -np.abs(2 * centres / segments[-1].end_seconds - 1)


def standardise(values: FloatArray) -> FloatArray:
    """Return deviations from the mean in standard deviations; 0 for NaN and for constant values.

    >>> standardise(np.array([1.0, 3.0, np.nan])).tolist()
    [-1.0, 1.0, 0.0]
    """
    deviation = float(np.nanstd(values)) if _says_something(values) else 0.0
    if deviation < LEAST_DEVIATION:
        return np.zeros(len(values))
    return np.nan_to_num((values - np.nanmean(values)) / deviation)


def lift(values: FloatArray) -> FloatArray:
    """Move values so that the lowest is 0, as is what has none: no knapsack takes what is below.

    >>> lift(np.array([-3.0, np.nan, -1.0])).tolist()
    [0.0, 0.0, 2.0]
    """
    lifted: FloatArray = np.nan_to_num(values - np.nanmin(values))
    return lifted


def _says_something(values: FloatArray) -> bool:
    return bool(np.isfinite(values).any())
