"""Measure every mode and every signal on labelled films."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.cues import FloatArray, columns_of, cue_scores, leave_one_out
from eval.highlights.chance import random_scores, shuffled_selections
from eval.highlights.figures import Figures, measure_figures
from eval.highlights.labels import LabelledFilm
from vsumm.config import By, SummaryConfig
from vsumm.errors import NoSignalError
from vsumm.files import RecordCache
from vsumm.media import Segment, merge_neighbours
from vsumm.pipeline import summarize
from vsumm.select import select_segments
from vsumm.summary import Summary

MODES: tuple[By, ...] = ("highlights", "both", "image", "music")
NUM_RANDOM = 100
"""Random scorings, and random places of the runs, that are averaged."""


@dataclass(frozen=True)
class FilmFigures:
    """Figures of one scorer on one film."""

    film: str
    """Name of the film."""
    scorer: str
    """Mode, signal or cue."""
    figures: Figures
    """How well it did."""


def measure_film(
    film: LabelledFilm, config: SummaryConfig, *, cache: RecordCache | None, seed: int
) -> Iterator[FilmFigures]:
    """Yield figures of every mode, signal and cue on a film.

    Raises:
        VsummError: the film cannot be summarised at all.
    """
    summaries = dict(_summaries(film.path, config, cache))
    for mode, summary in summaries.items():
        scores = np.array([np.nan if r.score is None else r.score for r in summary.segments])
        yield _figures(film, mode, summary, scores, summary.runs)
    summary = next(iter(summaries.values()))
    yield from _cues(film, summary, config, seed)


def _summaries(
    path: Path, config: SummaryConfig, cache: RecordCache | None
) -> Iterator[tuple[str, Summary]]:
    """Summarise by every mode that the film has signal for; one mode at least."""
    num_found = 0
    for place, mode in enumerate(MODES):
        try:
            yield mode, summarize(path, replace(config, by=mode), cache=cache)
            num_found += 1
        except NoSignalError:
            if place == len(MODES) - 1 and not num_found:
                raise


def _cues(
    film: LabelledFilm, summary: Summary, config: SummaryConfig, seed: int
) -> Iterator[FilmFigures]:
    segments = [row.segment for row in summary.segments]
    columns = columns_of(summary)

    def runs_of(selected: Sequence[bool]) -> list[Segment]:
        return merge_neighbours(s for s, is_in in zip(segments, selected, strict=True) if is_in)

    def plainly(scores: FloatArray) -> list[Segment]:
        shifted = scores - np.nanmin(scores)  # the knapsack wants values of at least 0
        return runs_of(select_segments(segments, shifted, budget_seconds=summary.budget_seconds))

    for name, scores in cue_scores(columns, segments):
        yield _figures(film, name, summary, scores, plainly(scores))
    if summary.by == "highlights":
        for name, scores in leave_one_out(columns, config):
            chosen = select_segments(
                segments, scores, budget_seconds=summary.budget_seconds, spread=config.spread
            )
            yield _figures(film, name, summary, scores, runs_of(chosen))
    randoms = random_scores(len(segments), NUM_RANDOM, seed)
    yield _mean_figures(
        film, "random", [measure_figures(film, segments, s, plainly(s)) for s in randoms]
    )
    selected = [row.selected for row in summary.segments]
    places = shuffled_selections(selected, NUM_RANDOM, seed)
    yield _mean_figures(
        film,
        "random, runs of the first mode",
        [
            measure_figures(film, segments, s, runs_of(p))
            for s, p in zip(randoms, places, strict=True)
        ],
    )


def _figures(
    film: LabelledFilm, scorer: str, summary: Summary, scores: FloatArray, runs: Sequence[Segment]
) -> FilmFigures:
    segments: list[Segment] = [row.segment for row in summary.segments]
    return FilmFigures(film.path.stem, scorer, measure_figures(film, segments, scores, runs))


def _mean_figures(film: LabelledFilm, scorer: str, found: Sequence[Figures]) -> FilmFigures:
    means = {
        name: float(np.mean([getattr(figures, name) for figures in found]))
        for name in Figures.__dataclass_fields__
    }
    return FilmFigures(film.path.stem, scorer, Figures(**means))


def measure_films(
    films: Sequence[LabelledFilm],
    config: SummaryConfig,
    *,
    cache: RecordCache | None,
    seed: int,
    on_film: Callable[[], object] = lambda: None,
) -> list[FilmFigures]:
    """Return the figures of all films, film by film.

    Raises:
        VsummError: a film cannot be summarised.
    """
    found: list[FilmFigures] = []
    for film in films:
        found += measure_film(film, config, cache=cache, seed=seed)
        on_film()
    return found
