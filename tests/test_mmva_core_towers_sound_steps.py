"""What is measured of sound, on tones, noise and clicks whose measures are known."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.signal import lfilter

from mmva_core.errors import CheckpointError
from mmva_core.inputs.audio_file import read_audio_file
from mmva_core.layers import sigmoid
from mmva_core.sounds.network import SoundKindNet
from mmva_core.store import EMBEDDED_FOLDER
from mmva_core.towers.log_mel import to_decibels
from mmva_core.towers.sound_kind import (
    LOOK_BACK,
    SAMPLE_RATE,
    SOUND_KINDS,
    SOUND_KINDS_WEIGHTS,
    load_sound_kinds,
)
from mmva_core.towers.sound_steps import QUIETEST_LUFS, STEPS_JUDGED, SoundSteps

LOUDNESS_ERROR_DB = 0.6  # of weighting bands instead of samples
SPEECH, MUSIC, NOISE = range(3)
RANDOM = np.random.default_rng(0)
# ITU-R BS.1770-5, Annex 1, at 48 kHz.
SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285)
FILTERS = (
    (SHELF, (1, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1, -1.99004745483398, 0.99007225036621)),
)


@pytest.fixture(scope="module")
def network():
    return load_sound_kinds()


def measure(samples, network, *, block=5000):
    steps = SoundSteps(network)
    for start in range(0, len(samples), block):
        steps.add(np.asarray(samples[start : start + block], np.float32))
    return steps.result()


def tone(hertz, seconds=3.0, level=0.1):
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def loudness_of_tone(hertz, level):
    """What BS.1770's filters, run at their own rate, make of a tone."""
    sound = level * np.sin(2 * np.pi * hertz * np.arange(48000 * 2) / 48000)
    for numerator, denominator in FILTERS:
        sound = lfilter(numerator, denominator, sound)
    return -0.691 + 10 * np.log10(np.mean(sound[48000:] ** 2))


@pytest.mark.parametrize("hertz", [100, 400, 997, 2000, 5000])
@pytest.mark.parametrize("level", [0.5, 0.01])
def test_loudness_is_that_of_the_standard(network, hertz, level):
    loudness = measure(tone(hertz, level=level), network).loudness[1:-1]
    assert loudness == pytest.approx(loudness_of_tone(hertz, level), abs=LOUDNESS_ERROR_DB)


def test_silence_is_as_soft_as_can_be_and_has_no_onsets(network):
    curves = measure(np.zeros(3 * SAMPLE_RATE), network)
    assert (curves.loudness == QUIETEST_LUFS).all()
    assert (curves.onsets == 0).all()


def test_no_sound_at_all_is_a_silent_half_second(network):
    assert measure(np.zeros(0), network).loudness.tolist() == [QUIETEST_LUFS]


