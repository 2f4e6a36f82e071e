"""Loudness that is foretold of a gain, beside what FFmpeg measures."""

import numpy as np
import pytest
from sounds import RATE, noise, syllables, tone

from vsumm.reel.foretell import Foretelling, gated
from vsumm.reel.loudness import LoudnessMeter
from vsumm.reel.tape import Tape

EXACT = 0.02
"""What rounding and half a step at the ends of windows come to, LU."""
LIMITED = 0.5
"""How far off it may be where peaks are lowered by up to 12 dB, LU."""


def measured(tape, gains):
    meter = LoudnessMeter(with_peaks=False)
    for samples in tape.blocks(gains):
        meter.add(tape.frame(samples))
    meter.end()
    return meter


@pytest.fixture(params=["speech", "noise", "tone and silence"])
def tape(request):
    sounds = {
        "speech": syllables(6, 0.2),
        "noise": noise(6, 0.1) * (1 + np.arange(6 * RATE) // RATE % 2),
        "tone and silence": tone(6, 440, 0.1) * (np.arange(6 * RATE) // RATE % 3 > 0),
    }
    tape = Tape(RATE, "mono")
    tape.record(sounds[request.param].astype(np.float32))
    tape.peaks.add(None)
    yield tape
    tape.close()


def foretelling(tape):
    heights = tape.peaks.heights()
    meter = measured(tape, np.ones(len(heights) + 1))
    return Foretelling(np.array(meter.momentary), heights, tape.peaks.step_seconds), meter


def test_a_gain_that_does_not_change_is_foretold_exactly(tape):
    foretold, meter = foretelling(tape)
    ones = np.ones(len(tape.peaks.heights()) + 1)
    assert foretold.loudness(ones) == pytest.approx(meter.loudness, abs=EXACT)
    assert foretold.loudness(2 * ones) == pytest.approx(
        measured(tape, 2 * ones).loudness, abs=EXACT
    )


def test_a_gain_that_lowers_peaks_is_foretold_nearly(tape):
    foretold, _ = foretelling(tape)
    peaks = tape.peaks.heights()
    gains = tape.gains(4 * 0.5 / peaks.max(), 0.5, 0.02, np.ones_like(peaks))
    loudness = measured(tape, gains).loudness
    assert foretold.loudness(gains) == pytest.approx(loudness, abs=LIMITED)


def test_silence_and_soft_windows_do_not_count():
    assert gated(np.zeros(3)) == -np.inf
    assert gated(np.array([1e-8, 0.0])) == -np.inf
    assert gated(np.array([0.01, 0.0006, 0.01])) == pytest.approx(-20)
