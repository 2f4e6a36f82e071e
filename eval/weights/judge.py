"""Films that somebody has judged: zones labelled by one person, or scores of several.

Letters: N segments, R scorings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.cues import FloatArray, columns_of
from eval.datasets import BenchmarkVideo
from eval.highlights import LabelledFilm, area_under_curve
from eval.model import hold_over_frames
from eval.protocol import mean_tau
from eval.weights.choose import JudgedFilm
from vsumm.media import Segment
from vsumm.summary import Summary


def judge_labelled(film: LabelledFilm, summary: Summary) -> JudgedFilm:
    """Judge by Somers' D = 2 AUC - 1 of intense zones against all others."""
    labels = film.is_intense(_segments(summary))

    def judge(scorings: FloatArray) -> FloatArray:
        return np.array([2 * area_under_curve(scores, labels) - 1 for scores in scorings])

    return JudgedFilm(film.path.stem, columns_of(summary), judge)


def judge_scored(video: BenchmarkVideo, summary: Summary) -> JudgedFilm:
    """Judge by Kendall's tau-b over frames with each user, averaged over the users."""
    starts = [segment.start_seconds for segment in _segments(summary)]

    def judge(scorings: FloatArray) -> FloatArray:
        known = np.nan_to_num(scorings)
        return mean_tau(video, np.stack([hold_over_frames(s, starts, video) for s in known]))

    return JudgedFilm(video.video_id, columns_of(summary), judge)


def _segments(summary: Summary) -> Sequence[Segment]:
    return [row.segment for row in summary.segments]
