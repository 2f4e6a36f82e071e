"""Figures 4 to 6 end to end: four pictures, all prompts, a MusicGen in a folder, music, figures."""

import csv
import wave

import numpy as np
import pytest
from mmva_musicgen import RATE, write_musicgen
from PIL import Image

from mmva_core import MMVA
from mmva_core.cli.program import main
from mmva_core.inputs.audio_file import read_audio_file
from mmva_core.prompts.generate import Music
from mmva_core.prompts.picture_music import PAGE_NAME, TABLE_NAME, sonify
from mmva_core.prompts.templates import load_templates

SECONDS = 0.5
COLOURS = {
    "dark": (25, 25, 35),
    "grass": (60, 160, 60),
    "sky": (120, 180, 250),
    "red": (220, 20, 0),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    return str(write_musicgen(tmp_path_factory.mktemp("musicgen")))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        pixels = np.clip(np.array(colour) + random.integers(-30, 30, (96, 128, 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{name}.png")
    return [folder / f"{name}.png" for name in COLOURS]


def test_pictures_become_music_whose_place_on_the_plane_is_measured(
    generator, pictures, tmp_path, capsys
):
    folder = tmp_path / "music"
    arguments = ["sonify", *map(str, pictures), "--generator", generator, "-o", str(folder)]
    assert main([*arguments, "--seconds", str(SECONDS), "--device", "cpu", "--quiet"]) == 0
    printed = capsys.readouterr().out

    with (folder / TABLE_NAME).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["picture"] for row in rows] == list(map(str, pictures))
    model = MMVA.from_pretrained("mmva-lite", device="cpu")
    templates = load_templates()
    prompts = {templates.prompt(place) for place in range(len(templates))}
    for row, picture in zip(rows, pictures, strict=True):
        assert row["prompt"] in prompts
        assert row["prompt"] in printed
        with wave.open(row["music"], "rb") as file:
            assert (file.getframerate(), file.getnframes()) == (RATE, round(SECONDS * RATE))
        heard = read_audio_file(row["music"], model.music_sample_rate)
        music_va = model.predict_music(heard, model.music_sample_rate).mean(0)
        own = [float(row[f"music_{name}"]) for name in ("valence", "arousal")]
        assert own == pytest.approx(music_va.tolist(), abs=1e-4)
        image_va = model.predict_images([np.asarray(Image.open(picture))])[0]
        own = [float(row[f"picture_{name}"]) for name in ("valence", "arousal")]
        assert own == pytest.approx(image_va.tolist(), abs=1e-4)
    page = (folder / PAGE_NAME).read_text(encoding="utf-8")
    assert all(picture.name in page for picture in pictures)
    assert all(row["prompt"] in page for row in rows)


def test_nothing_is_generated_before_every_file_can_be_written(
    generator, pictures, tmp_path, capsys
):
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "red.wav").write_bytes(b"old")
    arguments = ["sonify", *map(str, pictures), "--generator", generator, "-o", str(folder)]
    assert main([*arguments, "--device", "cpu"]) == 1
    assert "red.wav: exists already; use --force" in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {"red.wav"}


def test_two_pictures_of_one_name_are_refused(pictures, tmp_path, capsys):
    other = tmp_path / "dark.jpg"
    Image.new("RGB", (64, 64)).save(other)
    with pytest.raises(Exception, match="would share"):
        list(
            sonify(
                [pictures[0], other],
                tmp_path / "music",
                lambda prompt: Music(np.zeros((1, 8), np.float32), RATE),
                load_templates(),
                "mmva-lite",
            )
        )
