"""Find the cuts between shots in some pieces of a film, decoding as little as that takes.

Frames that were looked at already part the film into intervals. Only one between two frames that
differ can hold a cut, and only those that touch a wanted piece are decoded, every frame of them:

    looks      |      |      |      K      |      |
    differ                    yes    yes    yes
    wanted           [--------------------]
    packets        . . . . . . ! . . . . . . . . .      . small, ! large
    decoded                  [------)                   the cut at the key frame K is known

The first frame of a shot takes a packet about as large as that of a key frame. Where none between
two looks is, there is no cut between them. Most encoders also begin a shot with a key frame: where
one comes before the longest distance is over, and differs more from the look before it than looks
around there do, the cut is there, and nothing is decoded.

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
from vsumm.media import MediaInfo, Segment, overlapping

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

JOB = "vsumm.borders.shots_job:run_cuts"
"""The job that decodes and compares frames."""
LEAST_CHANGE = 0.07
"""Mean difference of two thumbnails, values in [0, 1], below which they show the same shot. Low: a
cut that is missed leaves a stub, a needless search costs a second of decoding."""
CUT_SHARE = 0.25
"""A packet smaller than this share of a key frame's does not hold the first frame of a shot."""
LEAST_RATIO, NEIGHBOURS = 1.5, 3
"""How many times the median change at so many looks on both sides a cut changes, at least."""
KEY_SLACK_SECONDS = 0.1
"""Key frames at even distances are no further off than this."""
SAME_CUT_SECONDS = 1e-3
"""Two times that are no further apart name the same frame."""
JOINED_SECONDS = 1.0
"""Intervals that lie closer are decoded as one: to seek would mean to decode what is between."""


@dataclass(frozen=True)
class Packets:
    """How the frames that were looked at lie in the file."""

    are_keys: BoolArray
    """(L,) which of them are key frames: the first since the look before, where there are some."""
    sizes: FloatArray
    """(L,) sizes of their packets, bytes; NaN where unknown."""
    most_between: FloatArray
    """(L,) size of the largest packet between each and the one before it, bytes, 0 without any; NaN
    where that is unknown."""


@dataclass(frozen=True)
class Looks:
    """Frames of a film that were looked at before."""

    seconds: FloatArray
    """(L,) when each begins, ascending, seconds on the presentation clock."""
    changes: FloatArray
    """(L,) how much each differs from the one before it, in [0, 1]; NaN where that is unknown."""
    packets: Packets | None = None
    """How they lie in the file; None: unknown."""


@dataclass(frozen=True)
class FoundCuts:
    """What was found."""

    cuts: tuple[float, ...]
    """First instants of shots, ascending, exact to the frame, seconds on the presentation clock.
    Outside the wanted pieces some may be missing."""
    searched: tuple[Segment, ...] = ()
    """Intervals that were decoded, chronological."""
    problem: str = ""
    """Why not all of the pieces could be searched; empty where they were."""


def find_cuts(
    info: MediaInfo,
    pieces: Sequence[Segment],
    looks: Looks | None,
    *,
    content: str,
    before: FoundCuts | None = None,
    cache: RecordCache | None = None,
) -> FoundCuts:
    """Find all cuts in some pieces of a film, beside those that were found before.

    Args:
        info: the film; one without a picture has no cuts.
        pieces: where cuts matter, chronological, not overlapping.
        looks: what was seen of the film; None: every frame of the pieces is decoded.
        content: SHA-256 of the film.
        before: what was found in other pieces.
        cache: where cuts are kept; what was searched before is not decoded again.
    """
    before = before or FoundCuts(known_cuts(looks))
    if info.video is None:
        return before
    end = info.video.start_seconds + info.video.duration_seconds
    wanted = intervals_to_decode(pieces, looks, end)
    seen = set(before.searched)
    todo = [interval for interval in wanted if interval not in seen]
    if not todo:
        return before
    found, problem = search_once(
        info,
        join_near(todo, JOINED_SECONDS),
        job=JOB,
        stream=info.video.index,
        key={"kind": "shot cuts", "version": __version__, "content": content},
        cache=cache,
    )
    found = _without(found, before.cuts)
    cuts, searched = (*before.cuts, *found), (*before.searched, *todo)
    return FoundCuts(tuple(sorted(cuts)), searched, problem or before.problem)


def known_cuts(looks: Looks | None) -> tuple[float, ...]:
    """Return the first instants of shots that need not be looked for, ascending, seconds."""
    return () if looks is None else tuple(looks.seconds[sort_looks(looks)[0]].tolist())


