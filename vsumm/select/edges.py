"""Move the edges of a selection to where a film can be cut, and solve the budget on true lengths.

    segments    |    |    |####|####|    |    |####|    |     selected on the grid
    shots       |          |       |     |        |      |    cuts between shots
    pieces                 |########|          |##|           each edge on a cut in its reach

Every run of selected segments, and a few of the best others, may begin and end at several places:
on the grid, on cuts and in pauses of speech nearby, and in between; where none of these is good,
on cuts and in pauses further away. It may also go on to the end of the next run. Such pieces are
chosen, apart from each other, so that they fit the budget and are worth the most: the integral of
the scores over each piece, less what its two edges cost. A second that is lost at one edge is
gained at another, for little less. So an edge moves wherever that changes little, and stays where
it would lose much or show what is worth nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm.media import SLACK_SECONDS, Segment
from vsumm.select.budget import LEAST_WORTH
from vsumm.select.intervals import Intervals, choose_intervals
from vsumm.select.places import Borders, costs_of_edges, pieces_from
from vsumm.select.runs import Run

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

MIN_GAP_SECONDS = 0.7
"""Edges move towards each other no nearer than this: a shorter gap looks like a fault."""
MOST_BRIDGED_SECONDS = 4.0
"""A gap between runs that is no longer may be shown, too."""
BRIDGE_COST = 0.5
"""What that takes off, as `INSIDE_SHOT_COST` does: a reel of fewer runs shows less of a film."""
LARGEST_STEP_SECONDS, SMALLEST_STEP_SECONDS = 0.25, 0.04
"""Distance of the places between cuts: a hundredth of the budget, within these limits."""
UNIT_SECONDS, MAX_UNITS = 0.01, 10_000
"""Lengths are rounded to units of the budget: of this length, or as many as this."""


@dataclass(frozen=True)
class Rules:
    """What the pieces of a reel must keep to."""

    budget_seconds: float
    """The greatest length of the pieces together; it is never exceeded."""
    min_run_seconds: float
    """No piece is shorter, unless the budget is."""
    max_run_seconds: float = math.inf
    """None is longer."""
    padding: tuple[float, float] = (0.0, 0.0)
    """How much each piece shows before and after the edges that are chosen, seconds; less where the
    film ends or is closed."""
    overlap_seconds: float = 0.0
    """How long each piece overlaps the next one in the reel, which takes that much less of the
    budget; no piece is shorter than twice this."""

    @property
    def shortest_seconds(self) -> float:
        """The least length of a piece."""
        return max(min(self.min_run_seconds, self.budget_seconds), 2 * self.overlap_seconds)

    @property
    def room_seconds(self) -> float:
        """The budget of pieces that are each shorter by an overlap."""
        return self.budget_seconds - self.overlap_seconds

    @property
    def allow_selection(self) -> bool:
        """Whether the selected runs may stay as they are."""
        return self.padding == (0.0, 0.0) and self.max_run_seconds == math.inf

    @property
    def allow_touching(self) -> bool:
        """Whether a piece may touch what is kept: a cross-fade would make the reel longer."""
        return self.overlap_seconds == 0 and self.max_run_seconds == math.inf


def place_edges(
    runs: Sequence[Run],
    segments: Sequence[Segment],
    scores: FloatArray,
    borders: Borders,
    rules: Rules,
) -> list[Segment]:
    """Choose where each run begins and ends, or leave it out, so that all fit the budget.

    Args:
        runs: what `competing_runs` returned.
        segments: N pieces, chronological, without gaps.
        scores: (N,), at least 0, NaN where there is no signal.
        borders: where the film can be cut.
        rules: what the pieces keep to.

    Returns:
        Pieces of the film, chronological, apart from each other; the selected runs, if they fit,
        where no places keep the rules and neither padding nor a longest run is asked for.
    """
    room = rules.room_seconds
    if runs and room > 0:
        num_units = min(MAX_UNITS, max(1, int(room / UNIT_SECONDS)))
        shown, values = _candidates(runs, _integral_of(segments, scores), borders, rules)
        lengths = shown[:, 1] - shown[:, 0] - rules.overlap_seconds
        weights = np.rint(lengths * (num_units / room)).astype(int)
        intervals = Intervals(shown[:, 0], shown[:, 1], weights, values)
        capacity = num_units
        while True:
            chosen = choose_intervals(intervals, capacity, gap=MIN_GAP_SECONDS)
            excess = lengths[chosen].sum() - room
            if excess <= 1e-9:  # lengths are differences of seconds
                break
            capacity -= math.ceil(excess * (num_units / room))  # what rounding hid
        if chosen:
            return [Segment(*map(float, shown[index])) for index in chosen]
    # A tiny budget, among cuts.
    selected = [run.segment for run in runs if run.is_selected]
    total = sum(segment.duration_seconds for segment in selected)
    fits = rules.allow_selection and total <= rules.budget_seconds + SLACK_SECONDS
    return selected if fits else []


def _candidates(
    runs: Sequence[Run], integral: _Integral, borders: Borders, rules: Rules
) -> tuple[FloatArray, FloatArray]:
    """Return the pieces that runs, or two in a row, may become, (P, 2), and their values, (P,)."""
    hundredth = rules.budget_seconds / 100
    step = min(max(hundredth, SMALLEST_STEP_SECONDS), LARGEST_STEP_SECONDS)
    spans = np.array([[run.segment.start_seconds, run.segment.end_seconds] for run in runs])
    worth = float(np.diff(integral(spans)).sum() / np.diff(spans).sum())
    pairs = [(run, run) for run in runs]
    pairs += [(run, after) for run, after in pairwise(runs) if _may_be_bridged(run, after)]
    least: dict[Segment, FloatArray] = {}
    pieces, values = [], []
    for first, last in pairs:
        found = pieces_from(first, last, borders, step)
        before, after = rules.padding
        shown = np.clip(found + np.array([-before, after]), *first.open_seconds)
        are_allowed = _are_allowed(shown, borders, rules)
        found, shown = found[are_allowed], shown[are_allowed]
        costs = worth * first.reach_seconds * costs_of_edges(found, borders)
        if first is last:  # what a selected run cannot avoid costs it nothing
            is_asked = first.is_selected and len(costs)
            least[first.segment] = costs.min(axis=0) if is_asked else np.zeros(2)
        else:
            costs += worth * first.reach_seconds * BRIDGE_COST / 2
        costs -= [least[first.segment][0], least[last.segment][1]]
        pieces.append(shown)
        values.append(np.diff(integral(shown))[:, 0] - costs.sum(axis=1))
    return np.concatenate(pieces), np.concatenate(values)


def _may_be_bridged(run: Run, after: Run) -> bool:
    gap = after.segment.start_seconds - run.segment.end_seconds
    return gap <= MOST_BRIDGED_SECONDS and run.open_seconds == after.open_seconds


def _are_allowed(shown: FloatArray, borders: Borders, rules: Rules) -> BoolArray:
    """Return which pieces are neither too short nor too long, nor too near to what is kept, (P,).

    One that touches that leaves no gap; but it may only do so where that is allowed.
    """
    lengths = shown[:, 1] - shown[:, 0]
    are_allowed: BoolArray = (
        (lengths >= rules.shortest_seconds - SLACK_SECONDS)
        & (lengths <= rules.max_run_seconds + SLACK_SECONDS)
        & (lengths <= rules.budget_seconds + SLACK_SECONDS)
    )
    for kept in borders.kept:
        for gaps in (kept.start_seconds - shown[:, 1], shown[:, 0] - kept.end_seconds):
            are_near = (gaps >= 0) & (gaps < MIN_GAP_SECONDS - SLACK_SECONDS)
            are_allowed &= ~(are_near & ((gaps != 0) | (not rules.allow_touching)))
    return are_allowed


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
