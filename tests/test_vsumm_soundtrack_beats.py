"""Beats of clicks that the tests make: found at any tempo, with swing, and while it changes."""

import numpy as np
import pytest

from vsumm.soundtrack.beats import BEATS_SAMPLE_RATE, find_beats

TOLERANCE = 0.07


def clicks(times, levels, seconds, *, seed=0):
    """Return noise bursts over soft noise."""
    rng = np.random.default_rng(seed)
    samples = 0.005 * rng.standard_normal(round(seconds * BEATS_SAMPLE_RATE))
    for time, level in zip(times, levels, strict=True):
        first = round(time * BEATS_SAMPLE_RATE)
        burst = rng.standard_normal(800) * np.exp(-np.arange(800) / 160)
        part = samples[first : first + 800]
        part += level * burst[: len(part)]
    return samples.astype(np.float32)


def times_of(tempo, seconds, *, drift=0.0):
    """Return beats whose tempo changes by a share of itself until the end."""
    times = [0.3]
    while times[-1] < seconds:
        times.append(times[-1] + 60 / (tempo * (1 + drift * times[-1] / seconds)))
    return np.array(times[:-1])


def f_measure(found, true):
    hits = sum(np.abs(found - time).min() <= TOLERANCE for time in true)
    return 2 * hits / (len(found) + len(true))


@pytest.mark.parametrize("tempo", [62, 97, 128, 171])
def test_beats_of_clicks_are_found_at_any_tempo(tempo):
    true = times_of(tempo, 20)
    beats = find_beats(clicks(true, [0.5] * len(true), 20))
    assert f_measure(beats.seconds, true) > 0.97
    assert beats.tempo == pytest.approx(tempo, rel=0.02)
    assert np.median(np.abs(beats.seconds - true[: len(beats.seconds)])) < 0.02


def test_swung_notes_between_beats_are_no_beats():
    true = times_of(110, 20)
    swung = true[:-1] + 2 / 3 * np.diff(true)
    levels = [0.5] * len(true) + [0.25] * len(swung)
    beats = find_beats(clicks([*true, *swung], levels, 20))
    assert f_measure(beats.seconds, true) > 0.95


@pytest.mark.parametrize("drift", [0.25, -0.2])
def test_music_that_gets_faster_or_slower_is_followed(drift):
    true = times_of(120, 40, drift=drift)
    beats = find_beats(clicks(true, [0.5] * len(true), 40))
    assert f_measure(beats.seconds, true) > 0.95
    steady = np.arange(0.3, 40, np.median(np.diff(true)))
    assert f_measure(steady, true) < 0.6


def test_missing_beats_are_filled_in():
    true = times_of(100, 30)
    played = np.delete(true, slice(4, None, 5))
    beats = find_beats(clicks(played, [0.5] * len(played), 30))
    assert f_measure(beats.seconds, true) > 0.95


def test_bars_begin_where_the_bass_sets_in():
    true = times_of(120, 30)
    samples = clicks(true, [0.3] * len(true), 30)
    for time in true[2::4]:
        first = round(time * BEATS_SAMPLE_RATE)
        times = np.arange(3200) / BEATS_SAMPLE_RATE
        samples[first : first + 3200] += (0.5 * np.sin(2 * np.pi * 80 * times))[
            : len(samples) - first
        ].astype(np.float32)
    bars = find_beats(samples).bars
    assert all(np.abs(true[2::4] - bar).min() < TOLERANCE for bar in bars)


def test_a_phrase_begins_where_the_sound_changes():
    true = times_of(120, 32)
    samples = clicks(true, [0.3] * len(true), 32)
    times = np.arange(len(samples)) / BEATS_SAMPLE_RATE
    border = true[32]
    hertz = np.where(times < border, 300, 1200)
    samples += (0.1 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
    beats = find_beats(samples)
    assert abs(beats.seconds[beats.novelties.argmax()] - border) < TOLERANCE
    assert beats.novelties.max() == 1


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(3200), np.zeros(160000)])
def test_there_are_no_beats_in_nothing(samples):
    beats = find_beats(samples.astype(np.float32))
    assert len(beats.seconds) == len(beats.bars) == 0
    assert beats.tempo == 0


def test_a_steady_tone_and_noise_are_no_error():
    times = np.arange(10 * BEATS_SAMPLE_RATE) / BEATS_SAMPLE_RATE
    for samples in (0.3 * np.sin(2 * np.pi * 440 * times), np.random.default_rng(0).random(160000)):
        beats = find_beats(samples.astype(np.float32))
        assert (np.diff(beats.seconds) > 0).all()