def sort_looks(looks: Looks) -> tuple[BoolArray, BoolArray]:
    """Return which looks begin shots, and before which an unknown cut may lie, both (L,).

    >>> changes = np.where(np.isin(np.arange(20), [4, 9, 12]), 0.3, 0.01)
    >>> are_keys = np.isin(np.arange(20), [0, 4, 9, 19])
    >>> packets = Packets(are_keys, np.full(20, 9e3), np.full(20, 900.0))
    >>> begin, may_follow = sort_looks(Looks(np.arange(20.0), changes, packets))
    >>> np.flatnonzero(begin).tolist(), np.flatnonzero(may_follow).tolist()
    ([4, 9], [12])
    """
    are_open = ~(looks.changes < LEAST_CHANGE)
    packets = looks.packets
    if packets is None or packets.are_keys.sum() < 2:
        return np.zeros_like(are_open), are_open
    keys, sizes = looks.seconds[packets.are_keys], packets.sizes[packets.are_keys]
    later = np.searchsorted(keys, looks.seconds - SAME_CUT_SECONDS)
    sizes_around = np.pad(sizes, 1, mode="edge")
    smaller = np.minimum(sizes_around[later], sizes_around[later + 1])
    is_at_key = (packets.most_between < CUT_SHARE * packets.sizes) & packets.are_keys
    longest = np.diff(keys).max()
    has_to_be = _distances(looks.seconds - longest, keys) <= KEY_SLACK_SECONDS
    begin = (
        is_at_key
        & ~has_to_be
        & (looks.changes >= np.maximum(LEAST_CHANGE, LEAST_RATIO * _motion(looks)))
    )
    # Without a cut before a key frame that is there for another reason, one may be at it.
    largest = np.maximum(packets.most_between, packets.sizes)
    is_nothing_between = (largest < CUT_SHARE * smaller) & ~packets.are_keys
    return begin, are_open & ~begin & ~is_nothing_between


def _motion(looks: Looks) -> FloatArray:
    """Return the median change around each look but at key frames, 0 without any, (L,)."""
    assert looks.packets is not None
    changes = np.where(looks.packets.are_keys, np.nan, looks.changes)
    padded = np.pad(changes, NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1).copy()
    windows[:, NEIGHBOURS] = np.nan  # (L, 7), not the look itself
    windows[np.isnan(windows).all(axis=1)] = 0.0
    median: FloatArray = np.nanmedian(windows, axis=1)
    return median


def intervals_to_decode(
    pieces: Sequence[Segment], looks: Looks | None, end_seconds: float
) -> list[Segment]:
    """Return the intervals between looks that may hold an unknown cut and touch a piece.

    Args:
        pieces: where cuts matter, chronological, not overlapping.
        looks: what was seen of the film; None: all of the pieces may hold one.
        end_seconds: where the picture ends.

    >>> looks = Looks(np.array([0.0, 1.0, 2.0]), np.array([np.nan, 0.3, 0.0]))
    >>> intervals_to_decode([Segment(0.5, 2.0)], looks, 2.5)
    [Segment(start_seconds=0.0, end_seconds=1.0)]
    """
    if looks is None or not len(looks.seconds):
        ends = [min(piece.end_seconds, end_seconds) for piece in pieces]
        spans = zip((piece.start_seconds for piece in pieces), ends, strict=True)
        return [Segment(start, end) for start, end in spans if start < end]
    borders = [0.0, *looks.seconds.tolist(), end_seconds]
    may_hold = [True, *sort_looks(looks)[1][1:], True]
    intervals = [
        Segment(start, end)
        for (start, end), flag in zip(pairwise(borders), may_hold, strict=True)
        if flag and start < end
    ]
    are_near = overlapping(intervals, pieces)
    return [interval for interval, flag in zip(intervals, are_near, strict=True) if flag]


def join_near(intervals: Sequence[Segment], most_seconds: float) -> list[Segment]:
    """Join chronological intervals that lie no further apart.

    >>> join_near([Segment(0.0, 1.0), Segment(2.0, 3.0), Segment(5.0, 6.0)], 1.0)
    [Segment(start_seconds=0.0, end_seconds=3.0), Segment(start_seconds=5.0, end_seconds=6.0)]
    """
    joined: list[Segment] = []
    for interval in intervals:
        if joined and interval.start_seconds - joined[-1].end_seconds <= most_seconds:
            joined[-1] = Segment(joined[-1].start_seconds, interval.end_seconds)
        else:
            joined.append(interval)
    return joined


def _without(times: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return the times that name no frame that one of others names."""
    if not times or not others:
        return list(times)
    distances = _distances(np.array(times), np.array(others))
    return [t for t, d in zip(times, distances, strict=True) if d > SAME_CUT_SECONDS]


def _distances(times: FloatArray, others: FloatArray) -> FloatArray:
    """Return how far each time is from the nearest of others, ascending, at least one; seconds."""
    later = np.searchsorted(others, times)
    before, after = others[np.maximum(later - 1, 0)], others[np.minimum(later, len(others) - 1)]
    return np.minimum(np.abs(times - before), np.abs(times - after))
