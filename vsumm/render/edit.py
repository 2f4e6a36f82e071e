"""Change what a reel shows: keep, drop, extend, another budget."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np

from mmva_core.clock import parse_seconds
from vsumm.config import Budget, CutAt
from vsumm.errors import ScoresError
from vsumm.files import RecordCache
from vsumm.media import Segment, in_order_of, merge_neighbours, without
from vsumm.render.choose import choose_again
from vsumm.render.picks import Candidate, Picks
from vsumm.select import select_segments
from vsumm.summary import Summary

EVEN_SCORE = 0.5
"""Score of clips that nobody scored: as much of them is taken as fits."""
EXTEND_FORM = "3:+2s"


@dataclass(frozen=True)
class Edit:
    """What to change."""

    keep: tuple[Segment, ...] = ()
    """Pieces of the film that the reel shows in any case."""
    drop: tuple[int, ...] = ()
    """Numbers of runs that it no longer shows, counted from 1."""
    extend: tuple[tuple[int, float], ...] = ()
    """Numbers of runs and seconds: positive ones come after the run, negative ones before it."""
    budget: Budget | None = None
    """Length of the reel; None: what comes of the other changes."""
    cut_at: CutAt | None = None
    """Where runs begin and end that are chosen again, for the budget of the summary unless for
    another one. None: as the summary says."""


def parse_drop(text: str) -> tuple[int, ...]:
    """Read numbers of runs.

    Raises:
        ValueError: the text has another form.

    >>> parse_drop("2,5")
    (2, 5)
    """
    if not re.fullmatch(r"\s*[1-9]\d*(\s*,\s*[1-9]\d*)*\s*", text):
        raise ValueError(f"cannot read {text!r}: write numbers of runs, like 2,5")
    return tuple(int(number) for number in text.split(","))


def parse_extend(text: str) -> tuple[int, float]:
    """Read the number of a run and how much longer it becomes.

    Raises:
        ValueError: the text has another form.

    >>> parse_extend("3:+2s"), parse_extend("1:-0.5")
    ((3, 2.0), (1, -0.5))
    """
    match = re.fullmatch(r"\s*([1-9]\d*):([+-])(.+)", text)
    try:
        seconds = parse_seconds(match[3] if match else "")
    except ValueError:
        raise ValueError(
            f"cannot read {text!r}: write {EXTEND_FORM} for what comes after a run, or 3:-2s for "
            f"what comes before it"
        ) from None
    assert match is not None, "an empty text is no length of time"
    return int(match[1]), -seconds if match[2] == "-" else seconds


def edit_picks(picks: Picks, edit: Edit, *, cache: RecordCache | None = None) -> Picks:
    """Return picks after a change.

    What is kept or extended is in the reel whatever its score; with a budget the rest is chosen
    again among all that was scored: from a summary as `vsumm.summarize` does, with what that keeps
    unless it is dropped; from a timeline whole clips. What was shown before keeps
    its place among the others.

    Args:
        picks: what is changed.
        edit: what to change.
        cache: where found cuts and phrases are kept.

    Raises:
        InputError: the budget has no room for a run.
        ScoresError: there is no such run or time, what is kept is longer than the budget, or a
            timeline is to be cut elsewhere.
    """
    duration = picks.info.duration_seconds
    for number in (*edit.drop, *(number for number, _ in edit.extend)):
        if number > len(picks.runs):
            raise ScoresError(f"there is no run {number}, the reel has {len(picks.runs)}")
    for piece in edit.keep:
        if piece.end_seconds > duration:
            raise ScoresError(
                f"cannot keep {piece.start_seconds:g} to {piece.end_seconds:g} s: the film ends "
                f"at {duration:.3f} s"
            )
    longer = _extended(picks, edit)
    fixed = merge_neighbours([*edit.keep, *longer.values()])
    numbered = enumerate(picks.runs, 1)
    rest = [run for n, run in numbered if n not in longer and n not in edit.drop]
    if edit.cut_at is not None and picks.summary is None:
        raise ScoresError("a timeline does not say where else to cut: give the summary (.json)")
    if picks.summary is not None and (edit.budget is not None or edit.cut_at is not None):
        return _chosen_again(picks, picks.summary, edit, fixed, cache)
    if edit.budget is not None:
        rest = _chosen(picks, edit, fixed)
    runs = in_order_of(merge_neighbours([*fixed, *rest]), picks.runs)
    if not runs:
        raise ScoresError("nothing is left for the reel")
    return replace(picks, runs=tuple(runs))


def _extended(picks: Picks, edit: Edit) -> dict[int, Segment]:
    """Return the runs that become longer, by their numbers."""
    longer: dict[int, Segment] = {}
    for number, seconds in edit.extend:
        run = longer.get(number, picks.runs[number - 1])
        start = max(0.0, run.start_seconds + min(0.0, seconds))
        end = min(picks.info.duration_seconds, run.end_seconds + max(0.0, seconds))
        longer[number] = Segment(start, end)
    return {number: run for number, run in longer.items() if number not in edit.drop}


def _chosen_again(
    picks: Picks, summary: Summary, edit: Edit, fixed: list[Segment], cache: RecordCache | None
) -> Picks:
    """Choose again what fits the budget beside what is fixed, and what the summary keeps."""
    dropped = merge_neighbours(picks.runs[number - 1] for number in edit.drop)
    kept = without((Segment(*stretch) for stretch in summary.config.keep), dropped)
    budget = edit.budget or Budget(budget_seconds=summary.budget_seconds)
    return choose_again(
        picks,
        budget_seconds=budget.seconds_of(picks.info.duration_seconds),
        cut_at=edit.cut_at,
        kept=merge_neighbours([*fixed, *kept]),
        left_out=dropped,
        cache=cache,
    )


def _chosen(picks: Picks, edit: Edit, fixed: list[Segment]) -> list[Segment]:
    """Choose again which clips fit the budget beside the pieces that are fixed."""
    assert edit.budget is not None
    total = edit.budget.seconds_of(picks.info.duration_seconds)
    room = total - sum(piece.duration_seconds for piece in fixed)
    if room < 0:
        raise ScoresError(
            f"what is kept lasts {total - room:.1f} s, longer than the budget of {total:.1f} s"
        )
    dropped = [picks.runs[number - 1] for number in edit.drop]
    taken = merge_neighbours([*fixed, *dropped])
    free = [c for c in picks.candidates if not _meets(c, taken)]
    if not free or room == 0:
        return []
    nobody_scored = all(candidate.score is None for candidate in picks.candidates)
    unknown = EVEN_SCORE if nobody_scored else np.nan
    scores = np.array([unknown if c.score is None else c.score for c in free])
    segments = [candidate.segment for candidate in free]
    flags = select_segments(segments, scores, budget_seconds=room, spread=picks.spread)
    return [segment for segment, flag in zip(segments, flags, strict=True) if flag]


def _meets(candidate: Candidate, pieces: list[Segment]) -> bool:
    """Return whether a candidate overlaps one of some pieces that do not overlap each other."""
    segment = candidate.segment
    first = bisect_right(pieces, segment.start_seconds, key=lambda piece: piece.end_seconds)
    return first < len(pieces) and pieces[first].start_seconds < segment.end_seconds
