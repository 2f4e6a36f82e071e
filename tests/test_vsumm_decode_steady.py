import numpy as np
import pytest

from vsumm.decode.steady import find_jumps

LENGTH = 0.02


def optional(time):
    return None if time is None else float(time)


def jumps(times):
    stamped = ((time, LENGTH, number) for number, time in enumerate(map(optional, times)))
    return {number: time for time, number in find_jumps(stamped) if time is not None}


def test_blocks_that_follow_each_other_begin_once():
    assert jumps(3 + LENGTH * np.arange(50)) == {0: 3}


@pytest.mark.parametrize("seed", range(5))
def test_jitter_is_no_pause(seed):
    late = np.random.default_rng(seed).uniform(0, 0.03, 500)
    late[0] = late[::4] = 0
    assert jumps(LENGTH * np.arange(500) + late) == {0: 0}


@pytest.mark.parametrize("off", [0.011, 0.5, 100, -0.05])
def test_a_pause_begins_anew_at_once_and_once(off):
    times = LENGTH * np.arange(60) + np.where(np.arange(60) >= 20, off, 0)
    assert jumps(times) == {0: 0, 20: pytest.approx(20 * LENGTH + off)}


def test_a_damaged_time_moves_nothing():
    times = LENGTH * np.arange(60)
    times[30] = 5000
    assert jumps(times) == {0: 0}


def test_blocks_without_times_follow_the_one_before():
    assert jumps([1.0, None, None, 1.06]) == {0: 1.0}


def test_every_block_comes_out_in_order():
    times = [0.5, None, 7.0, 7.5, 0.1]
    blocks = [number for _, number in find_jumps((t, LENGTH, k) for k, t in enumerate(times))]
    assert blocks == [0, 1, 2, 3, 4]
