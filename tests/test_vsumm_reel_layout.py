"""Where frames and samples land in the reel, by hand-worked cases."""

from fractions import Fraction

import pytest

from vsumm.media.segments import Segment
from vsumm.reel.layout import constant_rate, lay_out, num_ticks, ticks_of_runs


def test_runs_follow_each_other_without_a_hole():
    placed = lay_out([Segment(2, 4), Segment(10, 11.5), Segment(20, 26)])
    assert [(run.reel_start, run.reel_end) for run in placed] == [(0, 2), (2, 3.5), (3.5, 9.5)]


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), 8000, 1000])
def test_ticks_are_handed_out_once_and_without_drift(rate):
    runs = [Segment(3.7 * k, 3.7 * k + 1.3) for k in range(60)]
    placed = lay_out(runs)
    ticks = [tick for run in placed for tick in run.ticks(rate)]
    assert ticks == list(range(len(ticks)))
    assert abs(len(ticks) / rate - 60 * Fraction(1.3)) <= 1 / Fraction(rate)


def test_a_reel_is_never_longer_than_its_runs():
    placed = lay_out([Segment(0, 1.99)])
    assert num_ticks(placed, 25) == 49
    assert num_ticks(lay_out([Segment(0, 0.01)]), 25) == 1


def test_a_run_owns_frames_from_its_start_to_before_its_end():
    (run,) = lay_out([Segment(2, 4)])
    assert run.contains(Fraction(2))
    assert run.contains(Fraction(399, 100))
    assert not run.contains(Fraction(4))
    assert not run.contains(Fraction(199, 100))


def test_a_border_that_is_a_rounded_frame_time_takes_the_frame():
    time = Fraction(60 * 1001, 30000)
    (run,) = lay_out([Segment(float(time) + 1e-12, 4)])
    assert run.contains(time)


def test_runs_may_come_in_any_order():
    placed = lay_out([Segment(10, 11.5), Segment(2, 4)])
    assert [(run.source_start, run.reel_start) for run in placed] == [(10, 0), (2, 1.5)]


def test_a_reel_of_nothing_is_refused():
    with pytest.raises(ValueError, match="runs must"):
        lay_out([])


def test_a_constant_rate_is_seen_through_rounded_stamps():
    rate = Fraction(30000, 1001)
    times = [Fraction(round(1000 * k / rate), 1000) for k in range(100)]
    assert constant_rate(times, [Fraction(25), rate], Fraction(1, 1000)) == rate


def test_a_few_dropped_frames_leave_the_rate_constant():
    times = [Fraction(k, 30) for k in range(100) if k not in (13, 57)]
    assert constant_rate(times, [Fraction(30)], Fraction(1, 90000)) == 30


def test_a_changing_rate_is_not_constant():
    times = [Fraction(k, 30) for k in range(50)] + [
        Fraction(50, 30) + Fraction(k, 10) for k in range(50)
    ]
    assert (
        constant_rate(times, [Fraction(30), Fraction(15), Fraction(10)], Fraction(1, 90000)) is None
    )


def test_a_run_of_whole_frames_has_as_many_though_times_are_rounded_to_milliseconds():
    rate = Fraction(24000, 1001)
    numbers = [(0, 63), (100, 171), (200, 219)]
    runs = [Segment(*(round(float(n / rate), 3) for n in pair)) for pair in numbers]
    *ticks, last = ticks_of_runs(lay_out(runs), rate)
    assert [len(each) for each in ticks] == [63, 71]
    assert last.stop <= 63 + 71 + 19  # rather too short than too long


def test_the_last_run_ends_with_the_reel():
    placed = lay_out([Segment(0, 0.5), Segment(1, 2.06)])
    assert placed[-1].ticks(10) == range(5, 16)
    assert ticks_of_runs(placed, 10) == [range(5), range(5, 15)]
