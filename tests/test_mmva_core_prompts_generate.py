"""MusicGen of a tiny configuration, made here and read back as a user's would be."""

import wave

import numpy as np
import pytest
import torch
from mmva_musicgen import RATE, write_musicgen

from mmva_core.cli.program import main
from mmva_core.errors import CheckpointError, DataError
from mmva_core.prompts.generate import Music, MusicGenerator, check_output, write_wave


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_musicgen(tmp_path_factory.mktemp("musicgen"))


@pytest.fixture(scope="module")
def generator(folder):
    return MusicGenerator(str(folder))


def test_music_is_as_long_as_was_asked(generator):
    music = generator.generate("sad piano music", seconds=0.77)
    assert music.samples.shape == (1, round(0.77 * RATE))
    assert music.samples.dtype == np.float32
    assert np.isfinite(music.samples).all()


def test_seed_decides_the_music(generator):
    first, again, other = (
        generator.generate("sad", seconds=0.5, seed=s).samples for s in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_random_state_is_left_alone(generator):
    before = torch.random.get_rng_state()
    generator.generate("sad", seconds=0.2)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("prompt", "options"),
    [(" ", {}), ("sad", {"seconds": 31}), ("sad", {"seconds": 0}), ("sad", {"guidance": 0.5})],
)
def test_what_makes_no_music_is_refused(generator, prompt, options):
    with pytest.raises(ValueError, match=r"empty|must"):
        generator.generate(prompt, **options)


def test_wave_file_holds_the_sound(tmp_path):
    left, right = np.array([0, 0.5, -0.5]), np.array([1.0, 2.0, -2.0])
    music = Music(np.stack([left, right]).astype(np.float32), 8000)
    with wave.open(str(write_wave(tmp_path / "two.wav", music)), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 3)
        pcm = np.frombuffer(file.readframes(3), dtype="<i2").reshape(3, 2).T
    assert pcm.tolist() == [[0, 16384, -16384], [32767, 32767, -32767]]


def test_nothing_is_replaced_unasked(tmp_path):
    path = tmp_path / "old.wav"
    path.write_bytes(b"old")
    with pytest.raises(DataError, match="overwrite=True"):
        check_output(path, overwrite=False)
    check_output(path, overwrite=True)


@pytest.mark.parametrize("name", ["music.mp3", "nowhere/music.wav"])
def test_names_that_cannot_be_written_are_refused_first(tmp_path, name):
    with pytest.raises(DataError, match="music"):
        check_output(tmp_path / name, overwrite=False)


def test_missing_weights_are_reported_with_what_to_do(tmp_path):
    with pytest.raises(CheckpointError, match="a folder that holds one") as error:
        MusicGenerator(str(tmp_path))
    assert str(error.value).startswith("no music generator")
    assert "\n" not in str(error.value)


def test_command_writes_a_file(folder, tmp_path, capsys):
    output = tmp_path / "music.wav"
    arguments = ["generate", "sad piano", "-o", str(output), "--seconds", "0.5"]
    assert main([*arguments, "--model", str(folder)]) == 0
    assert capsys.readouterr().out == f"{output}: 0.5 s, {RATE} Hz\n"
    with wave.open(str(output), "rb") as file:
        assert file.getnframes() == RATE // 2


def test_command_reports_too_much_in_one_line(folder, tmp_path, capsys):
    output = tmp_path / "music.wav"
    arguments = ["generate", "sad", "-o", str(output), "--seconds", "1:00", "--model", str(folder)]
    assert main(arguments) == 1
    assert "seconds must lie in (0, 30]" in capsys.readouterr().err
    assert not output.exists()
