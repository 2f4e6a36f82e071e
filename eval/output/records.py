"""Turn evaluations into plain values, for JSON. Everything is a fraction, nothing in percent."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from eval.output.text import describe_ties
from eval.protocol import (
    CONFIDENCE,
    HEADLINE,
    MEASURES,
    METHOD,
    NUM_RESAMPLES,
    Evaluation,
    VideoResult,
    bootstrap_mean,
)

SCHEMA_VERSION = 1


def to_record(evaluation: Evaluation) -> dict[str, Any]:
    """Return the evaluation as plain values; None where a measure is missing."""
    protocol = evaluation.settings.protocol
    return {
        "schema_version": SCHEMA_VERSION,
        "benchmark": evaluation.benchmark,
        "protocol": protocol,
        "shots": evaluation.shots_label,
        "settings": asdict(evaluation.settings),
        "headline": HEADLINE[evaluation.benchmark],
        "tie_rule": describe_ties(evaluation),
        "interval": {"confidence": CONFIDENCE, "num_resamples": NUM_RESAMPLES, "over": "videos"},
        "method": evaluation.method,
        "overall": {s: overall_figures(evaluation, s) for s in evaluation.scorers},
        "method_less_random": _difference(evaluation),
        "categories": {c: _category(evaluation, c) for c in evaluation.categories},
        "videos": [_video(video) for video in evaluation.videos],
        "published": [asdict(figure) for figure in evaluation.published],
        "notes": list(evaluation.notes),
    }


def overall_figures(evaluation: Evaluation, scorer: str) -> dict[str, Any]:
    """Return mean and interval over videos of each measure; None where it does not exist."""
    figures: dict[str, Any] = {}
    for measure in MEASURES:
        values = evaluation.values(scorer, measure)
        figures[measure] = None if np.isnan(values).any() else asdict(bootstrap_mean(values))
        spread = evaluation.spread(scorer, measure)
        if figures[measure] is not None and spread is not None:
            figures[measure]["sd_over_seeds"] = spread
    return figures


def _difference(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the method's figures less those of random scores, paired by video."""
    if METHOD not in evaluation.scorers:
        return None
    pairs = {m: evaluation.values(METHOD, m) - evaluation.values("random", m) for m in MEASURES}
    return {
        m: None if np.isnan(values).any() else asdict(bootstrap_mean(values))
        for m, values in pairs.items()
    }


def _category(evaluation: Evaluation, category: str) -> dict[str, Any]:
    return {
        scorer: {
            measure: number_or_none(evaluation.values(scorer, measure, category=category).mean())
            for measure in MEASURES
        }
        for scorer in evaluation.scorers
        if len(evaluation.values(scorer, MEASURES[0], category=category))
    }


def _video(video: VideoResult) -> dict[str, Any]:
    return {
        "video": video.video_id,
        "category": video.category,
        "num_frames": video.num_frames,
        "num_shots": video.num_shots,
        "num_users": video.num_users,
        "scores_unit": video.scores_unit,
        "measures": {
            scorer: dict(zip(MEASURES, map(number_or_none, values), strict=True))
            for scorer, values in video.measures.items()
        },
    }


def number_or_none(value: float) -> float | None:
    """Return a number, or None in place of NaN, which JSON does not have."""
    return None if math.isnan(value) else float(value)
