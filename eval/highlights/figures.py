"""How well scores and a selection follow the labels of one film.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from eval.highlights.labels import CREDITS, INTENSE, UNCLEAR, LabelledFilm, Span
from vsumm.media import Segment

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """Figures of one scorer on one film; NaN where the labels say nothing."""

    auc: float
    """Chance that an intense segment scores higher than another one; 0.5 is chance."""
    share: float
    """Share of the reel in intense zones, of what is judged."""
    moments_hit: float
    """Moments of which the reel shows a part."""
    num_moments: float
    """Moments there are."""
    num_runs: float
    """Pieces the reel consists of."""
    credits_seconds: float
    """Seconds of credits and titles in the reel."""


def measure_figures(
    film: LabelledFilm, segments: Sequence[Segment], scores: FloatArray, runs: Sequence[Segment]
) -> Figures:
    """Compare scores and a reel with the labels of a film.

    Args:
        film: the labels.
        segments: N pieces, chronological.
        scores: (N,) any scale; NaN, for what cannot be picked, counts as lowest.
        runs: what the reel consists of, chronological, not overlapping.
    """
    labels = film.is_intense(segments)
    return Figures(
        auc=area_under_curve(scores, labels),
        share=_share(film, runs),
        moments_hit=sum(any(_overlap(run, moment) > 0 for run in runs) for moment in film.moments),
        num_moments=len(film.moments),
        num_runs=len(runs),
        credits_seconds=sum(
            _overlap(run, zone) for run in runs for zone in film.zones if zone.label in CREDITS
        ),
    )


def area_under_curve(scores: FloatArray, labels: FloatArray) -> float:
    """Return the area under the ROC curve of scores against labels 0, 1 and NaN (not judged).

    >>> area_under_curve(np.array([0.1, 0.9, 0.5]), np.array([0.0, 1.0, np.nan]))
    1.0
    """
    is_judged = np.isfinite(labels)
    positive = labels[is_judged] == 1
    num_pairs = positive.sum() * (~positive).sum()
    if not num_pairs:
        return float("nan")
    lowest = np.where(np.isfinite(scores), scores, -np.inf)[is_judged]
    ranks = rankdata(lowest)
    least = positive.sum() * (positive.sum() + 1) / 2
    return float((ranks[positive].sum() - least) / num_pairs)


def _share(film: LabelledFilm, runs: Sequence[Segment]) -> float:
    shown = {True: 0.0, False: 0.0}
    for zone in film.zones:
        if zone.label != UNCLEAR:
            shown[zone.label == INTENSE] += sum(_overlap(run, zone) for run in runs)
    total = sum(shown.values())
    return shown[True] / total if total else float("nan")


def _overlap(run: Segment, span: Span) -> float:
    earlier_end = min(run.end_seconds, span.end_seconds)
    return max(0.0, earlier_end - max(run.start_seconds, span.start_seconds))
