"""`mmva match`: what is printed of films for a piece of music."""

import json

import pytest
from mmva_imemnet import write_tone
from mmva_tiny import tiny_model

from mmva_core import retrieval
from mmva_core.cli import main
from mmva_core.retrieval import films as films_module
from mmva_core.retrieval.films import FilmCurve


@pytest.fixture
def match(tmp_path, monkeypatch):
    """A function that runs the command on a tone and films of these curves."""
    tiny_model(sigma=0.3, music_window_seconds=2.0).save_pretrained(tmp_path / "model")
    song = write_tone(tmp_path / "song.wav", 440, seconds=5)
    song = song or tmp_path / "song.wav"

    def run(*films, song=song, options=()):
        monkeypatch.setattr(films_module, "_reader", lambda: lambda *_: map(encoded, films))
        named = ["--films", "reels/", "--model", str(tmp_path / "model"), *options]
        return main(["match", str(song), *named])

    return run


def encoded(film):
    return json.dumps({name: getattr(film, name) for name in film.__struct_fields__})


GOOD = FilmCurve("a.mp4", 4.0, (1.0, 3.0), (0.5, 0.5), (0.4, 0.6))
LONG = FilmCurve("b.mp4", 12.0, (1.0, 11.0), (0.5, 0.5), (0.4, 0.6))


def test_films_are_listed_with_their_place_in_the_music(match, capsys):
    assert match(LONG, GOOD) == 0
    music, note, heading, *rows = capsys.readouterr().out.splitlines()
    assert music.startswith(
        "music: no title by an artist that the file does not name; licence: none"
    )
    assert "says nothing of its skill" in note
    assert heading.split() == ["score", "distance", "arousal", "r", "from", "film"]
    assert [row.split()[4] for row in rows] == ["a.mp4", "b.mp4"]
    assert "(the music begins again 2 x)" in rows[1]


def test_json_has_every_figure(match, capsys):
    assert match(LONG, GOOD, options=["--json", "--k", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["num_films"] == 2
    assert found["length_seconds"] == 5
    assert (found["title"], found["artist"], found["licence"]) == ("", "", "")
    (best,) = found["matches"]
    assert best["film"] == "a.mp4"
    assert set(best) == {
        "film", "start_seconds", "score", "distance", "correlation", "num_seams",
    }  # fmt: skip


def test_a_film_that_cannot_be_read_is_said_and_the_others_ranked(match, capsys):
    assert match(FilmCurve("c.mp4", problem="c.mp4: is broken"), GOOD) == 1
    found = capsys.readouterr()
    assert "c.mp4: is broken" in found.err
    assert "a.mp4" in found.out
    assert match(FilmCurve("c.mp4", problem="c.mp4: is broken")) == 1
    assert "there is no film to match" in capsys.readouterr().err


def test_a_talk_is_no_music(match, capsys, monkeypatch):
    monkeypatch.setattr(retrieval, "speech_share", lambda *_: 0.8)
    assert match(GOOD) == 1
    assert "somebody speaks for 80% of it" in capsys.readouterr().err


def test_music_that_cannot_be_read_is_said(match, tmp_path, capsys):
    (tmp_path / "song.mp3").write_bytes(b"no sound")
    assert match(GOOD, song=tmp_path / "song.mp3") == 1
    assert "song.mp3" in capsys.readouterr().err
