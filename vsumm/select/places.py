"""Where edges may lie, what each place costs, and where a film must be known for that.

Letters: P pieces or places.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vsumm.media import SLACK_SECONDS, Segment, merge_neighbours
from vsumm.select.runs import REACH_SECONDS, Run

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

FLASH_SECONDS = 0.4
"""A piece of a shot that a reel shows is no shorter, unless the shot itself is."""
STUB_SECONDS = 0.75
"""A piece of another shot that is shorter looks like a mistake."""
BESIDE_PHRASE_SECONDS = 0.1
"""How far from a phrase an edge lies in a pause, where it is that long: sounds fade out."""
INSIDE_SHOT_COST = 0.7
"""What an edge that is no cut takes off a piece, as a share of what a run as long as the reach of
an edge is worth on average."""
IN_SPEECH_COST = 2.0
"""What an edge inside a spoken phrase takes off: more than one that is no cut beside a stub."""
BESIDE_SPEECH_COST = 0.7
"""What an edge takes off that lies in a pause too short to keep its distance from the phrases."""
STUB_COST = 0.7
"""What an edge beside a stub takes off."""


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

    @cached_property
    def seams(self) -> FloatArray:
        """Cuts, ends of the film and of what is kept, seconds, ascending: an edge there is fine."""
        kept = [time for piece in self.kept for time in (piece.start_seconds, piece.end_seconds)]
        return np.sort(np.array([*self.cuts, 0.0, self.end_seconds, *kept], np.float64))

    @cached_property
    def pauses(self) -> FloatArray:
        """Places outside phrases, seconds: just before and just after each."""
        ends = np.array([phrase.end_seconds for phrase in self.phrases])
        starts = np.array([phrase.start_seconds for phrase in self.phrases])
        gaps = np.concatenate([[np.inf], starts[1:] - ends[:-1], [np.inf]])
        beside = np.minimum(BESIDE_PHRASE_SECONDS, gaps / 2)
        return np.concatenate([starts - beside[:-1], ends + beside[1:]])

    def are_seams(self, times: FloatArray) -> BoolArray:
        """Return which times are seams, of the same shape."""
        nearest = np.searchsorted(self.seams, times).clip(max=len(self.seams) - 1)
        are_seams: BoolArray = self.seams[nearest] == times  # np.isin would load numpy.ma
        return are_seams

    def are_spoken(self, times: FloatArray, *, beside_seconds: float = 0.0) -> BoolArray:
        """Return which times lie inside a phrase, or so near to one, of the same shape."""
        starts = np.array([phrase.start_seconds for phrase in self.phrases]) - beside_seconds
        ends = np.array([-np.inf, *(phrase.end_seconds for phrase in self.phrases)])
        return times < ends[np.searchsorted(starts, times, side="left")] + beside_seconds


def places_to_search(runs: Sequence[Run]) -> list[Segment]:
    """Return the pieces of a film in which all cuts matter that edges may move to, apart."""
    return merge_neighbours(reach.widened(FLASH_SECONDS) for run in runs for reach in run.reaches)


def places_to_hear(runs: Sequence[Run], borders: Borders) -> list[Segment]:
    """Return the pieces of a film in which `place_edges` must know all phrases, apart.

    Near each edge, and further away unless some place near by costs nothing.

    Args:
        runs: what `competing_runs` returned.
        borders: cuts, and phrases where `places_to_search` says.
    """
    places = []
    for run in runs:
        for near, far in zip(run.reaches, run.far_reaches, strict=True):
            marks = _within(np.concatenate([borders.seams, borders.pauses]), near)
            is_free = (_costs_of_places(marks, borders) == 0).any()
            places.append((near if is_free else far).widened(FLASH_SECONDS))
    return merge_neighbours(places)


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


def pieces_from(first: Run, last: Run, borders: Borders, step_seconds: float) -> FloatArray:
    """Return the pieces from the start of a run to the end of it or a later one, (P, 2) seconds.

    None begins or ends with a flash of another shot.

    Args:
        first: whose start counts.
        last: whose end counts.
        borders: where the film can be cut.
        step_seconds: distance of the places between cuts and pauses.
    """
    starts = _places(first, 0, borders, step_seconds)
    ends = _places(last, 1, borders, step_seconds)
    pieces = np.array(np.meshgrid(starts, ends)).reshape(2, -1).T
    pieces = pieces[pieces[:, 0] < pieces[:, 1]]
    return pieces[~_show_flash(pieces, borders)]


def costs_of_edges(pieces: FloatArray, borders: Borders) -> FloatArray:
    """Return what the start and the end of each piece cost, (P, 2), as shares of a run's worth."""
    has_stub = _stubs(pieces, borders) < STUB_SECONDS
    return _costs_of_places(pieces, borders) + STUB_COST * has_stub


def _places(run: Run, side: int, borders: Borders, step: float) -> FloatArray:
    """Return where an edge may lie, its place on the grid first: it wins if all else is equal."""
    home = (run.segment.start_seconds, run.segment.end_seconds)[side]
    num_steps = int(REACH_SECONDS / step)
    between = home + step * np.arange(-num_steps, num_steps + 1)
    marks = np.concatenate([borders.seams, borders.pauses])
    near = _within(np.concatenate([marks, between, [home]]), run.reaches[side])
    far = _within(marks, run.far_reaches[side])
    is_better = _costs_of_places(far, borders) < _costs_of_places(near, borders).min()
    others = {*near.tolist(), *far[is_better].tolist()} - {home}
    return np.array([home, *sorted(others)])  # np.unique would load numpy.ma


def _within(times: FloatArray, reach: Segment) -> FloatArray:
    return times[(times >= reach.start_seconds) & (times <= reach.end_seconds)]


def _costs_of_places(times: FloatArray, borders: Borders) -> FloatArray:
    costs: FloatArray = np.where(borders.are_seams(times), 0.0, INSIDE_SHOT_COST)
    costs += (IN_SPEECH_COST - BESIDE_SPEECH_COST) * borders.are_spoken(times)
    beside = borders.are_spoken(times, beside_seconds=BESIDE_PHRASE_SECONDS - SLACK_SECONDS)
    return costs + BESIDE_SPEECH_COST * beside


def _show_flash(pieces: FloatArray, borders: Borders) -> BoolArray:
    """Return which pieces begin or end with so short a part of a longer shot, (P,)."""
    is_short = _stubs(pieces, borders) < FLASH_SECONDS
    is_flash = is_short & ~borders.are_seams(pieces)
    return is_flash[:, 0] | is_flash[:, 1]


def _stubs(pieces: FloatArray, borders: Borders) -> FloatArray:
    """Return how long the first and the last shot of each piece are shown; inf without a cut."""
    cuts = np.concatenate([[-np.inf], np.asarray(borders.cuts, np.float64), [np.inf]])
    starts, ends = pieces.T
    after = cuts[np.searchsorted(cuts, starts, side="right")]
    before = cuts[np.searchsorted(cuts, ends, side="left") - 1]
    first = np.where(after < ends, after - starts, np.inf)
    last = np.where(before > starts, ends - before, np.inf)
    return np.stack([first, last], axis=1)
