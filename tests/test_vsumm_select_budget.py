"""Which segments are picked, by hand-worked cases."""

import numpy as np
import pytest

from vsumm.media.segments import split_into_segments
from vsumm.select.budget import select_segments


def picked(duration, scores, budget):
    segments = split_into_segments(duration)
    flags = select_segments(segments, np.array(scores), budget_seconds=budget)
    return [i for i, flag in enumerate(flags) if flag]


def test_the_highest_scores_that_fit_are_picked():
    assert picked(10, [0.1, 0.9, 0.2, 0.8, 0.3], 4.9) == [1, 3]


def test_a_segment_without_signal_is_never_picked():
    assert picked(6, [np.nan, 0.1, np.nan], 6) == [1]


def test_nothing_is_picked_where_nothing_has_signal():
    assert picked(4, [np.nan, np.nan], 4) == []


def test_a_calm_remainder_does_not_slip_into_a_gap():
    assert picked(7, [0.9, 0.5, 0.4, 0.1], 3.5) == [0]


def test_an_intense_remainder_is_picked():
    assert picked(7, [0.2, 0.5, 0.4, 0.9], 3.5) == [1, 3]


def test_everything_is_picked_when_everything_fits():
    assert picked(5, [0.1, 0.5, 0.0001], 5) == [0, 1, 2]


def test_equal_scores_are_taken_from_the_front():
    assert picked(8, [0.5] * 4, 4) == [0, 1]


def test_calm_segments_fill_the_budget_too():
    assert picked(8, [0.0, 0.0, 0.3, 0.0], 4) == [0, 2]


@pytest.mark.parametrize("budget", [0.5, 3.0, 7.7, 12.3, 41.0])
def test_the_budget_is_never_exceeded(budget):
    scores = np.random.default_rng(0).random(21)
    segments = split_into_segments(41)
    flags = select_segments(segments, scores, budget_seconds=budget)
    total = sum(s.duration_seconds for s, f in zip(segments, flags, strict=True) if f)
    assert total <= budget
