"""Tables of figures: ours beside the constant predictor and beside what the paper reports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

from mmva_core.train import Evaluation, Metrics

Format = Literal["text", "csv", "json"]
"""How a table is written."""
FORMATS: tuple[Format, ...] = get_args(Format)

FIGURES = ("mse", "mae", "r2", "ccc", "pearson", "skill", "constant_mse", "constant_mae")
PAPER = "MMVA, the paper's figure"
"""Source of rows that are quoted, not measured."""


@dataclass(frozen=True)
class Row:
    """Figures of one predicted number; None where a figure is not known."""

    source: str
    """Which model, or that the figure is the paper's."""
    split: str
    """On which samples."""
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

    @classmethod
    def of(cls, source: str, split: str, target: str, dimension: str, metrics: Metrics) -> Row:
        """Take every figure of `metrics`."""
        return cls(
            source,
            split,
            target,
            dimension,
            **{name: getattr(metrics, name) for name in FIGURES},
            num_samples=metrics.num_samples,
        )


PAPER_SPLIT = "IMEMNet-C, the paper's own split"
PAPER_ROWS = (
    Row(PAPER, PAPER_SPLIT, "image", "valence", mse=0.0231, mae=0.110),
    Row(PAPER, PAPER_SPLIT, "image", "arousal", mse=0.049, mae=0.181),
    Row(PAPER, PAPER_SPLIT, "music", "both", mse=0.0003),
)
"""What Choi, Kim and Kang (arXiv 2501.01094) report; only the figures that we could check a source
for. Two-second clips of one song seem to lie on both sides of the paper's split of the music, so
its music figure cannot be compared with one on unseen songs."""


def evaluation_rows(evaluation: Evaluation, source: str, split: str) -> list[Row]:
    """Lay an evaluation out as rows: similarity first, then the modalities."""
    rows = []
    if evaluation.similarity is not None:
        rows.append(Row.of(source, split, "similarity", "score", evaluation.similarity))
    for modality, dimensions in evaluation.va.items():
        for dimension, metrics in dimensions.items():
            rows.append(Row.of(source, split, modality, dimension, metrics))
    return rows


def render(rows: Sequence[Row], form: Format) -> str:
    """Write rows as an aligned text table, CSV or JSON."""
    writers: dict[Format, Callable[[Sequence[Row]], str]] = {
        "text": _as_text,
        "csv": _as_csv,
        "json": lambda rows: json.dumps([asdict(row) for row in rows], indent=2),
    }
    return writers[form](rows)


def _as_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [entry.name for entry in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue().rstrip("\n")


def _as_text(rows: Sequence[Row]) -> str:
    header = ["model", "split", "of", "dimension", *FIGURES, "n"]
    cells = [header]
    for row in rows:
        numbers = [_number(getattr(row, name)) for name in FIGURES]
        count = "-" if row.num_samples is None else str(row.num_samples)
        cells.append([row.source, row.split, row.target, row.dimension, *numbers, count])
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    num_words = 4  # words are flush left, numbers flush right
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < num_words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
