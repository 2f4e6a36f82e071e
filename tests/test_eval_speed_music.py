"""What music costs to index and to choose from."""

import pytest

pytest.importorskip("imageio_ffmpeg", reason="the extra 'speed' is not installed")
pytest.importorskip("psutil", reason="the extra 'speed' is not installed")

from music import make_tone

from eval.__main__ import main
from eval.speed.films import join_sounds
from vsumm.media import probe


def test_recordings_are_joined_whatever_their_names(tmp_path):
    files = [make_tone(tmp_path / name) for name in ("it's.ogg", "ü 2.ogg")]
    joined = join_sounds(files, tmp_path / "joined.ogg")
    assert probe(joined).duration_seconds == pytest.approx(4, abs=0.1)
    assert len(list(tmp_path.iterdir())) == 3


def test_too_little_music_is_said(tmp_path, capsys):
    make_tone(tmp_path / "tone.ogg")
    assert main(["speed", "--folder", str(tmp_path), "music", "--music", str(tmp_path)]) == 1
    assert "20 tracks need 200 recordings" in capsys.readouterr().err


@pytest.mark.slow
def test_music_is_indexed_and_chosen_from(tmp_path, capsys):
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(10):
        make_tone(folder / f"{number}.ogg", 1.0, hertz=200 + 50 * number)
    options = ["--music", str(folder), "--tracks", "1"]
    assert main(["speed", "--folder", str(tmp_path / "films"), "music", *options]) == 0
    said = capsys.readouterr().out
    assert "1 tracks, 0.2 minutes of music" in said
    assert "choose among 1000 tracks" in said
