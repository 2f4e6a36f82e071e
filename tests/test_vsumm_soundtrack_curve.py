"""The curve that the picture of a reel follows."""

import numpy as np
import pytest
from summaries import make_info, make_summary

from vsumm.config import SummaryConfig
from vsumm.errors import NoSignalError
from vsumm.soundtrack.curve import check_film, reel_curve

AROUSAL = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def summary_of(picked, arousal=AROUSAL, **signals):
    flat = [0.5] * len(arousal)
    columns = {"image_valence": flat, "image_arousal": arousal, "motion": flat} | signals
    return make_summary(flat, picked, signals=columns)


def test_there_is_one_point_for_every_two_seconds_of_the_reel():
    curve = reel_curve(summary_of([1, 2, 7, 9]))
    assert curve.times.tolist() == [1, 3, 5, 7]
    assert curve.length_seconds == 8


def test_points_are_those_of_the_picked_segments_averaged_over_three():
    curve = reel_curve(summary_of([1, 2, 7, 9]))
    shown = [0.2, 0.3, 0.8, 1.0]
    expected = [np.mean(shown[:2]), np.mean(shown[:3]), np.mean(shown[1:]), np.mean(shown[2:])]
    assert curve.va[:, 1] == pytest.approx(expected)
    assert curve.va[:, 0] == pytest.approx([0.5] * 4)


def test_crossfades_shorten_the_curve():
    curve = reel_curve(summary_of([1, 2, 7, 9]), crossfade_seconds=1.0)
    assert curve.length_seconds == 6
    assert curve.times.tolist() == [1, 3, 5]


def test_motion_raises_arousal():
    still = reel_curve(summary_of([2, 3])).va[:, 1]
    moving = reel_curve(summary_of([2, 3], motion=[0, 0, 9, 9, 0, 0, 0, 0, 0, 0])).va[:, 1]
    assert (moving > still).all()


def test_black_pictures_have_no_say():
    arousal = [None, 0.2, None, *AROUSAL[3:]]
    curve = reel_curve(summary_of([0, 1, 2, 3], arousal))
    assert np.isnan(curve.va[0, 1])
    assert curve.va[1, 1] == pytest.approx(0.2)
    with pytest.raises(NoSignalError, match="black"):
        reel_curve(summary_of([0, 2], arousal))


def test_a_reel_without_picture_is_said():
    with pytest.raises(NoSignalError, match="no picture in its reel"):
        reel_curve(make_summary([0.5] * 4, [1], signals={"music_arousal": [0.5] * 4}))
    with pytest.raises(NoSignalError, match="no picture that music"):
        check_film(make_info(video=False), SummaryConfig())
    with pytest.raises(NoSignalError, match="by='highlights'"):
        check_film(make_info(), SummaryConfig(by="music"))
