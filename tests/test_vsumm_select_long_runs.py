"""Runs that are not longer than wanted, and gaps that are worth no cut."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsumm.media import Segment, split_into_segments
from vsumm.select import end_long_runs, join_close_runs, select_segments, select_with_breaks


def lengths_of(selected):
    return [2.0 * len(list(group)) for flag, group in groupby(selected) if flag]


def test_of_a_long_run_the_best_part_stays_and_others_are_selected():
    segments = split_into_segments(20.0)
    scores = np.array([0.1, 0.5, 0.9, 0.8, 0.7, 0.1, 0.1, 0.6, 0.1, 0.1])
    selected = select_with_breaks(segments, scores, budget_seconds=8.0, max_run_seconds=4.0)
    assert np.flatnonzero(selected).tolist() == [0, 2, 3, 7]
    assert select_with_breaks(segments, scores, budget_seconds=8.0) == select_segments(
        segments, scores, budget_seconds=8.0
    )


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=40),
    st.integers(1, 30),
    st.floats(2, 12),
    st.sampled_from([0.0, 0.5]),
)
def test_no_run_is_longer_and_the_budget_holds(scores, num_picked, longest, spread):
    segments = split_into_segments(2.0 * len(scores))
    selected = select_with_breaks(
        segments,
        np.array(scores),
        budget_seconds=2.0 * num_picked,
        spread=spread,
        max_run_seconds=longest,
    )
    assert max(lengths_of(selected), default=0) <= longest
    assert 0 < sum(selected) <= num_picked


def test_the_shortest_gaps_are_joined_first_as_long_as_the_budget_lasts():
    runs = [Segment(0, 2), Segment(2.6, 4), Segment(4.3, 6), Segment(7, 9)]
    join = [Segment(0, 2), Segment(2.6, 6), Segment(7, 9)]
    assert join_close_runs(runs, spare_seconds=0.8, least_gap_seconds=0.7) == join
    assert join_close_runs(runs, spare_seconds=0.2, least_gap_seconds=0.7) == runs
    joined = join_close_runs(runs, spare_seconds=1.0, least_gap_seconds=0.7)
    assert joined == [Segment(0, 6), Segment(7, 9)]
    assert joined == join_close_runs(
        runs, spare_seconds=1.3, least_gap_seconds=0.7, overlap_seconds=0.2
    )


@pytest.mark.parametrize(
    "rule", [{"max_run_seconds": 3.0}, {"closed": [Segment(2.1, 2.2), Segment(4.0, 4.1)]}]
)
def test_gaps_stay_where_the_run_would_be_too_long_or_they_are_closed(rule):
    runs = [Segment(0, 2), Segment(2.6, 4), Segment(4.3, 6)]
    assert join_close_runs(runs, spare_seconds=9.0, least_gap_seconds=0.7, **rule) == runs


def test_what_is_kept_is_not_ended():
    pieces = [Segment(0, 5), Segment(6, 12)]
    kept = [Segment(7, 12)]
    assert end_long_runs(pieces, 3.0, kept=kept) == [Segment(0, 3), Segment(6, 12)]
