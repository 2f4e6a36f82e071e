"""Move the cuts of a reel to beats of its song: each by less than half a second.

    beats   |     |     |     |     |     |
    before  [=== a ===)[==== b ====)[== c =)      runs of whole segments
    after   [=== a ====)[=== b ====)[== c =)      ends on beats; the reel is as long

A run becomes longer or shorter at its end; footage that another run shows is not shown twice: what
lies between two runs of one film belongs half to each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vsumm.media import MediaInfo, Segment
from vsumm.score import FloatArray

FARTHEST_SECONDS = 0.45
"""How far a cut is moved at most; in music of 67 beats a minute or more one is near enough."""

Run = tuple[int, Segment]
"""Number of a film, and a stretch of it."""


def move_to_beats(
    runs: Sequence[Run], infos: Sequence[MediaInfo], beats: FloatArray
) -> tuple[Run, ...]:
    """Return the runs with their cuts on beats where that is possible.

    Args:
        runs: in the order of the reel.
        infos: the films.
        beats: (B,) seconds from the beginning of the reel, ascending.
    """
    cuts = np.cumsum([run.duration_seconds for _, run in runs])
    moved: list[Run] = []
    begin = 0.0
    for number, ((film, run), cut) in enumerate(zip(runs, cuts.tolist(), strict=True)):
        is_last = number == len(runs) - 1
        # Rather a moment twice than a reel that ends before its song.
        first, last = (0.0, infos[film].duration_seconds) if is_last else _room(runs, number, infos)
        for end in [cut] if is_last else [_nearest(beats, cut), cut]:
            length = end - begin
            if length <= last - first:
                break
        else:
            length = last - first  # the next cut makes up for it
        start = min(run.start_seconds, last - length)
        moved.append((film, Segment(max(0.0, start), max(0.0, start) + length)))
        begin += length
    return tuple(moved)


def _room(runs: Sequence[Run], number: int, infos: Sequence[MediaInfo]) -> tuple[float, float]:
    """Return from when to when a run may last, seconds of its film."""
    film, run = runs[number]
    others = [other for k, (f, other) in enumerate(runs) if f == film and k != number]
    ends = [o.end_seconds for o in others if o.end_seconds <= run.start_seconds + 1e-9]
    starts = [o.start_seconds for o in others if o.start_seconds >= run.end_seconds - 1e-9]
    first = (max(ends) + run.start_seconds) / 2 if ends else 0.0
    last = (min(starts) + run.end_seconds) / 2 if starts else infos[film].duration_seconds
    return first, last


def _nearest(beats: FloatArray, cut: float) -> float:
    """Return the beat that is nearest to a cut, or the cut itself where none is near."""
    if not len(beats):
        return cut
    beat = float(beats[np.abs(beats - cut).argmin()])
    return beat if abs(beat - cut) <= FARTHEST_SECONDS else cut
