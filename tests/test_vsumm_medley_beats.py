"""Cuts that are moved to the beats of a song."""

from itertools import pairwise

import numpy as np
import pytest
from summaries import make_info

from vsumm.media import Segment
from vsumm.medley.beats import FARTHEST_SECONDS, move_to_beats

INFOS = [make_info("a.mp4", 60), make_info("b.mp4", 8)]


def cuts_of(runs):
    return np.cumsum([run.duration_seconds for _, run in runs])


def test_cuts_go_to_the_nearest_beat_and_the_reel_stays_as_long():
    runs = [(0, Segment(2, 6)), (0, Segment(20, 24)), (0, Segment(40, 44))]
    moved = move_to_beats(runs, INFOS, np.arange(0, 12, 0.7))
    assert cuts_of(moved) == pytest.approx([4.2, 7.7, 12])
    assert [run.start_seconds for _, run in moved] == [2, 20, 40]


def test_a_cut_with_no_beat_near_stays():
    runs = [(0, Segment(2, 6)), (0, Segment(20, 24))]
    far = np.array([4 + FARTHEST_SECONDS + 0.05])
    assert move_to_beats(runs, INFOS, far) == tuple(runs)
    assert move_to_beats(runs, INFOS, np.zeros(0)) == tuple(runs)


def test_nothing_is_shown_twice_and_no_run_ends_after_its_film():
    runs = [(0, Segment(2, 6)), (1, Segment(4, 8)), (0, Segment(6, 10)), (0, Segment(10.2, 14))]
    moved = move_to_beats(runs, INFOS, np.array([4.4, 8.4, 12.4]))
    assert cuts_of(moved)[-1] == pytest.approx(cuts_of(runs)[-1])
    assert moved[1][1].end_seconds <= 8
    of_first = sorted(
        (run.start_seconds, run.end_seconds) for number, run in moved[:-1] if number == 0
    )
    assert all(end <= start + 1e-9 for (_, end), (start, _) in pairwise(of_first))


@pytest.mark.parametrize("seed", range(5))
def test_every_cut_stays_near_its_place(seed):
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.choice(28, 6, replace=False)) * 2.0
    runs = [(0, Segment(start, start + 2)) for start in starts]
    moved = move_to_beats(runs, INFOS, np.sort(rng.uniform(0, 12, 20)))
    assert np.abs(cuts_of(moved) - cuts_of(runs)).max() <= FARTHEST_SECONDS + 1e-9
    assert cuts_of(moved)[-1] == pytest.approx(12)
