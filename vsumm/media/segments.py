"""Split a presentation into half-open pieces, and join neighbouring pieces into runs."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

MIN_SEGMENT_SECONDS = 1e-3
"""A remainder shorter than this belongs to the piece before it: no frame or sound lies in it."""
TOLERANCE_SECONDS = Fraction(1, 100_000)
"""A frame this close before a border counts as on it: borders are floats, time stamps are not."""
SLACK_SECONDS = 1e-6
"""Lengths are differences of seconds; less than this is a rounding error."""


@dataclass(frozen=True)
class Segment:
    """A half-open piece [start_seconds, end_seconds) of the presentation.

    Raises:
        ValueError: the piece is empty, starts before zero, or is not finite.
    """

    start_seconds: float
    """First instant that belongs to the piece, seconds on the presentation clock."""
    end_seconds: float
    """First instant that no longer belongs to it."""

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds < self.end_seconds < math.inf:
            raise ValueError(
                f"a segment needs 0 <= start < end, got [{self.start_seconds}, {self.end_seconds})"
            )

    @property
    def duration_seconds(self) -> float:
        """Length of the piece, seconds."""
        return self.end_seconds - self.start_seconds

    @property
    def centre_seconds(self) -> float:
        """The instant in its middle."""
        return (self.start_seconds + self.end_seconds) / 2

    def widened(self, seconds: float) -> Segment:
        """Return the piece with so much more on both sides, though nothing before zero."""
        return Segment(max(0.0, self.start_seconds - seconds), self.end_seconds + seconds)


def split_into_segments(duration_seconds: float, *, segment_seconds: float = 2.0) -> list[Segment]:
    """Cut [0, duration_seconds) into pieces of equal length; the last one keeps the remainder.

    Borders are multiples of `segment_seconds`, not sums of it, so that no error builds up.

    Raises:
        ValueError: a length is not positive and finite.

    >>> [s.end_seconds for s in split_into_segments(5.0, segment_seconds=2.0)]
    [2.0, 4.0, 5.0]
    """
    for name, value in (("duration", duration_seconds), ("segment", segment_seconds)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name}_seconds must be positive and finite, got {value}")
    count = max(1, math.ceil((duration_seconds - MIN_SEGMENT_SECONDS) / segment_seconds))
    borders = [k * segment_seconds for k in range(count)] + [duration_seconds]
    return [Segment(start, end) for start, end in itertools.pairwise(borders)]


def mostly_in(segments: Iterable[Segment], pieces: Sequence[Segment]) -> list[bool]:
    """Say of which segments more than half lies in pieces, which are chronological and apart.

    >>> mostly_in([Segment(0, 2), Segment(2, 4)], [Segment(0.5, 1), Segment(1.2, 3)])
    [True, False]
    """
    ends = [piece.end_seconds for piece in pieces]
    flags = []
    for segment in segments:
        shown = 0.0
        number = bisect_right(ends, segment.start_seconds)  # the first piece that ends later
        while number < len(pieces) and pieces[number].start_seconds < segment.end_seconds:
            start = max(segment.start_seconds, pieces[number].start_seconds)
            shown += min(segment.end_seconds, ends[number]) - start
            number += 1
        flags.append(shown > segment.duration_seconds / 2)
    return flags


def overlapping(segments: Iterable[Segment], pieces: Sequence[Segment]) -> list[bool]:
    """Say which segments overlap one of some pieces, which are chronological and apart.

    >>> overlapping([Segment(0, 2), Segment(2, 4)], [Segment(2, 3), Segment(6, 9)])
    [False, True]
    """
    ends = [piece.end_seconds for piece in pieces]
    flags = []
    for segment in segments:
        first = bisect_right(ends, segment.start_seconds)  # the first piece that ends later
        flags.append(first < len(ends) and pieces[first].start_seconds < segment.end_seconds)
    return flags


def merge_neighbours(segments: Iterable[Segment]) -> list[Segment]:
    """Join pieces that touch or overlap; the result is chronological and has gaps between runs.

    >>> merge_neighbours([Segment(4, 6), Segment(0, 2), Segment(2, 4)])
    [Segment(start_seconds=0, end_seconds=6)]
    """
    runs: list[Segment] = []
    for segment in sorted(segments, key=lambda s: s.start_seconds):
        if runs and segment.start_seconds <= runs[-1].end_seconds:
            end_seconds = max(runs[-1].end_seconds, segment.end_seconds)
            runs[-1] = Segment(runs[-1].start_seconds, end_seconds)
        else:
            runs.append(segment)
    return runs


def in_order_of(runs: Sequence[Segment], shown: Sequence[Segment]) -> list[Segment]:
    """Bring runs into the order in which a reel shows them.

    Args:
        runs: chronological, and apart.
        shown: what the reel shows, in its order: a run that overlaps some of it takes the place of
            the first one, any other run comes behind the one before it.

    >>> in_order_of([Segment(0, 2), Segment(3, 4), Segment(8, 9)], [Segment(8, 9), Segment(0, 2)])
    [Segment(start_seconds=8, end_seconds=9), Segment(start_seconds=0, end_seconds=2), \
Segment(start_seconds=3, end_seconds=4)]
    """
    places: list[int] = []
    for run in runs:
        overlaps = (
            place
            for place, piece in enumerate(shown)
            if piece.start_seconds < run.end_seconds and run.start_seconds < piece.end_seconds
        )
        places.append(next(overlaps, places[-1] if places else -1))
    ranked = sorted(range(len(runs)), key=places.__getitem__)
    return [runs[number] for number in ranked]


def without(segments: Iterable[Segment], others: Sequence[Segment]) -> list[Segment]:
    """Return what is left of pieces where others are taken away, which are chronological and apart.

    >>> without([Segment(0, 4), Segment(5, 6)], [Segment(1, 2), Segment(3, 5.5)])[::2]
    [Segment(start_seconds=0, end_seconds=1), Segment(start_seconds=5.5, end_seconds=6)]
    """
    left: list[Segment] = []
    for segment in segments:
        start = segment.start_seconds
        for other in others:
            if start < other.start_seconds < segment.end_seconds:
                left.append(Segment(start, other.start_seconds))
            if other.start_seconds < segment.end_seconds:
                start = max(start, other.end_seconds)
        if start < segment.end_seconds:
            left.append(Segment(start, segment.end_seconds))
    return left
