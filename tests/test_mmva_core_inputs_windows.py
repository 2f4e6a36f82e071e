"""Sound and picture files: decoding, averaging channels, resampling, windows."""

import math

import av
import numpy as np
import pytest
import torch
from mmva_imemnet import write_tone
from PIL import Image

from mmva_core.errors import DataError
from mmva_core.inputs.audio_file import read_audio_file
from mmva_core.inputs.image_file import read_image_file
from mmva_core.inputs.resample import resample
from mmva_core.inputs.windows import cut_windows, fit_length, window_starts

QUANTUM = 2 / 32768
"""Two steps of 16-bit sound."""
PASS_BAND = 1e-4
"""Error of the resampler inside its pass band."""
STOP_BAND = 1e-4
"""What it leaves of a tone above the new Nyquist frequency."""


def tone(rate, frequency, seconds=0.5):
    times = torch.arange(round(rate * seconds), dtype=torch.float64) / rate
    return torch.sin(2 * math.pi * frequency * times).float()


@pytest.mark.parametrize("rates", [(44100, 16000), (16000, 24000), (48000, 16000), (8000, 44100)])
def test_a_tone_survives_resampling(rates):
    source, target = rates
    resampled = resample(tone(source, 440).numpy(), source, target)
    expected = tone(target, 440).numpy()
    middle = slice(target // 20, -target // 20)
    np.testing.assert_allclose(resampled[middle], expected[middle], atol=PASS_BAND, rtol=0)


def test_a_tone_above_the_new_nyquist_frequency_vanishes():
    resampled = resample(tone(44100, 12000).numpy(), 44100, 16000)
    assert np.abs(resampled[800:-800]).max() < STOP_BAND


@pytest.mark.parametrize("length", [0, 1, 100, 44100])
def test_resampling_gives_the_length_of_the_same_time(length):
    resampled = resample(np.zeros(length, np.float32), 44100, 16000)
    assert resampled.shape == (math.ceil(length * 16000 / 44100),)


def test_windows_given_as_rows_are_resampled_each_by_itself():
    rows = torch.stack([tone(44100, 440), tone(44100, 1000)])
    windows = cut_windows(rows, 44100, 16000, 0.5)
    assert windows.shape == (2, 8000)
    for window, row in zip(windows, rows, strict=True):
        assert window.tolist() == resample(row.numpy(), 44100, 16000).tolist()


def test_rates_have_to_be_positive():
    with pytest.raises(ValueError, match="sample rates must be positive"):
        resample(np.zeros(4, np.float32), 0, 16000)


def test_windows_are_consecutive_and_the_last_is_flush_with_the_end():
    windows = cut_windows(np.arange(25, dtype=np.float32), 10, 10, 1.0)
    assert windows[:, 0].tolist() == [0, 10, 15]
    assert windows.shape == (3, 10)


@pytest.mark.parametrize(("length", "starts"), [(10, [0]), (20, [0, 10]), (11, [0, 1])])
def test_window_starts(length, starts):
    assert window_starts(length, 10) == starts


def test_a_short_signal_is_repeated():
    assert fit_length(torch.tensor([1.0, 2, 3]), 7).tolist() == [1, 2, 3, 1, 2, 3, 1]


@pytest.mark.parametrize("shape", [(0,), (1, 2, 3)])
def test_signals_of_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="samples must have shape"):
        cut_windows(np.zeros(shape, np.float32), 10, 10, 1.0)


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = write_tone(tmp_path / "tone.wav", 440)
    expected = 0.3 * tone(16000, 440, 1.0).numpy()
    np.testing.assert_allclose(read_audio_file(path, 16000), expected, atol=QUANTUM)


def test_two_equal_channels_are_as_loud_as_one(tmp_path):
    mono = read_audio_file(write_tone(tmp_path / "mono.wav", 440))
    stereo = read_audio_file(write_tone(tmp_path / "stereo.wav", 440, channels=2))
    np.testing.assert_allclose(stereo, mono, atol=QUANTUM)


def test_opposite_channels_cancel(tmp_path):
    signal = (tone(16000, 440).numpy() * 20000).astype("<i2")
    path = tmp_path / "opposite.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="stereo")
        interleaved = np.stack([signal, -signal], axis=1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout="stereo")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert np.abs(read_audio_file(path)).max() <= QUANTUM


def test_a_compressed_file_is_read_at_the_wanted_rate(tmp_path):
    path = tmp_path / "tone.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=48000, layout="mono")
        samples = (0.3 * tone(48000, 440, 1.0).numpy() * 32767).astype("<i2")[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    samples = read_audio_file(path, 16000)
    assert len(samples) == 16000
    np.testing.assert_allclose(
        samples[800:-800], 0.3 * tone(16000, 440, 1.0).numpy()[800:-800], atol=PASS_BAND
    )


def test_a_file_without_sound_is_one_line(tmp_path):
    path = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(path)
    with pytest.raises(DataError, match=r"has no audio track|cannot decode"):
        read_audio_file(path)


@pytest.mark.parametrize("read", [read_audio_file, read_image_file])
def test_a_missing_file_is_one_line(tmp_path, read):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.dat")


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "CMYK", "I;16"])
def test_pictures_of_every_mode_become_rgb(tmp_path, mode):
    path = tmp_path / "picture.tiff"
    Image.new(mode, (5, 4)).save(path)
    image = read_image_file(path)
    assert image.shape == (4, 5, 3)
    assert image.dtype == np.uint8


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    path = tmp_path / "deep.png"
    Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16)).save(path)
    assert read_image_file(path)[0, :, 0].tolist() == [0, 0x80, 0xFF]


def test_transparency_is_laid_on_white(tmp_path):
    path = tmp_path / "clear.png"
    Image.new("RGBA", (2, 2), (255, 0, 0, 0)).save(path)
    assert bool((read_image_file(path) == 255).all())


def test_the_cameras_orientation_is_obeyed(tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(path, exif=exif)
    assert read_image_file(path).shape == (20, 10, 3)


def test_a_text_file_is_no_picture(tmp_path):
    (tmp_path / "note.txt").write_text("calm")
    with pytest.raises(DataError, match="is not a picture"):
        read_image_file(tmp_path / "note.txt")
