"""Where cues lie in the reel: exact arithmetic, no media.

    film     ──────[=== run 0 ===)────────[= run 1 =)─────
    cue            [a][──b──][──c──────────────)
    reel           [a][──b──][─c─)[──c─)                   c is one cue again: its pieces touch

A cue that spans a cut is clipped. Where the pieces of one cue touch or overlap in the reel, they
are joined, so that no text comes twice in a row. Times of cues are whole milliseconds.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from vsumm.reel.layout import PlacedRun, round_half_up

SHORTEST_PIECE = 200
"""What a cut leaves of a cue is dropped below this, milliseconds: nobody can read it."""


@dataclass(frozen=True)
class Piece:
    """A piece of a cue in the reel."""

    index: int
    """Which cue."""
    start: int
    """First instant in the reel, milliseconds."""
    end: int
    """First instant after it, milliseconds."""


def cut_cues(cues: Sequence[tuple[int, int]], runs: Sequence[PlacedRun]) -> list[Piece]:
    """Return what a reel shows of cues, in the order of the reel.

    Args:
        cues: first instant and first instant after each, milliseconds on the presentation clock;
            those that are empty are left out.
        runs: what the reel consists of, in order.

    >>> from vsumm.media import Segment
    >>> from vsumm.reel.layout import lay_out
    >>> cut_cues([(1000, 3000)], lay_out([Segment(0, 2), Segment(2.5, 5)]))
    [Piece(index=0, start=1000, end=2500)]
    """
    by_time = sorted(runs, key=lambda run: run.source_start)
    starts = [run.source_start * 1000 for run in by_time]
    ends = [run.source_end * 1000 for run in by_time]
    pieces: list[Piece] = []
    for index, (start, end) in enumerate(cues):
        first, stop = bisect_right(ends, start), bisect_left(starts, end)
        shown = (
            [_piece(index, (start, end), run) for run in by_time[first:stop]] if start < end else []
        )
        shortest = min(SHORTEST_PIECE, end - start)
        pieces += [piece for piece in _joined(shown) if piece.end - piece.start >= shortest]
    return sorted(pieces, key=lambda piece: (piece.start, piece.index))


def _piece(index: int, cue: tuple[int, int], run: PlacedRun) -> Piece:
    begin = max(Fraction(cue[0], 1000), run.source_start)
    end = min(Fraction(cue[1], 1000), run.source_end)
    start, stop = (round_half_up(run.to_reel(instant) * 1000) for instant in (begin, end))
    return Piece(index, start, stop)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Join pieces of one cue that touch or overlap."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if joined and piece.start <= joined[-1].end:
            joined[-1] = Piece(piece.index, joined[-1].start, max(joined[-1].end, piece.end))
        else:
            joined.append(piece)
    return joined


def split_overlaps(pieces: Sequence[Piece]) -> list[tuple[int, int, list[int]]]:
    """Split pieces so that no two overlap, for containers that show one cue at a time.

    Returns:
        Start, end, and the numbers of the cues that are shown together, in order.

    >>> split_overlaps([Piece(0, 0, 20), Piece(1, 10, 30)])
    [(0, 10, [0]), (10, 20, [0, 1]), (20, 30, [1])]
    """
    borders = sorted({border for piece in pieces for border in (piece.start, piece.end)})
    waiting = sorted(pieces, key=lambda piece: (piece.start, piece.index))
    shown: list[Piece] = []
    split: list[tuple[int, int, list[int]]] = []
    position = 0
    for start, end in itertools.pairwise(borders):
        shown = [piece for piece in shown if piece.end > start]
        while position < len(waiting) and waiting[position].start <= start:
            shown.append(waiting[position])
            position += 1
        if shown:
            split.append((start, end, [piece.index for piece in shown]))
    return split
