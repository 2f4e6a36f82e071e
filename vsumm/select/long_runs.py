"""Select so that no run is longer than wanted, and join runs that lie too close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm.media import SLACK_SECONDS, Segment, overlapping
from vsumm.select.budget import select_segments


def select_with_breaks(
    segments: Sequence[Segment],
    scores: npt.NDArray[np.float64],
    *,
    budget_seconds: float,
    spread: float = 0.0,
    max_run_seconds: float = math.inf,
) -> list[bool]:
    """Pick segments as `select_segments` does, but no more in a row than `max_run_seconds` hold.

    Of a longer run the part that is worth the most stays, and what lies around it in that run is
    out; then all is selected anew.

    Returns:
        One flag per segment.
    """
    left = scores.copy()
    while True:
        selected = select_segments(segments, left, budget_seconds=budget_seconds, spread=spread)
        beyond = _beyond(segments, scores, selected, max_run_seconds)
        if not beyond:
            return selected
        left[beyond] = np.nan


def end_long_runs(
    pieces: Sequence[Segment], max_run_seconds: float, *, kept: Sequence[Segment] = ()
) -> list[Segment]:
    """End runs early that padding has joined to longer ones than wanted; what is kept stays.

    >>> end_long_runs([Segment(0, 5), Segment(9, 12)], 4)
    [Segment(start_seconds=0, end_seconds=4), Segment(start_seconds=9, end_seconds=12)]
    """
    are_kept = overlapping(pieces, kept)
    ends = [min(piece.end_seconds, piece.start_seconds + max_run_seconds) for piece in pieces]
    return [
        piece if is_kept else Segment(piece.start_seconds, end)
        for piece, end, is_kept in zip(pieces, ends, are_kept, strict=True)
    ]


def join_close_runs(
    pieces: Sequence[Segment],
    *,
    spare_seconds: float,
    least_gap_seconds: float,
    max_run_seconds: float = math.inf,
    overlap_seconds: float = 0.0,
    closed: Sequence[Segment] = (),
) -> list[Segment]:
    """Show what lies between runs, too, where that is short: the shortest gaps first.

    Args:
        pieces: runs, chronological and apart.
        spare_seconds: by how much the reel may become longer.
        least_gap_seconds: a gap as long as this stays.
        max_run_seconds: no joined run is longer.
        overlap_seconds: how long each piece overlaps the next one in the reel.
        closed: what must not be shown, chronological and apart.

    >>> runs = [Segment(0, 2), Segment(2.5, 4), Segment(6, 7)]
    >>> join_close_runs(runs, spare_seconds=1, least_gap_seconds=0.7)
    [Segment(start_seconds=0, end_seconds=4), Segment(start_seconds=6, end_seconds=7)]
    """
    joined = list(pieces)
    while True:
        gaps = [Segment(a.end_seconds, b.start_seconds) for a, b in pairwise(joined)]
        are_closed = overlapping(gaps, closed)
        fitting = [
            (gap.duration_seconds, number)
            for number, gap in enumerate(gaps)
            if not are_closed[number]
            and gap.duration_seconds < least_gap_seconds - SLACK_SECONDS
            and gap.duration_seconds + overlap_seconds <= spare_seconds
            and joined[number + 1].end_seconds - joined[number].start_seconds <= max_run_seconds
        ]
        if not fitting:
            return joined
        seconds, number = min(fitting)
        spare_seconds -= seconds + overlap_seconds
        whole = Segment(joined[number].start_seconds, joined[number + 1].end_seconds)
        joined[number : number + 2] = [whole]


def _beyond(
    segments: Sequence[Segment],
    scores: npt.NDArray[np.float64],
    selected: Sequence[bool],
    max_run_seconds: float,
) -> list[int]:
    """Return the selected segments that make runs too long, without the best part of each."""
    beyond: list[int] = []
    run: list[int] = []
    for index in [*np.flatnonzero(selected).tolist(), len(segments) + 1]:
        if run and index != run[-1] + 1:
            best = _best_part(segments, scores, run, max_run_seconds)
            beyond += [i for i in run if i not in best]
            run = []
        run.append(index)
    return beyond


def _best_part(
    segments: Sequence[Segment],
    scores: npt.NDArray[np.float64],
    run: Sequence[int],
    max_run_seconds: float,
) -> range:
    """Return the neighbours in a run that are worth the most and last no longer than allowed."""
    lengths = np.array([segments[i].duration_seconds for i in run])
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    worth = np.concatenate([[0.0], np.cumsum(scores[list(run)] * lengths)])
    stops = np.searchsorted(starts, starts + max_run_seconds + SLACK_SECONDS, side="right") - 1
    first = int(np.argmax(worth[stops] - worth))
    return range(run[0] + first, run[0] + int(stops[first]))
