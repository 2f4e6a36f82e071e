"""Find the cuts between shots in some pieces of a film, decoding as little as that takes.

Frames that were looked at already part the film into intervals. Only one between two frames that
differ can hold a cut, and only those that touch a wanted piece are decoded, every frame of them:

    looks      |      |      |      |      |      |
    differ                    yes           yes
    wanted           [------------]
    decoded                  [------)

A shot so short that it begins and ends between two looks that are alike is not found.

Letters: L looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm._version import __version__
from vsumm.borders.searched import search_once
from vsumm.files import RecordCache
from vsumm.media import MediaInfo, Segment

JOB = "vsumm.borders.shots_job:run_cuts"
"""The job that decodes and compares frames."""
LEAST_CHANGE = 0.07
"""Mean difference of two thumbnails, values in [0, 1], below which they show the same shot. Low: a
cut that is missed leaves a stub, a needless search costs a second of decoding."""
JOINED_SECONDS = 1.0
"""Intervals that lie closer are decoded as one: to seek would mean to decode what is between."""


@dataclass(frozen=True)
class Looks:
    """Frames of a film that were looked at before."""

    seconds: npt.NDArray[np.float64]
    """(L,) when each begins, ascending, seconds on the presentation clock."""
    changes: npt.NDArray[np.float64]
    """(L,) how much each differs from the one before it, in [0, 1]; NaN where that is unknown."""


@dataclass(frozen=True)
class FoundCuts:
    """What was found."""

    cuts: tuple[float, ...]
    """First instants of shots, ascending, exact to the frame, seconds on the presentation clock.
    Outside the wanted pieces some may be missing."""
    problem: str = ""
    """Why not all of the pieces could be searched; empty where they were."""


def find_cuts(
    info: MediaInfo,
    pieces: Sequence[Segment],
    looks: Looks | None,
    *,
    content: str,
    cache: RecordCache | None = None,
) -> FoundCuts:
    """Find all cuts in some pieces of a film.

    Args:
        info: the film; one without a picture has no cuts.
        pieces: where cuts matter, chronological, not overlapping.
        looks: what was seen of the film; None: every frame of the pieces is decoded.
        content: SHA-256 of the film.
        cache: where cuts are kept; what was searched before is not decoded again.
    """
    if info.video is None:
        return FoundCuts(())
    end = info.video.start_seconds + info.video.duration_seconds
    found, problem = search_once(
        info,
        intervals_to_decode(pieces, looks, end),
        job=JOB,
        stream=info.video.index,
        key={"kind": "shot cuts", "version": __version__, "content": content},
        cache=cache,
    )
    return FoundCuts(tuple(found), problem)


def intervals_to_decode(
    pieces: Sequence[Segment], looks: Looks | None, end_seconds: float
) -> list[Segment]:
    """Return the intervals between looks that may hold a cut inside a piece, joined where near.

    Args:
        pieces: where cuts matter, chronological, not overlapping.
        looks: what was seen of the film; None: all of the pieces may hold one.
        end_seconds: where the picture ends.

    >>> looks = Looks(np.array([0.0, 1.0, 2.0]), np.array([np.nan, 0.3, 0.0]))
    >>> intervals_to_decode([Segment(0.5, 2.0)], looks, 2.5)
    [Segment(start_seconds=0.0, end_seconds=1.0)]
    """
    if looks is None or not len(looks.seconds):
        intervals = [(p.start_seconds, min(p.end_seconds, end_seconds)) for p in pieces]
    else:
        borders = [0.0, *looks.seconds, end_seconds]
        changes = [np.nan, *looks.changes[1:], np.nan]
        intervals = [
            (start, end)
            for (start, end), change in zip(pairwise(borders), changes, strict=True)
            if not change < LEAST_CHANGE and _touches(start, end, pieces)
        ]
    joined: list[tuple[float, float]] = []
    for start, end in intervals:
        if joined and start - joined[-1][1] <= JOINED_SECONDS:
            joined[-1] = (joined[-1][0], end)
        elif start < end:
            joined.append((start, end))
    return [Segment(float(start), float(end)) for start, end in joined]


def _touches(start: float, end: float, pieces: Sequence[Segment]) -> bool:
    return any(start < piece.end_seconds and piece.start_seconds < end for piece in pieces)
