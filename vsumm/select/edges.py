"""Move the edges of a selection to where a film can be cut, and solve the budget on true lengths.

    segments    |    |    |####|####|    |    |####|    |     selected on the grid
    shots       |          |       |     |        |      |    cuts between shots
    pieces                 |########|          |##|           each edge on a cut in its reach

Every run of selected segments, and a few of the best others, may begin and end at several places:
on the grid, on cuts and in pauses of speech nearby, and in between. One option of each run, or
none, is chosen so that the pieces fit the budget and are worth the most: the integral of the scores
over each piece, less what its two edges cost. A second that is lost at one edge is gained at
another, for little less. So an edge moves by a second or two wherever that changes little, and
stays where it would lose much or show what is worth nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment, merge_neighbours
from vsumm.select.budget import LEAST_WORTH
from vsumm.select.choices import Option, choose_options

FloatArray = npt.NDArray[np.float64]

REACH_SECONDS = 2.0
"""An edge moves no further than this, nor further than a segment is long."""
MIN_GAP_SECONDS = 0.7
"""Edges move towards each other no nearer than this: a shorter gap looks like a fault."""
FLASH_SECONDS = 0.4
"""A piece of a shot that a reel shows is no shorter, unless the shot itself is."""
STUB_SECONDS = 0.75
"""A piece of another shot that is shorter looks like a mistake."""
LARGEST_STEP_SECONDS, SMALLEST_STEP_SECONDS = 0.25, 0.04
"""Distance of the places between cuts: a hundredth of the budget, within these limits."""
UNIT_SECONDS, MAX_UNITS = 0.01, 20_000
"""Lengths are rounded to units of the budget: of this length, or as many as this."""
INSIDE_SHOT_COST = 0.7
"""What an edge that is no cut takes off a piece, as a share of what a run as long as the reach of
an edge is worth on average."""
BESIDE_PHRASE_SECONDS = 0.1
"""How far from a phrase an edge lies in a pause, where it is that long: sounds fade out."""
IN_SPEECH_COST = 1.5
"""What an edge inside a spoken phrase takes off: more than one that is no cut beside a stub."""
STUB_COST = 0.7
"""What an edge beside a stub takes off."""
RUNS_PER_RUNNER_UP = 5
"""One segment that was not selected competes for each so many runs."""
LEAST_RUNNERS_UP = 2


@dataclass(frozen=True)
class Run:
    """A piece of the grid, and how far its edges may move outwards."""

    segment: Segment
    """From the first of its segments to the last one."""
    earliest_seconds: float
    """The piece may begin no earlier."""
    latest_seconds: float
    """The piece may end no later."""
    reach_seconds: float
    """How far each edge may move."""
    is_selected: bool
    """Whether it was selected; else it is one of the best others."""
    open_seconds: tuple[float, float]
    """From where to where around it the film may be shown at all."""

    @property
    def reaches(self) -> tuple[Segment, Segment]:
        """Where its two edges may come to lie."""
        start, end, reach = self.segment.start_seconds, self.segment.end_seconds, self.reach_seconds
        return (
            Segment(max(self.earliest_seconds, start - reach), min(end, start + reach)),
            Segment(max(start, end - reach), min(self.latest_seconds, end + reach)),
        )


@dataclass(frozen=True)
class Borders:
    """Where a film can be cut."""

    cuts: Sequence[float]
    """First instants of shots, seconds, ascending; known wherever an edge may lie."""
    end_seconds: float
    """Where the film ends."""
    phrases: Sequence[Segment] = ()
    """What is spoken without a pause, chronological, not overlapping; known as the cuts are."""
    kept: Sequence[Segment] = ()
    """What the reel shows anyway: no run overlaps it, and one that touches it goes on there."""

    @property
    def seams(self) -> FloatArray:
        """Cuts, both ends of the film, and both of what is kept, seconds: an edge there is fine."""
        kept = [time for piece in self.kept for time in (piece.start_seconds, piece.end_seconds)]
        return np.array([*self.cuts, 0.0, self.end_seconds, *kept], np.float64)

    @property
    def pauses(self) -> FloatArray:
        """Places outside phrases, seconds: just before and just after each."""
        ends = np.array([phrase.end_seconds for phrase in self.phrases])
        starts = np.array([phrase.start_seconds for phrase in self.phrases])
        gaps = np.concatenate([[np.inf], starts[1:] - ends[:-1], [np.inf]])
        beside = np.minimum(BESIDE_PHRASE_SECONDS, gaps / 2)
        return np.concatenate([starts - beside[:-1], ends + beside[1:]])

    def are_spoken(self, times: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which times lie inside a phrase, of the same shape."""
        starts = np.array([phrase.start_seconds for phrase in self.phrases])
        ends = np.array([-np.inf, *(phrase.end_seconds for phrase in self.phrases)])
        return times < ends[np.searchsorted(starts, times, side="left")]


