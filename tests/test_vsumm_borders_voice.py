"""Silero's network in NumPy: speech is told from everything else."""

import numpy as np
from speech import SAMPLE_RATE as SPOKEN_RATE
from speech import say

from vsumm.borders.voice import CHUNK, SAMPLE_RATE, speech_probabilities


def resampled(samples):
    times = np.arange(0, len(samples) / SPOKEN_RATE, 1 / SAMPLE_RATE)
    known = np.arange(len(samples)) / SPOKEN_RATE
    return np.interp(times, known, samples).astype(np.float32)


def test_speech_is_heard_and_silence_tone_and_noise_are_not():
    spoken = speech_probabilities(resampled(say("The quick brown fox jumps over the lazy dog.")))
    assert np.mean(spoken > 0.5) > 0.8
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(times))
    for other in (np.zeros(len(times)), 0.3 * np.sin(2 * np.pi * 440 * times), noise):
        assert np.mean(speech_probabilities(other.astype(np.float32)) > 0.5) < 0.1


def test_there_is_one_probability_for_each_begun_chunk():
    assert len(speech_probabilities(np.zeros(0, np.float32))) == 0
    assert len(speech_probabilities(np.zeros(1, np.float32))) == 1
    assert len(speech_probabilities(np.zeros(3 * CHUNK, np.float32))) == 3


def test_what_comes_later_changes_nothing():
    samples = resampled(say("I never said that he would come home tonight."))
    whole = speech_probabilities(samples)
    half = speech_probabilities(samples[: 20 * CHUNK])
    np.testing.assert_allclose(half, whole[:20], atol=1e-5)
