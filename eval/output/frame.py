"""Turn evaluations into one table, for pandas and spreadsheets, in fractions like the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from eval.output.records import number_or_none, overall_figures
from eval.output.text import name_scorer
from eval.protocol import MEASURES, Evaluation

COLUMNS = ("benchmark", "protocol", "video", "category", "scorer", *MEASURES)


def to_frame(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """Return one row per protocol, video and scorer, then "mean", "low" and "high" per scorer."""
    rows = [row for evaluation in evaluations for row in _rows(evaluation)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def to_csv(evaluations: Sequence[Evaluation]) -> str:
    """Return `to_frame` as CSV; a cell is empty where a measure does not exist."""
    return to_frame(evaluations).to_csv(index=False, lineterminator="\n")


def _rows(evaluation: Evaluation) -> Iterator[list[object]]:
    start = [evaluation.benchmark, evaluation.settings.protocol]
    for video in evaluation.videos:
        for scorer in filter(video.measures.__contains__, evaluation.scorers):
            name = name_scorer(evaluation, scorer)
            values = [number_or_none(v) for v in video.measures[scorer]]
            yield [*start, video.video_id, video.category or "", name, *values]
    for scorer in evaluation.scorers:
        overall = overall_figures(evaluation, scorer)
        for row in ("mean", "low", "high"):
            values = [None if overall[m] is None else overall[m][row] for m in MEASURES]
            yield [*start, row, "", name_scorer(evaluation, scorer), *values]