def competing_runs(
    segments: Sequence[Segment],
    scores: FloatArray,
    selected: Sequence[bool],
    *,
    closed: Sequence[Segment] = (),
    padding_seconds: float = 0.0,
) -> list[Run]:
    """Return the runs of a selection, and the best segments apart from them, chronological.

    The latter take what moving the edges frees of the budget.

    Args:
        segments: N pieces, chronological, without gaps.
        scores: (N,), NaN where there is no signal.
        selected: N flags.
        closed: pieces that no edge may move into; no selected or scored segment overlaps them.
        padding_seconds: how much longer each run will become.
    """
    runs = merge_neighbours(s for s, flag in zip(segments, selected, strict=True) if flag)
    chosen = set(runs)
    num_others = max(LEAST_RUNNERS_UP, len(runs) // RUNS_PER_RUNNER_UP) if runs else 0
    taken = {i + shift for i, flag in enumerate(selected) if flag for shift in (-1, 0, 1)}
    whole = max((segment.duration_seconds for segment in segments), default=0.0)
    for index in np.argsort(-scores, kind="stable"):  # NaN comes last
        if num_others == 0 or not np.isfinite(scores[index]):
            break
        is_whole = segments[index].duration_seconds > whole * 0.99
        if index not in taken and is_whole:
            runs.append(segments[index])
            taken |= {int(index) + shift for shift in (-1, 0, 1)}
            num_others -= 1
    runs.sort(key=lambda run: run.start_seconds)
    return [_kept_out(run, closed) for run in _with_limits(runs, segments, chosen, padding_seconds)]


def places_to_search(runs: Sequence[Run]) -> list[Segment]:
    """Return the pieces of a film in which `place_edges` must know all cuts, apart."""
    return merge_neighbours(reach.widened(FLASH_SECONDS) for run in runs for reach in run.reaches)


def places_to_check(
    runs: Sequence[Run], pieces: Sequence[Segment], borders: Borders
) -> list[Segment]:
    """Return where cuts must be known for `pieces` to be what `place_edges` would choose, apart.

    Around each edge, and, unless that lies on a cut, wherever it may lie.
    """
    seams = set(borders.seams.tolist())
    edges = [edge for piece in pieces for edge in (piece.start_seconds, piece.end_seconds)]
    inside = [edge for edge in edges if edge not in seams]
    reaches = [reach for run in runs for reach in run.reaches]
    wanted = [Segment(max(0.0, edge - STUB_SECONDS), edge + STUB_SECONDS) for edge in edges]
    for reach in reaches:
        first = bisect_left(inside, reach.start_seconds)
        if first < len(inside) and inside[first] <= reach.end_seconds:
            wanted.append(reach.widened(FLASH_SECONDS))
    return merge_neighbours(wanted)


def place_edges(
    runs: Sequence[Run],
    segments: Sequence[Segment],
    scores: FloatArray,
    borders: Borders,
    *,
    budget_seconds: float,
    min_run_seconds: float,
    max_run_seconds: float = math.inf,
    padding: tuple[float, float] = (0.0, 0.0),
    overlap_seconds: float = 0.0,
) -> list[Segment]:
    """Choose where each run begins and ends, or leave it out, so that all fit the budget.

    Args:
        runs: what `competing_runs` returned.
        segments: N pieces, chronological, without gaps.
        scores: (N,), at least 0, NaN where there is no signal.
        borders: where the film can be cut.
        budget_seconds: the greatest length of the pieces together; it is never exceeded.
        min_run_seconds: no piece is shorter, unless the budget is.
        max_run_seconds: none is longer.
        padding: how much each piece shows before and after the edges that are chosen, seconds; less
            where the film ends or is closed.
        overlap_seconds: how long each piece overlaps the next one in the reel, which takes that
            much less of the budget; no piece is shorter than twice this.

    Returns:
        Pieces of the film, chronological, apart from each other; the selected runs, if they fit,
        where no places keep the rules and neither padding nor `max_run_seconds` is asked for.
    """
    has_fallback = padding == (0.0, 0.0) and max_run_seconds == math.inf
    room = budget_seconds - overlap_seconds  # for pieces that are each shorter by an overlap
    if not runs or room <= 0:
        return _selection(runs, budget_seconds) if has_fallback else []
    num_units = min(MAX_UNITS, max(1, int(room / UNIT_SECONDS)))
    unit = room / num_units
    step = min(max(budget_seconds / 100, SMALLEST_STEP_SECONDS), LARGEST_STEP_SECONDS)
    shortest = max(min(min_run_seconds, budget_seconds), 2 * overlap_seconds)
    integral = _integral_of(segments, scores)
    spans = np.array([[run.segment.start_seconds, run.segment.end_seconds] for run in runs])
    worth = float(np.diff(integral(spans)).sum() / np.diff(spans).sum())
    pieces, groups = [], []
    for run in runs:
        found = _pieces_of(run, borders, step)
        shown = np.clip(found + np.array([-padding[0], padding[1]]), *run.open_seconds)
        lengths = shown[:, 1] - shown[:, 0]
        weights = np.rint((lengths - overlap_seconds) / unit).astype(int)
        # Lengths are differences of seconds: a microsecond is a rounding error.
        are_allowed = (lengths >= shortest - 1e-6) & (lengths <= max_run_seconds + 1e-6)
        may_touch = overlap_seconds == 0 and max_run_seconds == math.inf
        are_allowed &= ~_are_near_kept(shown, borders, may_touch=may_touch)
        are_allowed &= weights <= num_units
        found, shown, weights = found[are_allowed], shown[are_allowed], weights[are_allowed]
        costs = worth * run.reach_seconds * _costs(found, borders)
        if run.is_selected:  # it counts for no less where no cut is near
            costs -= costs.min(initial=np.inf)
        values = integral(shown[:, 1]) - integral(shown[:, 0]) - costs
        pieces.append(shown)
        groups.append([Option(int(w), float(v)) for w, v in zip(weights, values, strict=True)])
    capacity = num_units
    while True:
        chosen = choose_options(groups, capacity)
        lengths = [
            found[index, 1] - found[index, 0] - overlap_seconds
            for found, index in zip(pieces, chosen, strict=True)
            if index is not None
        ]
        excess = sum(lengths) - room
        if excess <= 1e-9:  # lengths are differences of seconds
            break
        capacity -= math.ceil(excess / unit)  # what rounding hid
    if not lengths:  # a tiny budget, among cuts
        return _selection(runs, budget_seconds) if has_fallback else []
    return merge_neighbours(
        Segment(*map(float, shown[index]))
        for shown, index in zip(pieces, chosen, strict=True)
        if index is not None
    )


def _selection(runs: Sequence[Run], budget_seconds: float) -> list[Segment]:
    """Return the selected runs as they are; nothing where they do not fit."""
    selected = [run.segment for run in runs if run.is_selected]
    total = sum(segment.duration_seconds for segment in selected)
    return selected if total <= budget_seconds + 1e-6 else []


def _with_limits(
    runs: Sequence[Segment],
    segments: Sequence[Segment],
    chosen: Collection[Segment],
    padding_seconds: float,
) -> list[Run]:
    """Let neighbouring runs share the gap between them, so that they stay apart."""
    if not runs:
        return []
    limits = [segments[0].start_seconds]
    for before, after in pairwise(runs):
        gap = after.start_seconds - before.end_seconds
        room = max(0.0, gap - MIN_GAP_SECONDS - padding_seconds) / 2
        limits += [before.end_seconds + room, after.start_seconds - room]
    limits.append(segments[-1].end_seconds)
    reach = min(REACH_SECONDS, max(segment.duration_seconds for segment in segments))
    outwards = zip(runs, limits[::2], limits[1::2], strict=True)
    film = segments[0].start_seconds, segments[-1].end_seconds
    return [Run(run, first, last, reach, run in chosen, film) for run, first, last in outwards]


def _kept_out(run: Run, closed: Sequence[Segment]) -> Run:
    """Keep the edges of a run out of pieces that it does not overlap."""
    start, end = run.segment.start_seconds, run.segment.end_seconds
    opens, closes = run.open_seconds
    opens = max([opens, *(piece.end_seconds for piece in closed if piece.end_seconds <= start)])
    closes = min([closes, *(piece.start_seconds for piece in closed if piece.start_seconds >= end)])
    return replace(
        run,
        earliest_seconds=max(run.earliest_seconds, opens),
        latest_seconds=min(run.latest_seconds, closes),
        open_seconds=(opens, closes),
    )


def _pieces_of(run: Run, borders: Borders, step: float) -> FloatArray:
    """Return the pieces that a run may become, (P, 2) seconds."""
    start_reach, end_reach = run.reaches
    starts = _places(start_reach, run.segment.start_seconds, borders, step)
    ends = _places(end_reach, run.segment.end_seconds, borders, step)
    pieces = np.array(np.meshgrid(starts, ends)).reshape(2, -1).T
    pieces = pieces[pieces[:, 0] < pieces[:, 1]]
    return pieces[~_shows_flash(pieces, borders)]


def _are_near_kept(
    pieces: FloatArray, borders: Borders, *, may_touch: bool
) -> npt.NDArray[np.bool_]:
    """Return which pieces leave too short a gap to what is kept, (P,).

    One that touches it leaves none; but with cross-fades it would make the reel longer by one.
    """
    are_near = np.zeros(len(pieces), bool)
    for kept in borders.kept:
        for gaps in (kept.start_seconds - pieces[:, 1], pieces[:, 0] - kept.end_seconds):
            touches = gaps == 0
            are_near |= ((gaps >= 0) & (gaps < MIN_GAP_SECONDS - 1e-6)) & ~(touches & may_touch)
    return are_near


def _places(reach: Segment, home: float, borders: Borders, step: float) -> FloatArray:
    """Return where an edge may lie, its place on the grid first: it wins if all else is equal."""
    low, high = reach.start_seconds, reach.end_seconds
    num_steps = int(REACH_SECONDS / step)
    between = home + step * np.arange(-num_steps, num_steps + 1)
    others = np.concatenate([borders.seams, borders.pauses, between])
    inside = others[(others >= low) & (others <= high) & (others != home)]
    return np.array([home, *sorted({*inside.tolist()})])  # np.unique would load numpy.ma


def _integral_of(segments: Sequence[Segment], scores: FloatArray) -> _Integral:
    worth = np.where(np.isfinite(scores), scores + LEAST_WORTH, 0.0)
    lengths = np.array([segment.duration_seconds for segment in segments])
    times = np.array([segments[0].start_seconds, *(s.end_seconds for s in segments)])
    return _Integral(times, np.concatenate([[0.0], np.cumsum(worth * lengths)]))


@dataclass(frozen=True)
class _Integral:
    """The integral of the scores from the start of the film on."""

    times: FloatArray
    values: FloatArray

    def __call__(self, times: FloatArray) -> FloatArray:
        return np.interp(times, self.times, self.values)


def _costs(pieces: FloatArray, borders: Borders) -> FloatArray:
    """Return what the two edges of each piece cost, (P,)."""
    is_cut = np.isin(pieces, borders.seams)
    has_stub = np.stack(_stubs(pieces, borders), axis=1) < STUB_SECONDS
    each: FloatArray = INSIDE_SHOT_COST * ~is_cut + STUB_COST * has_stub
    each += IN_SPEECH_COST * borders.are_spoken(pieces)
    return each[:, 0] + each[:, 1]


def _shows_flash(pieces: FloatArray, borders: Borders) -> npt.NDArray[np.bool_]:
    """Return which pieces begin or end with so short a part of a longer shot, (P,)."""
    is_cut = np.isin(pieces, borders.seams)
    is_short = np.stack(_stubs(pieces, borders), axis=1) < FLASH_SECONDS
    is_flash = is_short & ~is_cut
    return is_flash[:, 0] | is_flash[:, 1]


def _stubs(pieces: FloatArray, borders: Borders) -> tuple[FloatArray, FloatArray]:
    """Return how long the first and the last shot of each piece are shown; inf without a cut."""
    cuts = np.concatenate([[-np.inf], np.asarray(borders.cuts, np.float64), [np.inf]])
    starts, ends = pieces[:, 0], pieces[:, 1]
    after = cuts[np.searchsorted(cuts, starts, side="right")]
    before = cuts[np.searchsorted(cuts, ends, side="left") - 1]
    return (
        np.where(after < ends, after - starts, np.inf),
        np.where(before > starts, ends - before, np.inf),
    )
