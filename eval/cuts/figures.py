"""Count what is wrong with the edges of a reel.

    shots     |        |              |      |       |
    runs           [===|==============|=]    [=======]
              start inside a shot      ^ stub

Letters: R runs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from vsumm.media import Segment
from vsumm.split_edits import heard_pieces

ON_CUT_SECONDS = 0.01
"""An edge this close to a cut lies on it: less than half a frame."""
LONG_SHOT_SECONDS = 20.0
"""Inside a longer shot an edge may have no cut in reach."""
STUB_SECONDS, SHORT_STUB_SECONDS, FLASH_SECONDS = 0.75, 0.4, 0.2
"""Lengths below which a part of another shot is a stub, a short one, a flash."""


@dataclass(frozen=True)
class EdgeFigures:
    """Counts for one reel; edges at the ends of the film do not count."""

    num_runs: int
    """Pieces of the film."""
    num_edges: int
    """Edges of them."""
    inside_shots: int
    """Edges that lie on no cut."""
    inside_long_shots: int
    """Those of them in shots of more than 20 s."""
    stubs: int
    """Edges beside which less than 0.75 s of a longer shot is shown, before or after a cut."""
    short_stubs: int
    """Those with less than 0.4 s."""
    flashes: int
    """Those with less than 0.2 s."""
    inside_speech: int
    """Edges inside a spoken phrase."""
    heard_inside_speech: int
    """Edges of the sound inside a spoken phrase: where sound leads or trails, they lie apart."""
    shortest_run_seconds: float
    """Length of the shortest run."""
    unused_seconds: float
    """How much of the budget is left."""


def measure_edges(
    runs: Sequence[Segment],
    cuts: Sequence[float],
    phrases: Sequence[Segment],
    *,
    duration_seconds: float,
    budget_seconds: float,
    sound_shifts: Sequence[float] = (),
) -> EdgeFigures:
    """Compare the edges of a reel with the film.

    Args:
        runs: R pieces of the film, chronological.
        cuts: first instants of its shots, ascending, seconds.
        phrases: what is spoken without a pause, chronological.
        duration_seconds: length of the film.
        budget_seconds: length that the reel may have.
        sound_shifts: by how much the sound of each cut comes later than its picture, seconds; none
            where it does nowhere.

    >>> runs = [Segment(3.0, 6.0)]
    >>> measure_edges(runs, [2.0, 3.1, 6.0], [], duration_seconds=9, budget_seconds=4).flashes
    1
    """
    borders = [0.0, *cuts, duration_seconds]
    counted, heard = (
        [edge for edge in _edges(each) if ON_CUT_SECONDS < edge < duration_seconds - ON_CUT_SECONDS]
        for each in (runs, heard_pieces(runs, sound_shifts))
    )
    inside = [edge for edge in counted if not _is_near(edge, borders)]
    shots = list(pairwise(borders))
    long = [e for e in inside if any(a < e < b and b - a > LONG_SHOT_SECONDS for a, b in shots)]
    stubs = [length for run in runs for length in _parts_of_shots(run, borders)]
    lengths = [run.duration_seconds for run in runs]
    return EdgeFigures(
        num_runs=len(runs),
        num_edges=len(counted),
        inside_shots=len(inside),
        inside_long_shots=len(long),
        stubs=sum(length < STUB_SECONDS for length in stubs),
        short_stubs=sum(length < SHORT_STUB_SECONDS for length in stubs),
        flashes=sum(length < FLASH_SECONDS for length in stubs),
        inside_speech=_num_spoken(counted, phrases),
        heard_inside_speech=_num_spoken(heard, phrases),
        shortest_run_seconds=min(lengths, default=0.0),
        unused_seconds=budget_seconds - sum(lengths),
    )


def _edges(pieces: Sequence[Segment]) -> list[float]:
    return [edge for piece in pieces for edge in (piece.start_seconds, piece.end_seconds)]


def _num_spoken(edges: Sequence[float], phrases: Sequence[Segment]) -> int:
    return sum(any(p.start_seconds < edge < p.end_seconds for p in phrases) for edge in edges)


def _is_near(edge: float, borders: Sequence[float]) -> bool:
    place = bisect_left(borders, edge)
    return any(abs(border - edge) <= ON_CUT_SECONDS for border in borders[max(0, place - 1) :][:2])


def _parts_of_shots(run: Segment, borders: Sequence[float]) -> list[float]:
    """Return the lengths of the first and the last shot of a run where a part is cut off."""
    start, end = run.start_seconds, run.end_seconds
    first = bisect_right(borders, start + ON_CUT_SECONDS)
    last = bisect_left(borders, end - ON_CUT_SECONDS) - 1
    if first > last:  # all of it is one shot
        return []
    parts = []
    if not _is_near(start, borders):
        parts.append(borders[first] - start)
    if not _is_near(end, borders):
        parts.append(end - borders[last])
    return parts
