"""What frames that were looked at tell of the cuts of a film.

They part the film into intervals. Only one between two frames that differ can hold a cut:

    looks      |      |      |      K      |      |
    differ                    yes    yes    yes
    packets        . . . . . . ! . . . . . . . . .      . small, ! large
    open                     [------)                   the cut at the key frame K is known

The first frame of a shot takes a packet about as large as that of a key frame. Where none between
two looks is, there is no cut between them. Most encoders also begin a shot with a key frame: where
one comes before the longest distance is over, and differs more from the look before it than looks
around there do, the cut is there.

A shot so short that it begins and ends between two looks that are alike is not seen.

Letters: L looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

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
class SeenCuts:
    """Where a film has cuts, and where it may have some, as far as looks tell."""

    cuts: tuple[float, ...]
    """First instants of shots that are known, ascending, exact to the frame, seconds on the
    presentation clock."""
    open_stretches: tuple[Segment, ...]
    """All that may hold further cuts, between two looks each, chronological, not overlapping."""


def seen_cuts(looks: Looks, end_seconds: float) -> SeenCuts:
    """Return what looks tell of the cuts of a film whose picture ends at some time.

    >>> seen_cuts(Looks(np.array([0.0, 1.0, 2.0]), np.array([np.nan, 0.3, 0.0])), 2.0)
    SeenCuts(cuts=(), open_stretches=(Segment(start_seconds=0.0, end_seconds=1.0),))
    """
    begin, may_follow = sort_looks(looks)
    borders = [0.0, *looks.seconds.tolist(), end_seconds]
    may_hold = [True, *may_follow[1:], True]
    stretches = [
        Segment(start, end)
        for (start, end), flag in zip(pairwise(borders), may_hold, strict=True)
        if flag and start < end
    ]
    return SeenCuts(tuple(looks.seconds[begin].tolist()), tuple(stretches))


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
    has_to_be = distances(looks.seconds - longest, keys) <= KEY_SLACK_SECONDS
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
    rows, counts = np.arange(len(windows)), np.isfinite(windows).sum(axis=1)
    ordered = np.sort(windows, axis=1)  # NaN comes last; np.nanmedian would load numpy.ma
    median: FloatArray = (ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2
    return median


def distances(times: FloatArray, others: FloatArray) -> FloatArray:
    """Return how far each time is from the nearest of others, ascending, at least one; seconds."""
    later = np.searchsorted(others, times)
    before, after = others[np.maximum(later - 1, 0)], others[np.minimum(later, len(others) - 1)]
    return np.minimum(np.abs(times - before), np.abs(times - after))
