"""What is heard around a cut: no click, no dip, no louder word; and how long the fade is."""

import numpy as np
import pytest
from films import make_film, run_ffmpeg
from hypothesis import given
from hypothesis import strategies as st
from reels import encode_here
from sounds import RATE, noise, read_sound, syllables, tone, write_sound

from vsumm.media.segments import Segment
from vsumm.reel.join_sound import (
    ONSET_FADE_SECONDS,
    STEADY_FADE_SECONDS,
    TONE_FADE_SECONDS,
    cross_fade,
    fade_seconds,
)

RUNS = [Segment(1, 2), Segment(3.0123, 4.0123)]
CUT = RATE
ROUNDING = 2 / 32768
"""Of a reel of 16 bits."""


def joined(folder, samples, runs=RUNS, rate=RATE):
    """The sound of a reel of these runs, (C, T)."""
    film = write_sound(folder / "film.wav", samples, rate)
    encode_here(film, runs, folder / "reel.wav")
    return read_sound(folder / "reel.wav")[0]


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples)))


def bend(samples):
    """The sharpest corner in samples: small in low tones, large at a click."""
    return np.abs(np.diff(samples, 2)).max()


@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_cut_between_two_tones_does_not_click(tmp_path, rate):
    film = np.concatenate([tone(2.5, 200, rate=rate), tone(2.5, 310, rate=rate)], axis=1)
    (reel,) = joined(tmp_path, film, rate=rate)
    inside = bend(reel[rate * 6 // 5 : rate * 9 // 5])  # of the higher tone
    assert bend(reel[rate * 9 // 10 : rate * 11 // 10]) < 1.5 * inside + 4 * ROUNDING


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_cut_in_noise_is_no_dip(tmp_path, channels):
    reel = joined(tmp_path, noise(5, channels=channels))
    levels = [level_db(reel[:, CUT + k * 882 : CUT + (k + 1) * 882]) for k in range(-10, 10)]
    assert np.ptp(levels) < 2
    assert abs(np.mean(levels[9:11]) - np.mean(levels[:5])) < 0.6


def test_a_cut_where_nothing_is_left_out_cannot_be_heard(tmp_path):
    film = noise(5)
    film[:, 2 * RATE :] *= 0.2
    reel = joined(tmp_path, film, [Segment(1, 2), Segment(2, 3)])
    source = film[:, RATE : 3 * RATE]
    np.testing.assert_allclose(reel[:, 500:-500], source[:, 500:-500], atol=0.005)


def test_a_long_cross_fade_of_the_same_tone_keeps_its_level():
    same = tone(1, 110)
    np.testing.assert_allclose(cross_fade(same, same), same, atol=1e-6)


def test_a_cross_fade_of_unrelated_sounds_keeps_their_power():
    one, other = np.split(noise(8), 2, axis=1)
    levels = [level_db(piece) for piece in np.array_split(cross_fade(one, other), 8, axis=1)]
    assert np.ptp(levels) < 0.3


@given(st.integers(0, 99), st.integers(1, 2000))
def test_a_cross_fade_stays_within_full_scale(seed, num_samples):
    rng = np.random.default_rng(seed)
    one, other = rng.choice([-1, 1], (2, 2, num_samples)).astype(np.float32)
    assert np.abs(cross_fade(one, other)).max() <= 1 + 1e-6


def test_runs_that_are_shorter_than_a_fade_keep_their_length(tmp_path):
    runs = [Segment(k / 10, k / 10 + 0.0071 * (k % 4) + 0.0001) for k in range(40)]
    wanted = sum(run.duration_seconds for run in runs)
    assert joined(tmp_path, noise(5), runs).shape[1] == pytest.approx(wanted * RATE, abs=1)


def test_a_word_behind_the_cut_is_not_let_in(tmp_path):
    film = noise(5, 0.001)
    film[:, round(2.004 * RATE) : round(2.3 * RATE)] += tone(0.296, 300, 0.5)
    reel = joined(tmp_path, film)
    assert np.abs(reel[:, CUT - 2000 : CUT + 2000]).max() < 0.01


def test_a_word_before_the_second_run_is_not_let_in(tmp_path):
    film = noise(5, 0.001)
    film[:, round(2.7 * RATE) : round(3.01 * RATE)] += tone(0.31, 300, 0.5)
    reel = joined(tmp_path, film)
    assert np.abs(reel[:, CUT - 2000 : CUT + 2000]).max() < 0.01


def test_the_beginning_of_a_word_right_behind_the_cut_is_whole(tmp_path):
    film = noise(5, 0.001)
    start = round(3.0223 * RATE)
    film[:, start : start + RATE // 4] += tone(0.25, 300, 0.5)
    reel = joined(tmp_path, film)
    onset = CUT + start - round(3.0123 * RATE)
    wanted = film[:, start : start + 4000]
    np.testing.assert_allclose(reel[:, onset : onset + 4000], wanted, atol=0.002)


def test_sound_that_ends_with_a_run_fades_out(tmp_path):
    film = tone(2.0, 200)
    runs = [Segment(1, 2), Segment(2.5, 3)]
    path = write_sound(tmp_path / "sound.wav", film)
    picture = make_film(tmp_path / "picture.mkv", seconds=4, audio=False, size=(64, 48))
    both = tmp_path / "film.mkv"
    run_ffmpeg("-i", picture, "-i", path, "-c", "copy", both)
    encode_here(both, runs, tmp_path / "reel.wav")
    (reel,) = read_sound(tmp_path / "reel.wav")[0]
    assert bend(reel[CUT - 4000 : CUT + 4000]) < 4 * bend(reel[5000:30000])
    assert np.abs(reel[CUT + 500 :]).max() == 0


def loud_and_soft(step_db, loud=0.3):
    """Noise of another level from 2.5 s on."""
    film = noise(8, loud)
    film[:, round(2.5 * RATE) :] *= 10 ** (-step_db / 20)
    return film


def step_at(cut, reel):
    num = round(0.4 * RATE)
    return level_db(reel[:, cut - num : cut]) - level_db(reel[:, cut : cut + num])


@pytest.mark.parametrize(
    ("step_db", "left_db"), [(6, 1), (8, 1.5), (-6, -1), (18, 4), (-18, -4), (30, 9)]
)
def test_a_step_of_the_level_at_a_cut_is_met_half_way(tmp_path, step_db, left_db):
    loud = 0.1 if step_db < 0 else 0.3
    runs = [Segment(0, 2.4), Segment(4, 7)]
    left = step_at(round(2.4 * RATE), joined(tmp_path, loud_and_soft(step_db, loud), runs))
    assert 0 < left / left_db < 1.1


def test_a_blow_behind_a_cut_keeps_its_force(tmp_path):
    film = noise(8, 0.01)
    film[:, 4 * RATE : round(4.4 * RATE)] *= 30
    reel = joined(tmp_path, film, [Segment(0, 2.4), Segment(4, 7)])
    cut = round(2.4 * RATE)
    blow = slice(cut, cut + round(0.4 * RATE))
    lowered = level_db(reel[:, blow]) - level_db(film[:, 4 * RATE : round(4.4 * RATE)])
    assert -4.1 < lowered < -3


def test_the_level_is_that_of_the_film_away_from_cuts_and_beside_silence(tmp_path):
    film = loud_and_soft(8)
    runs = [Segment(0, 2), Segment(4, 8)]
    reel = joined(tmp_path, film, runs)
    np.testing.assert_allclose(reel[:, 1000:20000], film[:, 1000:20000], atol=ROUNDING)
    later = slice(4 * RATE, 5 * RATE)
    np.testing.assert_allclose(reel[:, later], film[:, 6 * RATE : 7 * RATE], atol=ROUNDING)
    silent = loud_and_soft(80)
    reel = joined(tmp_path, silent, runs)
    np.testing.assert_allclose(reel[:, 1000:80000], silent[:, 1000:80000], atol=ROUNDING)


def test_what_is_raised_at_a_cut_stays_within_full_scale(tmp_path):
    film = np.sign(noise(8)) * 0.9
    film[:, : round(2.5 * RATE)] = tone(2.5, 500, 0.3)
    film[:, RATE] = 0.95
    reel = joined(tmp_path, film.astype(np.float32), [Segment(0, 2), Segment(4, 6)])
    assert np.abs(reel[:, : 2 * RATE - 2000]).max() <= 1
    assert np.sum(np.abs(reel) >= 32767 / 32768) == 0


SOUNDS = {
    "tone": (tone(1, 150), tone(1, 440), TONE_FADE_SECONDS),
    "chord": (tone(1, 220) + tone(1, 275), tone(1, 330) + tone(1, 440), TONE_FADE_SECONDS),
    "noise": (noise(1), noise(1), STEADY_FADE_SECONDS),
    "tone and noise": (tone(1, 150), noise(1), STEADY_FADE_SECONDS),
    "silence": (np.zeros((1, RATE)), np.zeros((1, RATE)), STEADY_FADE_SECONDS),
    "speech": (syllables(1)[:, RATE // 4 - 1323 :], noise(1), ONSET_FADE_SECONDS),
}


@pytest.mark.parametrize("kind", SOUNDS)
def test_the_length_of_the_fade_follows_the_sound(kind):
    fading, rising, seconds = SOUNDS[kind]
    pieces = [side[:, :2646].astype(np.float32) for side in (fading, rising)]
    assert fade_seconds(*pieces, RATE) == seconds


def test_a_burst_makes_the_fade_short():
    burst = np.concatenate([noise(0.04, 0.01), noise(0.02, 0.3)], axis=1)
    steady = noise(0.06)
    assert fade_seconds(burst, steady, RATE) == ONSET_FADE_SECONDS
    assert fade_seconds(steady, burst, RATE) == ONSET_FADE_SECONDS
