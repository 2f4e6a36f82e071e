"""Rules that the settings make for the runs of a reel: how long, with how much around, how close.

Letters: N segments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from vsumm.errors import InputError
from vsumm.fixed import Fixed, are_in
from vsumm.media import SLACK_SECONDS, Segment, merge_neighbours
from vsumm.score import Film, FloatArray
from vsumm.select import (
    MIN_GAP_SECONDS,
    competing_runs,
    end_long_runs,
    join_close_runs,
    select_with_breaks,
)


def select_runs(
    film: Film, scores: FloatArray, *, fixed: Fixed, spread: float, budget_seconds: float
) -> list[bool]:
    """Select segments for what the budget leaves beside what is kept, and for padding."""
    config = film.config
    longest = config.max_run_seconds or math.inf
    taken = fixed.kept
    if config.max_run_seconds is not None:  # no run becomes longer by what is kept beside it
        taken = merge_neighbours(piece.widened(MIN_GAP_SECONDS) for piece in fixed.kept)
    free = np.where(are_in(film.segments, taken), np.nan, scores)
    room = max(0.0, budget_seconds - fixed.kept_seconds)
    while True:
        selected = select_with_breaks(
            film.segments,
            free,
            budget_seconds=room,
            spread=spread,
            max_run_seconds=longest - sum(config.padding_seconds),
        )
        if config.cut_at != "grid":
            return selected
        total = sum(piece.duration_seconds for piece in padded_runs(film, selected, fixed))
        excess = total - budget_seconds
        if excess <= SLACK_SECONDS or not any(selected):
            return selected
        room -= excess


def check_room(film: Film, budget_seconds: float) -> None:
    """Say where the budget has no room for a single run with its padding.

    Raises:
        InputError: it has none.
    """
    config = film.config
    padding = sum(config.padding_seconds)
    if padding and config.min_run_seconds + padding > budget_seconds:
        raise InputError(
            f"{film.info.path}: a budget of {budget_seconds:.3g} s has no room for a run of "
            f"{config.min_run_seconds:g} s with a padding of {padding:g} s"
        )


def finish_runs(
    film: Film,
    pieces: Sequence[Segment],
    *,
    fixed: Fixed,
    budget_seconds: float,
    overlap_seconds: float,
) -> list[Segment]:
    """Return the runs of a reel with no gap between them that is short and affordable."""
    longest = film.config.max_run_seconds or math.inf
    ended = end_long_runs(pieces, longest, kept=fixed.kept)
    total = sum(piece.duration_seconds - overlap_seconds for piece in ended) + overlap_seconds
    return join_close_runs(
        ended,
        spare_seconds=budget_seconds - total,
        least_gap_seconds=MIN_GAP_SECONDS,
        max_run_seconds=longest,
        overlap_seconds=overlap_seconds,
        closed=fixed.skipped,
    )


def padded_runs(film: Film, selected: Sequence[bool], fixed: Fixed) -> list[Segment]:
    """Return the runs of selected segments with their padding, and what is kept."""
    runs = competing_runs(
        film.segments,
        np.full(len(film.segments), np.nan),
        selected,
        closed=[*fixed.kept, *fixed.skipped],
    )
    before, after = film.config.padding_seconds
    padded = [
        Segment(
            max(run.segment.start_seconds - before, run.open_seconds[0]),
            min(run.segment.end_seconds + after, run.open_seconds[1]),
        )
        for run in runs
    ]
    return merge_neighbours([*fixed.kept, *padded])
