"""Rows of figures: ours, those of the constant predictor, and those that the paper reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd
from torch import Tensor

from mmva_core.published import read_table
from mmva_core.retrieval import FloatArray
from mmva_core.studies.tables import align
from mmva_core.train import Evaluation, Metrics, bootstrap_interval

FIGURES = ("mse", "mae", "r2", "ccc", "pearson", "skill", "constant_mse", "constant_mae")
PAPER = "MMVA, the paper's figure"
"""Source of rows that are quoted from the paper."""


@dataclass(frozen=True)
class Row:
    """Figures of one predicted quantity; None where a figure is unknown."""

    source: str
    """Name of the model, or `PAPER`."""
    split: str
    """Name of the samples."""
    target: str
    """ "similarity", "image", "music" or "caption"."""
    dimension: str
    """ "valence", "arousal", or "score" of the similarity."""
    mse: float | None = None
    mae: float | None = None
    r2: float | None = None
    ccc: float | None = None
    pearson: float | None = None
    skill: float | None = None
    constant_mse: float | None = None
    constant_mae: float | None = None
    num_samples: int | None = None
    mse_low: float | None = None
    """Lower end of the 95 % bootstrap interval of the MSE."""
    mse_high: float | None = None
    mae_low: float | None = None
    """Lower end of the 95 % bootstrap interval of the MAE."""
    mae_high: float | None = None

    @classmethod
    def of(
        cls,
        source: str,
        split: str,
        target: str,
        dimension: str,
        metrics: Metrics,
        intervals: ErrorIntervals | None = None,
    ) -> Row:
        """Make a row of `metrics`."""
        return cls(
            source,
            split,
            target,
            dimension,
            **{name: getattr(metrics, name) for name in FIGURES},
            num_samples=metrics.num_samples,
            **({} if intervals is None else asdict(intervals)),
        )


@dataclass(frozen=True)
class ErrorIntervals:
    """95 % bootstrap intervals of the errors of one predicted quantity."""

    mse_low: float
    mse_high: float
    mae_low: float
    mae_high: float

    @classmethod
    def of(cls, predicted: Tensor, target: Tensor, groups: Sequence[str]) -> ErrorIntervals:
        """Resample predictions (N,) and labels (N,) by whole groups (N,)."""
        errors = (predicted - target).abs().double()
        return cls(
            *bootstrap_interval(_mean, errors.square(), groups=groups),
            *bootstrap_interval(_mean, errors, groups=groups),
        )


def paper_rows() -> list[Row]:
    """Return MMVA's figures of Table 1 (Choi, Kim, Kang, arXiv 2501.01094).

    The paper's split of the music seems to put two-second clips of one song on both sides, so its
    music figures do not compare with those on held-out songs.
    """
    errors: dict[tuple[str, str, str], dict[str, float]] = {}
    for figure in read_table(1).of("paper"):
        if figure.system == "MMVA":
            target, dimension, measure = figure.column.split()
            errors.setdefault((figure.protocol, target, dimension), {})[measure] = figure.figure
    return [Row(PAPER, *of, mse=own["MSE"], mae=own["MAE"]) for of, own in errors.items()]


def evaluation_rows(evaluation: Evaluation, source: str, split: str) -> list[Row]:
    """Convert an evaluation to rows: similarity first, then the modalities."""
    rows = []
    if evaluation.similarity is not None:
        rows.append(Row.of(source, split, "similarity", "score", evaluation.similarity))
    for modality, dimensions in evaluation.va.items():
        for dimension, metrics in dimensions.items():
            rows.append(Row.of(source, split, modality, dimension, metrics))
    return rows


def evaluation_text(rows: Sequence[Row]) -> str:
    """Write rows as an aligned table."""
    lines = [
        {"model": row.source, "split": row.split, "of": row.target, "dimension": row.dimension}
        | {name: _number(getattr(row, name)) for name in FIGURES}
        | {"n": "-" if row.num_samples is None else str(row.num_samples)}
        for row in rows
    ]
    return align(pd.DataFrame(lines), num_words=4)


def _mean(values: FloatArray) -> float:
    return float(values.mean())


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
