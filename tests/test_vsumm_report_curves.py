"""Paths of curves, and times below them."""

import re

import numpy as np
import pytest

from vsumm.media import split_into_segments
from vsumm.report.curves import HEIGHT, MOST_POINTS, MOST_TICKS, WIDTH, choose_ticks, draw_curve


def draw(values, duration=None, low=0.0, high=1.0):
    duration = duration or 2.0 * len(values)
    segments = split_into_segments(duration)
    return draw_curve(
        segments, np.array(values, float), duration_seconds=duration, low=low, high=high
    )


def points(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", path)]


def test_a_curve_reaches_from_the_first_to_the_last_instant():
    path = draw([0.0, 1.0, 0.5])
    x = [point[0] for point in points(path.line)]
    assert (x[0], x[-1]) == (0.0, WIDTH)
    assert x == sorted(x)


def test_high_values_lie_above_low_ones_and_none_outside():
    y = [point[1] for point in points(draw([0.0, 1.0, 7.0]).line)]
    assert y[1] > y[2] == y[3]
    assert all(0 < value < HEIGHT for value in y)


def test_a_line_is_broken_where_there_is_no_number():
    path = draw([0.5, np.nan, 0.5, 0.5])
    assert path.line.count("M") == path.area.count("Z") == 2


def test_a_signal_that_does_not_vary_is_a_line_in_the_middle():
    y = {point[1] for point in points(draw([3.0, 3.0], low=3.0, high=3.0).line)}
    assert y == {HEIGHT / 2}


def test_nothing_known_draws_nothing():
    assert draw([np.nan, np.nan]).line == ""


def test_a_curve_of_ten_hours_has_no_more_points_than_can_be_seen():
    path = draw(np.linspace(0, 1, 18_000), duration=36_000.0)
    assert len(points(path.line)) <= MOST_POINTS + 2
    assert len(path.line) < 16_000


@pytest.mark.parametrize("duration", [0.5, 11.0, 596.4, 5400.0, 36_000.0, 200_000.0])
def test_ticks_are_few_round_and_within_the_film(duration):
    ticks = choose_ticks(duration)
    assert ticks[0] == 0
    assert len(ticks) <= MOST_TICKS + 1
    assert ticks[-1] < duration
