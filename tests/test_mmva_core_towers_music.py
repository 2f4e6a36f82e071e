import numpy as np
import pytest
import torch

from mmva_core.towers.log_mel import LogMel, modulation_spectrum, statistics
from mmva_core.towers.music import LiteMusicTower
from mmva_core.towers.music_config import SILENT_VA, LiteMusicConfig

SAMPLE_RATE = 16000
FRAME_RATE = 50.0


def tone(frequency, seconds=2.0, amplitude=0.3):
    times = torch.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return amplitude * torch.sin(2 * torch.pi * frequency * times)


def noise(seconds=2.0, amplitude=0.1):
    generator = torch.Generator().manual_seed(0)
    return amplitude * torch.randn(int(seconds * SAMPLE_RATE), generator=generator)


@pytest.fixture
def log_mel():
    return LogMel(SAMPLE_RATE, 1024, 320, 64)


@pytest.fixture
def tower():
    torch.manual_seed(0)
    return LiteMusicTower().eval()


def test_log_mel_peaks_in_the_band_of_a_tone(log_mel):
    spectra = log_mel(tone(1000.0).numpy()[None])[0]
    centres = (log_mel.filters * np.arange(513) * SAMPLE_RATE / 1024).sum(1) / (
        log_mel.filters.sum(1)
    )

    peak = float(centres[spectra.mean(1).argmax()])

    assert abs(peak - 1000.0) < 60.0  # half the width of a band there


def test_log_mel_of_a_window_is_a_cut_of_the_recording(log_mel):
    sound = noise(4.0).numpy()
    start = 50

    whole = log_mel(sound[None])[0]
    part = log_mel(sound[None, start * 320 : start * 320 + 2 * SAMPLE_RATE])[0]

    assert part.shape[1] == log_mel.num_frames(2 * SAMPLE_RATE)
    # The Fourier transforms of batches of different sizes round differently.
    assert part == pytest.approx(whole[:, start : start + part.shape[1]], abs=1e-3)


def test_log_mel_of_silence_is_the_floor(log_mel):
    spectra = log_mel(np.zeros((1, SAMPLE_RATE), np.float32))

    assert np.allclose(spectra, -80.0)


@pytest.mark.parametrize("num_mels", [0, 8, 63])
def test_log_mel_refuses_bands_that_cannot_be_grouped(num_mels):
    with pytest.raises(ValueError, match="num_mels"):
        LogMel(SAMPLE_RATE, 1024, 320, num_mels)


def test_statistics_other_than_level_hardly_depend_on_gain(log_mel):
    sound = np.stack([noise(3.0), noise(3.0) * 0.5])

    loud, soft = statistics(log_mel(sound), FRAME_RATE)

    half_in_db = 6.02
    assert np.allclose(loud[:2] - soft[:2], half_in_db, atol=0.01)
    assert np.allclose(loud[2:], soft[2:], atol=0.05)


def test_statistics_of_silence_are_finite(log_mel):
    silence = np.zeros((1, SAMPLE_RATE), np.float32)
    assert np.isfinite(statistics(log_mel(silence), FRAME_RATE)).all()


def test_modulation_spectrum_finds_the_beat():
    times = np.arange(300) / FRAME_RATE
    curve = 6 * np.sin(2 * np.pi * 3.0 * times).astype(np.float32)[None, None]

    power = modulation_spectrum(curve, np.zeros((1, 300), np.float32), FRAME_RATE)[0]

    assert int(power[:6].argmax()) == 2  # between 2 and 4 Hz
    assert float(np.abs(power[6:]).max()) == 0.0  # there are no onsets


@pytest.mark.parametrize("seconds", [1.0, 3.3, 6.0])
def test_tower_takes_windows_of_any_length_from_one_second(tower, seconds):
    features = tower(torch.stack([noise(seconds), tone(440.0, seconds)]))

    assert features.shape == (2, tower.feature_dim)
    assert bool(features.isfinite().all())


@pytest.mark.parametrize("shape", [(SAMPLE_RATE,), (1, SAMPLE_RATE - 1), (1, 1, SAMPLE_RATE)])
def test_tower_refuses_other_shapes_and_shorter_windows(tower, shape):
    with pytest.raises(ValueError, match="input_values"):
        tower(torch.zeros(shape))


def test_tower_judges_each_window_by_itself(tower):
    windows = torch.stack([noise(), tone(300.0), noise(2.0, 0.01)])

    together = tower(windows)
    alone = torch.cat([tower(window[None]) for window in windows])

    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_tower_lays_silence_at_rest(tower):
    silent = torch.stack([torch.zeros(SAMPLE_RATE), noise(1.0, 1e-5)])

    features = tower(silent)

    assert torch.allclose(features[:, :2], torch.tensor(SILENT_VA))
    assert bool((features[:, 2:] == 0).all())


def test_tower_moves_to_rest_as_noise_gets_softer(tower):
    levels_db = (-20, -45, -50, -55)
    windows = torch.stack([noise(2.0, 10 ** (level / 20)) for level in levels_db])

    arousal = tower.predict_va(windows)[:, 1]

    assert bool((arousal.diff() < 0).all())


def test_tower_features_begin_with_valence_and_arousal(tower):
    windows = noise()[None]

    assert torch.equal(tower(windows)[:, :2], tower.predict_va(windows))


def test_weights_hold_nothing_that_settings_decide(tower):
    assert not [name for name in tower.state_dict() if name.startswith("log_mel")]


def test_config_refuses_windows_under_a_second():
    with pytest.raises(ValueError, match="window_seconds"):
        LiteMusicConfig(window_seconds=0.5)


@torch.inference_mode()
@pytest.mark.parametrize("starts", [[0, 320, 32000], [100, 16100, 32100], [0, 7, 31000]])
def test_windows_of_one_recording_are_encoded_as_separate_ones(tower, starts):
    samples = noise(4.0) + tone(440.0, 4.0)
    separate = tower(torch.stack([samples[start : start + 24000] for start in starts]))
    together = tower.encode_windows(samples, starts, 24000)
    torch.testing.assert_close(together, separate, atol=1e-5, rtol=0)
