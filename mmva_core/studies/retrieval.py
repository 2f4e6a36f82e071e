"""Retrieval between music and captions, as in Tables 2 and 5 of the paper, on available pairs.

Each caption retrieves among all pieces and each piece among all captions, by Eq. 1 on predicted
valence and arousal and by the cosine of the embeddings. Equal captions and equal predictions tie;
see `mmva_core.retrieval.metrics`.

The paper's figures (`mmva_core.published`) concern 1000 pairs of IMEMNet-C, and R@k depends on the
number of pairs. Chance among as many pairs is reported beside every model.

Letters in shapes: N pairs, D the size of an embedding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mmva_core.retrieval import (
    By,
    FloatArray,
    RetrievalMetrics,
    chance_metrics,
    expected_precision,
    expected_recall,
    rank_bounds,
    retrieval_metrics,
    unit_rows,
    va_distances,
)
from mmva_core.train import bootstrap_interval

Direction = Literal["caption to music", "music to caption"]
"""Query and target."""
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
FIGURES = ("recall_at_1", "recall_at_5", "recall_at_10", "map_at_10")
HEADINGS = ("R@1", "R@5", "R@10", "mAP@10")
"""Headings of the figures in a text table, which are in per cent."""
CHANCE = "chance"
"""Source of the rows of random guessing."""


@dataclass(frozen=True, eq=False)
class EncodedPairs:
    """N pieces of music and their captions, encoded by a model."""

    music_va: NDArray[np.float32]
    """(N, 2) valence and arousal of the pieces."""
    caption_va: NDArray[np.float32]
    """(N, 2) valence and arousal of the captions."""
    music_embeds: NDArray[np.float32]
    """(N, D) embeddings of the pieces."""
    caption_embeds: NDArray[np.float32]
    """(N, D) embeddings of the captions."""

    def __post_init__(self) -> None:
        sizes = {len(getattr(self, entry.name)) for entry in fields(self)}
        if len(sizes) != 1 or 0 in sizes:
            raise ValueError(f"pairs need as many pieces as captions, got {sorted(sizes)}")

    def scores(self, by: Literal["va", "cosine"]) -> FloatArray:
        """Compare every caption (rows) with every piece (columns), (N, N); higher is better."""
        if by == "cosine":
            # In float64, so that rounding neither makes nor breaks ties.
            caption, music = (
                unit_rows(embeds).astype(np.float64)
                for embeds in (self.caption_embeds, self.music_embeds)
            )
            return np.asarray(caption @ music.T)
        # Eq. 1 falls monotonically with the distance, so ranks need no exponential.
        return -va_distances(self.caption_va, self.music_va)


@dataclass(frozen=True)
class RetrievalRow:
    """Figures of one model, direction and comparison; shares in [0, 1]."""

    source: str
    """Name of the model, or "chance"."""
    data: str
    """Name of the pairs."""
    direction: Direction
    """Query and target."""
    by: By | None
    """What is compared; None for chance, and for methods that have scores of their own."""
    num_items: int
    """N, number of candidates; with folds, their rounded mean."""
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    map_at_10: float
    recall_at_10_low: float | None = None
    """Lower end of the 95 % bootstrap interval of R@10 over the queries."""
    recall_at_10_high: float | None = None
    """Upper end of the 95 % bootstrap interval of R@10 over the queries."""
    map_at_10_low: float | None = None
    """Lower end of the 95 % bootstrap interval of mAP@10 over the queries."""
    map_at_10_high: float | None = None
    """Upper end of the 95 % bootstrap interval of mAP@10 over the queries."""


def retrieval_rows(parts: Sequence[EncodedPairs], source: str, data: str) -> list[RetrievalRow]:
    """Evaluate a model in both directions and by both comparisons, and chance.

    Args:
        parts: sets of pairs that are searched separately, such as the folds of a
            cross-validation; figures are means over all queries.
        source: name of the model.
        data: name of the pairs.
    """
    rows = []
    for direction in DIRECTIONS:
        for by in ("va", "cosine"):
            tables = [part.scores(by) for part in parts]
            rows.append(_evaluate(tables, source, data, direction, by))
        rows.append(_chance(parts, data, direction))
    return rows


def scored_rows(
    tables: Sequence[FloatArray], source: str, data: str, by: By | None = None
) -> list[RetrievalRow]:
    """Evaluate the scores of a method in both directions.

    Args:
        tables: (N, N) scores of captions (rows) with pieces (columns) that belong together by
            place, one table for each set of pairs.
        source: name of the method.
        data: name of the pairs.
        by: what is compared; None for scores of the method's own.
    """
    return [_evaluate(tables, source, data, direction, by) for direction in DIRECTIONS]


def retrieval_text(rows: Sequence[RetrievalRow]) -> str:
    """Write rows as tables, one for each set of pairs."""
    return "\n".join(_text_lines(rows))


def _evaluate(
    tables: Sequence[FloatArray], source: str, data: str, direction: Direction, by: By | None
) -> RetrievalRow:
    if direction == "music to caption":
        tables = [table.T for table in tables]
    owns = [np.arange(len(table)) for table in tables]
    metrics = [retrieval_metrics(table, own) for table, own in zip(tables, owns, strict=True)]
    bounds = [rank_bounds(table, own) for table, own in zip(tables, owns, strict=True)]
    hits = np.concatenate([expected_recall(*bound, 10) for bound in bounds])
    precisions = np.concatenate([expected_precision(*bound) for bound in bounds])
    recall, precision = (
        bootstrap_interval(lambda drawn: float(drawn.mean()), values)
        for values in (hits, precisions)
    )
    return RetrievalRow(
        source, data, direction, by, _mean_size(metrics), *_means(metrics), *recall, *precision
    )


def _chance(parts: Sequence[EncodedPairs], data: str, direction: Direction) -> RetrievalRow:
    metrics = [chance_metrics(len(part.music_va)) for part in parts]
    return RetrievalRow(CHANCE, data, direction, None, _mean_size(metrics), *_means(metrics))


def _means(metrics: Sequence[RetrievalMetrics]) -> tuple[float, float, float, float]:
    """Average over all queries; a part has the weight of its size."""
    sizes = [entry.num_items for entry in metrics]
    first, second, third, fourth = (
        float(np.average([getattr(entry, name) for entry in metrics], weights=sizes))
        for name in FIGURES
    )
    return first, second, third, fourth


def _mean_size(metrics: Sequence[RetrievalMetrics]) -> int:
    return round(float(np.mean([entry.num_items for entry in metrics])))


def _text_lines(rows: Sequence[RetrievalRow]) -> Iterator[str]:
    width = max(len(row.source) for row in rows)
    for data in dict.fromkeys(row.data for row in rows):
        yield data
        yield (
            f"  {'model':<{width}}  {'direction':<16}  {'by':<6}  {'among':>5}"
            + "".join(f"  {heading:>6}" for heading in HEADINGS)
            + "  95 % intervals of R@10 and mAP@10"
        )
        for row in (row for row in rows if row.data == data):
            figures = "".join(f"  {100 * getattr(row, name):6.2f}" for name in FIGURES)
            interval = "".join(
                f"  {100 * low:.2f} to {100 * high:.2f}"
                for low, high in (
                    (row.recall_at_10_low, row.recall_at_10_high),
                    (row.map_at_10_low, row.map_at_10_high),
                )
                if low is not None and high is not None
            )
            yield (
                f"  {row.source:<{width}}  {row.direction:<16}  {row.by or '-':<6}  "
                f"{row.num_items:>5}{figures}{interval}"
            )
