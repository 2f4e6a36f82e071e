"""Smoothing and the combination of picture and sound, by hand-worked cases."""

import numpy as np
import pytest

from vsumm.score.arousal import add_motion, combine, smooth, sound_arousal

NAN = np.nan


def test_smoothing_averages_neighbours_and_shrinks_at_the_ends():
    values = np.array([0.0, 3.0, 6.0, 0.0])
    assert smooth(values, width=3).tolist() == [1.5, 3.0, 3.0, 3.0]


def test_smoothing_of_width_one_changes_nothing():
    values = np.array([[0.1, 0.2], [NAN, NAN], [0.5, 0.6]])
    np.testing.assert_array_equal(smooth(values, width=1), values)


def test_a_segment_without_signal_neither_gives_nor_gets_a_value():
    smoothed = smooth(np.array([1.0, NAN, 3.0]), width=3)
    np.testing.assert_array_equal(smoothed, [1.0, NAN, 3.0])


def test_motion_is_added_in_standard_deviations_of_arousal():
    arousal, motion = np.array([0.4, 0.5, 0.6]), np.array([0.3, 0.0, 0.0])
    deviations = np.array([2.0, -1.0, -1.0]) / np.sqrt(2)
    expected = arousal + 0.5 * np.std(arousal) * deviations
    np.testing.assert_allclose(add_motion(arousal, motion, weight=0.5), expected)


def test_motion_that_is_the_same_everywhere_or_unseen_changes_nothing():
    arousal = np.array([0.4, 0.6, NAN])
    for motion in (np.full(3, 0.2), np.full(3, NAN)):
        np.testing.assert_array_equal(add_motion(arousal, motion, weight=0.5), arousal)


def test_a_segment_whose_motion_was_not_seen_counts_as_average():
    arousal, motion = np.array([0.4, 0.6, 0.5]), np.array([0.0, 0.2, NAN])
    assert add_motion(arousal, motion, weight=1.0)[2] == pytest.approx(0.5)


def test_by_one_modality_the_score_is_its_arousal():
    image, music = np.array([0.1, NAN]), np.array([0.3, 0.4])
    np.testing.assert_array_equal(combine(image, music, by="image"), image)
    np.testing.assert_array_equal(combine(image, music, by="music"), music)


def test_both_does_not_depend_on_the_spread_of_either_scale():
    image, music = np.array([0.2, 0.9, 0.5]), np.array([0.6, 0.1, 0.3])
    narrow = 0.5 + (music - 0.5) / 10
    np.testing.assert_allclose(combine(image, music, by="both"), combine(image, narrow, by="both"))


def test_both_shares_the_rank_of_equal_values():
    flat, rising = np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(combine(flat, rising, by="both"), [1 / 2, 2 / 3, 5 / 6])


def test_a_modality_that_varies_by_noise_alone_has_no_say():
    noise = 0.5 + 0.001 * np.array([3, -2, 1, 0, -1])
    rising = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert np.argsort(combine(noise, rising, by="both")).tolist() == [0, 1, 2, 3, 4]


def test_silence_counts_as_the_calmest_in_both():
    score = combine(np.array([0.5, 0.6, 0.7]), np.array([0.5, 0.4, NAN]), by="both")
    assert score[2] == pytest.approx(0.5)
    assert score.argmax() == 0


def test_a_segment_with_neither_picture_nor_sound_has_no_score():
    assert np.isnan(combine(np.array([NAN, 0.5]), np.array([NAN, 0.5]), by="both"))[0]


def test_where_there_is_no_music_louder_sound_is_more_arousing():
    columns = {
        "music_arousal": np.full(4, 0.5),
        "music": np.array([1.0, 0.0, 0.0, 1.0]),
        "speech": np.array([0.0, 0.0, 1.0, 0.0]),
        "loudness": np.array([10.0, 10.0, -10.0, -10.0]),
    }
    assert sound_arousal(columns) == pytest.approx([0.5, 0.6, 0.4, 0.5])


def test_silence_has_no_arousal():
    columns = dict.fromkeys(("music", "speech", "loudness"), np.zeros(2))
    arousal = sound_arousal({**columns, "music_arousal": np.array([np.nan, 0.4])})
    assert np.isnan(arousal[0])
    assert arousal[1] == 0.4
