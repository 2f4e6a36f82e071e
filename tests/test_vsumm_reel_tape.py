"""Sound that is kept and played: nothing lost, nothing above the ceiling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sounds import RATE, noise, tone

from vsumm.errors import OutputError
from vsumm.reel.tape import Tape, smooth_gains

BY_FILTER = 0.005
"""Part by which a peak between samples may differ with the filter that finds it."""


@pytest.fixture
def recorded():
    tapes = []

    def record(samples):
        tapes.append(tape := Tape(RATE, "mono" if len(samples) == 1 else "stereo"))
        for begin in range(0, samples.shape[1], 1000):
            tape.record(samples[:, begin : begin + 1000])
        tape.peaks.add(None)
        return tape

    yield record
    for tape in tapes:
        tape.close()


def played(tape, gain=1.0, ceiling=100.0, look=0.02):
    cuts = np.ones_like(tape.peaks.heights())
    return np.concatenate(list(tape.blocks(tape.gains(gain, ceiling, look, cuts))), axis=1)


@pytest.mark.parametrize("in_memory", [1 << 20, 1000])
def test_what_was_recorded_comes_back_each_time(monkeypatch, recorded, in_memory):
    monkeypatch.setattr("vsumm.reel.tape.MEMORY_BYTES", in_memory)
    samples = noise(1.2345, channels=2)
    tape = recorded(samples)
    for _ in range(2):
        np.testing.assert_array_equal(played(tape), samples)


def test_a_folder_that_cannot_hold_it_is_one_line(monkeypatch, recorded):
    monkeypatch.setattr("vsumm.reel.tape.MEMORY_BYTES", 1000)
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    with pytest.raises(OutputError, match="cannot be kept for measuring: no such file"):
        recorded(noise(1))


def test_a_peak_is_found_in_its_step(recorded):
    samples = np.zeros((1, RATE), np.float32)
    samples[0, 30_000] = 0.5
    tape = recorded(samples)
    assert np.argmax(tape.peaks.heights()) == 30_000 // tape.peaks.step
    assert tape.peaks.highest == pytest.approx(0.5, rel=BY_FILTER)


def test_a_peak_between_samples_is_found(recorded):
    turned = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4).astype(np.float32)[None]
    assert np.abs(turned).max() == pytest.approx(0.5**0.5)
    heights = recorded(turned).peaks.heights()
    assert np.median(heights) == pytest.approx(1, rel=BY_FILTER)


@pytest.mark.parametrize("look", [0.001, 0.02])
@pytest.mark.parametrize("gain", [1.0, 8.0])
def test_no_sample_exceeds_the_ceiling(recorded, look, gain):
    samples = noise(2, 0.3, channels=2)
    loud = played(recorded(samples), gain, 0.5, look)
    assert 0.45 < np.abs(loud).max() <= 0.5 * (1 + BY_FILTER)
    again = recorded(loud.astype(np.float32))
    assert again.peaks.highest <= 0.5 * (1 + 10 * BY_FILTER)


def test_a_quiet_sound_is_only_multiplied(recorded):
    samples = tone(1, 100, 0.1)
    loud = played(recorded(samples), 3.0, 0.5)
    np.testing.assert_allclose(loud, 3 * samples, rtol=1e-6)


def test_a_low_tone_is_not_bent(recorded):
    loud = played(recorded(tone(2, 30, 0.9)), 2.0, 0.5)[0, RATE // 2 : -RATE // 2]
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
    assert spectrum[100:].max() < spectrum.max() / 1000


@given(arrays(float, st.integers(1, 60), elements=st.floats(0.01, 1)), st.integers(1, 25))
def test_a_smooth_gain_is_nowhere_more_than_is_allowed(allowed, look):
    gains = smooth_gains(allowed, look)
    assert gains.shape == (len(allowed) + 1,)
    assert (np.maximum(gains[:-1], gains[1:]) <= allowed + 1e-9).all()
