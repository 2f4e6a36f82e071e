"""Find the cuts between shots in some pieces of a film, decoding as little as that takes.

What is known of the film leaves stretches open, see `seen.py`. Only those that touch a wanted piece
are decoded, every frame of them:

    open       [------)      [------)[------)      [---)
    wanted           [-----------------)
    decoded    [------)      [------)[------)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vsumm._version import __version__
from vsumm.borders.searched import search_once
from vsumm.borders.seen import SAME_CUT_SECONDS, SeenCuts, distances
from vsumm.files import RecordCache
from vsumm.media import MediaInfo, Segment, VideoStream, overlapping

JOB = "vsumm.borders.shots_job:run_cuts"
"""The job that decodes and compares frames."""
SHARE_FROM_SECONDS = 6.0
"""From this length on two processes decode: about as long as a second one takes to start."""
JOINED_SECONDS = 1.0
"""Stretches that lie closer are decoded as one: to seek would mean to decode what is between."""


@dataclass(frozen=True)
class FoundCuts:
    """What was found."""

    cuts: tuple[float, ...]
    """First instants of shots, ascending, exact to the frame, seconds on the presentation clock.
    Outside the wanted pieces some may be missing."""
    searched: tuple[Segment, ...] = ()
    """Stretches that were decoded, chronological."""
    problem: str = ""
    """Why not all of the pieces could be searched; empty where they were."""


def find_cuts(
    info: MediaInfo,
    pieces: Sequence[Segment],
    seen: SeenCuts | None,
    *,
    content: str,
    before: FoundCuts | None = None,
    cache: RecordCache | None = None,
) -> FoundCuts:
    """Find all cuts in some pieces of a film, beside those that were found before.

    Args:
        info: the film; one without a picture has no cuts.
        pieces: where cuts matter, chronological, not overlapping.
        seen: what is known of the film; None: every frame of the pieces is decoded.
        content: SHA-256 of the film.
        before: what was found in other pieces.
        cache: where cuts are kept; what was searched before is not decoded again.
    """
    before = before or FoundCuts(seen.cuts if seen else ())
    if info.video is None:
        return before
    wanted = _shown(pieces, info.video) if seen is None else _near(seen.open_stretches, pieces)
    todo = [stretch for stretch in wanted if stretch not in set(before.searched)]
    if not todo:
        return before
    joined = join_near(todo, JOINED_SECONDS)
    found, problem = search_once(
        info,
        joined,
        job=JOB,
        stream=info.video.index,
        share_from_seconds=SHARE_FROM_SECONDS,
        key={"kind": "shot cuts", "version": __version__, "content": content},
        cache=cache,
    )
    # What the cache knows beyond that would make edges depend on what was asked for before.
    found = _without([time for time in found if _is_in(time, joined)], before.cuts)
    cuts, searched = (*before.cuts, *found), (*before.searched, *todo)
    return FoundCuts(tuple(sorted(cuts)), searched, problem or before.problem)


def join_near(stretches: Sequence[Segment], most_seconds: float) -> list[Segment]:
    """Join chronological stretches that lie no further apart.

    >>> join_near([Segment(0.0, 1.0), Segment(2.0, 3.0), Segment(5.0, 6.0)], 1.0)
    [Segment(start_seconds=0.0, end_seconds=3.0), Segment(start_seconds=5.0, end_seconds=6.0)]
    """
    joined: list[Segment] = []
    for each in stretches:
        if joined and each.start_seconds - joined[-1].end_seconds <= most_seconds:
            joined[-1] = Segment(joined[-1].start_seconds, each.end_seconds)
        else:
            joined.append(each)
    return joined


def _shown(pieces: Sequence[Segment], video: VideoStream) -> list[Segment]:
    """Return the pieces as far as there is a picture."""
    end_seconds = video.start_seconds + video.duration_seconds
    ends = [min(piece.end_seconds, end_seconds) for piece in pieces]
    spans = zip((piece.start_seconds for piece in pieces), ends, strict=True)
    return [Segment(start, end) for start, end in spans if start < end]


def _near(stretches: Sequence[Segment], pieces: Sequence[Segment]) -> list[Segment]:
    """Return the stretches that touch a piece."""
    are_near = overlapping(stretches, pieces)
    return [stretch for stretch, flag in zip(stretches, are_near, strict=True) if flag]


def _is_in(seconds: float, stretches: Sequence[Segment]) -> bool:
    return any(each.start_seconds < seconds <= each.end_seconds for each in stretches)


def _without(times: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return the times that name no frame that one of others names."""
    if not times or not others:
        return list(times)
    apart = distances(np.array(times), np.array(others))
    return [t for t, d in zip(times, apart, strict=True) if d > SAME_CUT_SECONDS]