def test_kinds_that_are_judged_while_sound_comes_are_those_of_the_whole(network):
    bursts = RANDOM.normal(size=170 * SAMPLE_RATE) * (np.arange(170 * SAMPLE_RATE) // 40_000 % 3)
    sound = np.concatenate([0.05 * bursts, tone(440, seconds=7.3)]).astype(np.float32)
    padded = np.pad(sound, (LOOK_BACK, -len(sound) % (SAMPLE_RATE // 2)))
    descriptions = network.describe(to_decibels(network.spectra(padded)))
    assert len(descriptions) > STEPS_JUDGED
    whole = sigmoid(network.judge(descriptions))
    assert np.ptp(whole, axis=0).max() > 0.5
    np.testing.assert_allclose(measure(sound, network).kinds, whole, atol=1e-5)


def test_blocks_make_no_difference(network):
    sound = 0.1 * RANDOM.normal(size=12 * SAMPLE_RATE + 1234)
    whole, pieces = (measure(sound, network, block=block) for block in (len(sound), 777))
    for name in ("loudness", "onsets", "spread", "effort", "kinds"):
        assert getattr(whole, name) == pytest.approx(getattr(pieces, name), abs=1e-5)
    assert len(whole.loudness) == 25


def test_clicks_are_onsets_and_a_steady_tone_has_none(network):
    clicks = 1e-4 * RANDOM.normal(size=4 * SAMPLE_RATE)
    clicks[:: SAMPLE_RATE // 5] = 1.0
    steady = measure(tone(440, 4), network).onsets[1:]
    assert measure(clicks, network).onsets[1:].min() > 10 * steady.max()


def test_sound_that_comes_and_goes_has_spread(network):
    beats = np.abs(np.sin(2 * np.pi * 3 * np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE))
    steady, varying = tone(500, 4), tone(500, 4) * beats
    assert measure(varying, network).spread[1] > 3 + measure(steady, network).spread[1]


def test_effort_is_high_sound_over_low_sound(network):
    low, high = (measure(tone(hertz), network).effort[1] for hertz in (300, 2000))
    assert high > 40 + low


def test_each_half_second_is_described_by_itself(network):
    """So that a long film needs memory for its descriptions alone."""
    spectra = RANDOM.uniform(-70, -10, (6, 64, 25)).astype(np.float32)
    together = network.describe(spectra)
    alone = np.concatenate([network.describe(one[None]) for one in spectra])
    assert together == pytest.approx(alone, abs=1e-5)


def test_kinds_are_probabilities_of_every_half_second(network):
    kinds = measure(0.1 * RANDOM.normal(size=3 * SAMPLE_RATE), network).kinds
    assert kinds.shape == (6, len(SOUND_KINDS))
    assert ((kinds >= 0) & (kinds <= 1)).all()


def chord(root):
    """A struck triad with an octave, half a second."""
    partials = [(ratio, 0.08) for ratio in (1, 5 / 4, 3 / 2)]
    partials += [(2 * ratio, level / 3) for ratio, level in partials]
    strings = sum(tone(root * ratio, 0.5, level) for ratio, level in partials)
    return strings * np.exp(-4 * np.arange(len(strings)) / SAMPLE_RATE)


def test_noise_and_chords_are_told_apart(network):
    noise = 0.05 * RANDOM.normal(size=8 * SAMPLE_RATE)
    chords = np.concatenate([chord(root) for root in (220, 262, 294, 220, 330, 294, 262, 220) * 2])
    of_noise, of_chords = (measure(s, network).kinds[2:-2].mean(0) for s in (noise, chords))
    assert of_noise[NOISE] > 0.5 > max(of_noise[SPEECH], of_noise[MUSIC])
    assert of_chords[MUSIC] > 0.5


@pytest.mark.dataset
@pytest.mark.parametrize(
    ("film", "seconds", "present", "absent"),
    [
        ("videos/music_alternating_core.mp4", (0, 160), MUSIC, SPEECH),
        ("videos/bbb_full_144p.mp4", (0, 596), MUSIC, SPEECH),
        ("benchmark/tvsum_video/XzYM3PfTM4w_2fps.mp4", (0, 5), MUSIC, SPEECH),  # the jingle
        ("benchmark/tvsum_video/XzYM3PfTM4w_2fps.mp4", (8, 100), SPEECH, MUSIC),  # the talk
        ("benchmark/summe_video/Cooking_2fps.mp4", (5, 85), NOISE, MUSIC),  # frying
    ],
)
def test_real_films_sound_as_they_do(network, data_folder, film, seconds, present, absent):
    sound = read_audio_file(data_folder / film, SAMPLE_RATE)
    start, end = (2 * second for second in seconds)
    kinds = measure(sound, network).kinds[start:end].mean(0)
    assert kinds[present] > 0.7
    assert kinds[absent] < 0.5


def test_weights_that_are_no_such_network_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="cannot load"):
        load_sound_kinds(path)


@torch.inference_mode()
@pytest.mark.parametrize("num_steps", [1, 7, 300])
def test_prediction_is_that_of_the_network_that_is_trained(network, num_steps):
    trained = SoundKindNet().eval()
    trained.load_state_dict(load_file(EMBEDDED_FOLDER / SOUND_KINDS_WEIGHTS))
    spectra = RANDOM.uniform(-100, 0, (num_steps, 64, 25)).astype(np.float32)
    descriptions = network.describe(spectra)
    expected = trained.describe(torch.from_numpy(spectra))
    assert descriptions == pytest.approx(expected.numpy(), abs=1e-4)
    odds = network.judge(descriptions)
    assert odds == pytest.approx(trained.judge(expected).numpy(), abs=1e-4)


def test_weights_of_which_one_is_missing_are_refused(tmp_path):
    weights = load_file(EMBEDDED_FOLDER / SOUND_KINDS_WEIGHTS)
    del weights["far.bias"]
    path = tmp_path / "part.safetensors"
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=r"far\.bias"):
        load_sound_kinds(path)
