"""Let sound lead or trail the picture of a cut where that avoids cutting a word.

    run 0    picture ━━━━━━━━━━━━━━┓
             speech  ▁▇▇▇▇▁▁▇▇▇▇▇▇▇▇▇▁▁▁▁▇▇▇▇         an L-cut: the last word is heard to its end,
    run 1    picture               ┏━━━━━━━━━━━━━     under the picture of the next run
             speech  ▇▇▇▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▇▇▇▇▇▇▁▇▇
    sound                            ^ shifted cut

Both sounds stay in step with their pictures; only the instant at which one takes over moves, later
(an L-cut) or earlier (a J-cut). So the reel is as long as before. Letters: S shifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment

MAX_SHIFT_SECONDS = 0.5
"""Sound leads or trails by no more."""
SHIFT_STEP_SECONDS = 0.01
"""Distance of the shifts that are tried."""
MAX_SHIFT_SHARE = 0.25
"""Nor by more than this share of either run."""
BESIDE_PHRASE_SECONDS = 0.05
"""A cut this close to a phrase is taken only where none is farther from it: sounds are faded."""


def choose_shifts(
    pieces: Sequence[Segment],
    phrases: Sequence[Segment],
    *,
    searched: Sequence[Segment],
    kept: Sequence[Segment] = (),
    skipped: Sequence[Segment] = (),
) -> list[float]:
    """Return by how much the sound of each cut comes later than its picture, seconds.

    A cut is shifted only where fewer of its two sides then lie inside a phrase; by as little as
    that takes.

    Args:
        pieces: what a reel shows, chronological, not overlapping.
        phrases: what is spoken without a pause.
        searched: where all phrases are known; no cut is shifted out of there.
        kept: what is shown exactly: what begins or ends with it is not shifted.
        skipped: what is not shown, and not heard either.

    Returns:
        One shift per cut, negative where sound comes earlier; nothing where none is shifted.

    >>> choose_shifts(
    ...     [Segment(0, 5), Segment(9, 14)], [Segment(4, 5.2)], searched=[Segment(0, 20)]
    ... )
    [0.25]
    """
    count = round(MAX_SHIFT_SECONDS / SHIFT_STEP_SECONDS)
    tried = np.arange(-count, count + 1) * SHIFT_STEP_SECONDS
    tried = tried[np.argsort(np.abs(tried), kind="stable")]  # 0 first
    wide = [phrase.widened(BESIDE_PHRASE_SECONDS) for phrase in phrases]
    chosen = []
    for left, right in pairwise(pieces):
        times = np.stack([left.end_seconds + tried, right.start_seconds + tried])  # (2, S)
        low, high = _limits(left, right, kept, skipped)
        is_allowed = are_inside(times, searched).all(axis=0) & (low <= tried) & (tried <= high)
        num_spoken = are_inside(times, phrases).sum(axis=0)
        num_near = are_inside(times, wide).sum(axis=0)
        # The last key counts first; among equals the smallest shift does.
        best = int(np.lexsort((num_near, num_spoken, ~is_allowed))[0])
        is_better = is_allowed[best] and num_spoken[best] < num_spoken[0]
        chosen.append(round(float(tried[best]), 2) if is_better else 0.0)
    return chosen if any(chosen) else []


def heard_pieces(pieces: Sequence[Segment], shifts: Sequence[float]) -> list[Segment]:
    """Return what is heard of the pieces of a reel.

    Args:
        pieces: what is shown.
        shifts: what `choose_shifts` returned.

    Raises:
        ValueError: it is not one shift per cut, one is too long, or nothing is heard of a piece.

    >>> heard_pieces([Segment(1, 3), Segment(5, 7)], [0.25])
    [Segment(start_seconds=1, end_seconds=3.25), Segment(start_seconds=5.25, end_seconds=7)]
    """
    if not shifts:
        return list(pieces)
    if len(shifts) != len(pieces) - 1:
        raise ValueError(f"{len(pieces)} pieces have no {len(shifts)} shifts of sound")
    for shift in shifts:
        if not abs(shift) <= MAX_SHIFT_SECONDS:
            raise ValueError(f"sound is shifted by at most {MAX_SHIFT_SECONDS} s, got {shift}")
    return [
        Segment(piece.start_seconds + first, piece.end_seconds + last)
        for piece, first, last in zip(pieces, [0, *shifts], [*shifts, 0], strict=True)
    ]


def are_inside(times: npt.NDArray[np.float64], pieces: Sequence[Segment]) -> npt.NDArray[np.bool_]:
    """Return which times, of any shape, lie inside one of some pieces."""
    inside = np.zeros(times.shape, bool)
    for piece in pieces:
        inside |= (piece.start_seconds < times) & (times < piece.end_seconds)
    return inside


def _limits(
    left: Segment, right: Segment, kept: Sequence[Segment], skipped: Sequence[Segment]
) -> tuple[float, float]:
    """Return the least and the greatest shift of the cut between two pieces."""
    end, start = left.end_seconds, right.start_seconds
    exact = {time for piece in kept for time in (piece.start_seconds, piece.end_seconds)}
    if end in exact or start in exact:
        return 0.0, 0.0
    most = MAX_SHIFT_SHARE * min(left.duration_seconds, right.duration_seconds)
    behind = [piece.start_seconds - end for piece in skipped if piece.start_seconds >= end]
    before = [piece.end_seconds - start for piece in skipped if piece.end_seconds <= start]
    return max([-most, *before]), min([most, *behind])
