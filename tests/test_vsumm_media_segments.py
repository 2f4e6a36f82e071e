"""The segment grid and the joining of neighbours, by hand-worked cases."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsumm.media.segments import (
    Segment,
    merge_neighbours,
    mostly_in,
    overlapping,
    split_into_segments,
)


def borders(segments):
    return [(s.start_seconds, s.end_seconds) for s in segments]


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (6.0, [(0, 2), (2, 4), (4, 6)]),
        (5.0, [(0, 2), (2, 4), (4, 5)]),
        (1.375, [(0, 1.375)]),
        (4.0002, [(0, 2), (2, 4.0002)]),
        (0.0005, [(0, 0.0005)]),
    ],
)
def test_segments_cover_the_presentation(duration, expected):
    assert borders(split_into_segments(duration)) == expected


@given(st.floats(0.01, 5e3), st.floats(0.5, 60))
def test_segments_are_contiguous_and_none_is_longer_than_asked(duration, length):
    segments = split_into_segments(duration, segment_seconds=length)
    assert segments[0].start_seconds == 0
    assert segments[-1].end_seconds == duration
    for before, after in itertools.pairwise(segments):
        assert before.end_seconds == after.start_seconds
    assert max(s.duration_seconds for s in segments) < length + 0.0011


def test_edgesdo_not_drift_over_ten_hours():
    segments = split_into_segments(36_000.0, segment_seconds=0.1)
    assert segments[123_456].start_seconds == pytest.approx(12_345.6, abs=1e-9)


@pytest.mark.parametrize("duration", [0, -1, math.nan, math.inf])
def test_a_presentation_without_length_is_refused(duration):
    with pytest.raises(ValueError, match="duration_seconds must be positive"):
        split_into_segments(duration)


@pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 1), (-1, 1), (0, math.inf), (math.nan, 1)])
def test_an_impossible_segment_is_refused(start, end):
    with pytest.raises(ValueError, match="a segment needs"):
        Segment(start, end)


def test_neighbours_are_joined_and_gaps_kept():
    picked = [Segment(6, 8), Segment(0, 2), Segment(2, 4), Segment(10, 11)]
    assert borders(merge_neighbours(picked)) == [(0, 4), (6, 8), (10, 11)]


def test_nothing_picked_gives_no_runs():
    assert merge_neighbours([]) == []


def test_more_than_half_counts_and_touching_is_no_overlap():
    rng = np.random.default_rng(0)
    edges = np.sort(rng.uniform(0, 100, 40))
    pieces = [Segment(*map(float, pair)) for pair in edges.reshape(-1, 2)]
    segments = split_into_segments(100.0)
    shared = [
        [min(s.end_seconds, p.end_seconds) - max(s.start_seconds, p.start_seconds) for p in pieces]
        for s in segments
    ]
    shown = [sum(max(0.0, each) for each in row) for row in shared]
    assert mostly_in(segments, pieces) == [seconds > 1.0 for seconds in shown]
    assert overlapping(segments, pieces) == [seconds > 0 for seconds in shown]
    assert overlapping([Segment(0, 2)], [Segment(2, 4)]) == [False]
    assert overlapping([Segment(0, 2)], []) == [False]
