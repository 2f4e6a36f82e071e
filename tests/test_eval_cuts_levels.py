"""The level of sound at cuts, and how loud it is."""

import numpy as np
import pytest
from films import make_film
from sounds import RATE, noise, tone, write_sound

from eval.cuts.levels import level_steps, measure_sound
from vsumm.errors import InputError, NoSignalError


def test_a_step_of_twelve_decibels_is_found(tmp_path):
    sound = np.concatenate([tone(2, 440, 0.4), tone(2, 440, 0.1), tone(2, 440, 0.1)], axis=1)
    levels = measure_sound(write_sound(tmp_path / "sound.wav", sound))
    assert level_steps(levels, [2.0, 4.0]) == pytest.approx([12.04, 0], abs=0.1)


def test_cuts_without_sound_around_them_are_left_out(tmp_path):
    levels = measure_sound(write_sound(tmp_path / "sound.wav", noise(2)))
    assert level_steps(levels, [0.1, 1.0, 1.9]).shape == (1,)


def test_silence_is_no_endless_step(tmp_path):
    sound = np.concatenate([np.zeros((1, RATE), np.float32), tone(1, 440, 0.1)], axis=1)
    levels = measure_sound(write_sound(tmp_path / "sound.wav", sound))
    assert level_steps(levels, [1.0]) == pytest.approx([60 - 23], abs=0.1)


def test_the_loudness_of_a_tone_in_both_channels_is_its_level(tmp_path):
    both = np.repeat(tone(3, 1000, 0.1), 2, axis=0)
    levels = measure_sound(write_sound(tmp_path / "sound.wav", both))
    assert levels.loudness == pytest.approx(-20, abs=0.1)
    assert levels.true_peak == pytest.approx(-20, abs=0.1)


def test_a_file_without_sound_or_of_nothing_is_one_line(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=1, size=(64, 48), audio=False)
    with pytest.raises(NoSignalError, match="no sound track 0"):
        measure_sound(film)
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(InputError, match="cannot be read"):
        measure_sound(tmp_path / "text.mp4")
