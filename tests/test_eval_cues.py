import numpy as np

from eval.cues import cue_scores, leave_one_out, mode_scores
from vsumm.config import SummaryConfig
from vsumm.media.segments import split_into_segments
from vsumm.score import score_highlights

SEGMENTS = split_into_segments(18.0)
NOTHING = np.full(9, np.nan)


def test_motion_loudness_and_position_stand_beside_the_signals():
    found = dict(cue_scores({"motion": np.arange(9.0), "loudness": np.ones(9)}, SEGMENTS))
    assert list(found) == [
        "signal: motion",
        "signal: loudness",
        "motion over 5",
        "loudness + motion",
        "nearer to the middle",
    ]
    assert found["motion over 5"].tolist() == [1, 1.5, 2, 3, 4, 5, 6, 6.5, 7]
    assert np.argmax(found["nearer to the middle"]) == 4


def test_the_middle_is_there_once():
    names = [name for name, _ in cue_scores({"middle": np.arange(9.0)}, SEGMENTS)]
    assert names == ["nearer to the middle"]


def test_a_signal_that_says_nothing_is_no_cue():
    names = [name for name, _ in cue_scores({"motion": NOTHING, "loudness": NOTHING}, SEGMENTS)]
    assert names == ["nearer to the middle"]


def test_a_silent_film_is_scored_by_its_picture_alone():
    columns = {"image_arousal": np.linspace(0, 1, 9), "motion": NOTHING, "music_arousal": NOTHING}
    columns |= {"loudness": NOTHING, "music": NOTHING, "speech": NOTHING}
    config = SummaryConfig()
    assert [name for name, _ in mode_scores(columns, config)] == ["by image"]
    columns["music_arousal"] = np.linspace(1, 0, 9)
    assert [name for name, _ in mode_scores(columns, config)] == ["by both", "by image", "by music"]


def test_each_signal_that_counts_is_left_out_once():
    columns = {"motion": np.sin(np.arange(9.0)), "image_arousal": np.linspace(0.2, 0.8, 9)}
    config = SummaryConfig(weights={"motion": 1.0, "image_arousal": 1.0, "about": 0.0})
    left = dict(leave_one_out(columns, config))
    assert "highlights without about" not in left
    full = score_highlights(columns, config.weights).scores
    np.testing.assert_array_equal(left["highlights without loudness"], full)
    assert (np.diff(left["highlights without motion"]) > 0).all()
