"""`vsumm summarize --to`: one reel of several films cut to a song, from the command line."""

import json

import av
import pytest
from films import make_film, read_frame_number
from music import make_tone

from vsumm.cli.program import main
from vsumm.media import probe

TICK = 0.041
"""Seconds of a frame of these films, by which a cut may be off."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    for name, size in (("a.mp4", (192, 96)), ("b.mp4", (96, 96))):
        make_film(folder / name, seconds=12, size=size)
    return folder


@pytest.fixture
def song(tmp_path):
    tags = {"artist": "Somebody", "license": "CC0"}
    return make_tone(tmp_path / "song.flac", 13, tags=tags)


def run(*arguments):
    return main(["summarize", *map(str, arguments)])


def test_the_reel_is_as_long_as_the_song_and_its_json_says_what_is_in_it(
    films, song, tmp_path, capsys
):
    reel = tmp_path / "reel.mp4"
    assert run(films, "--to", song, "-o", reel) == 0
    said = capsys.readouterr()
    assert "by Somebody; licence: CC0" in said.err
    assert "trust arousal more than valence" in said.err
    assert str(reel) in said.out
    info = probe(reel)
    assert info.duration_seconds == pytest.approx(13, abs=TICK)
    made = json.loads(reel.with_suffix(".json").read_text(encoding="utf-8"))
    assert (made["artist"], made["licence"], made["seconds"]) == ("Somebody", "CC0", 13)
    pieces = made["pieces"]
    with av.open(str(reel)) as container:
        frames = list(container.decode(video=0))
    for piece in pieces:
        if piece["film"].endswith("a.mp4"):  # the other one lies between bars or is smaller
            middle = (piece["start_seconds"] + piece["end_seconds"]) / 2
            at = piece["reel_seconds"] + middle - piece["start_seconds"]
            shown = frames[round(at * 25)].to_ndarray(format="rgb24")
            if shown.shape[1] == 192:
                assert abs(read_frame_number(shown) - round(middle * 25)) <= 1
    order = [(piece["film"], piece["start_seconds"]) for piece in pieces]
    assert order == sorted(order)


def test_a_budget_takes_a_part_of_the_song_and_the_order_may_be_free(films, song, tmp_path):
    reel = tmp_path / "reel.mp4"
    options = ["--budget", "8s", "--reorder", "--arc", "fall", "--quiet"]
    assert run(films, "--to", song, "-o", reel, *options) == 0
    assert probe(reel).duration_seconds == pytest.approx(8, abs=TICK)


def test_a_broken_film_is_said_and_the_others_are_shown(films, song, tmp_path, capsys):
    (films / "c.mp4").write_bytes(b"no film")
    reel = tmp_path / "reel.mp4"
    assert run(films, "--to", song, "-o", reel, "--no-reel", "--json") == 1
    found = capsys.readouterr()
    assert "c.mp4" in found.err
    assert len(json.loads(found.out)["pieces"]) >= 1
    assert not reel.exists()
    (films / "a.mp4").unlink()
    (films / "b.mp4").unlink()
    assert run(films, "--to", song, "-o", tmp_path / "other.mp4") == 1
    assert "none of the films can be used" in capsys.readouterr().err


def test_what_is_there_is_not_replaced_and_what_is_no_song_is_said(films, song, tmp_path, capsys):
    (tmp_path / "reel.json").write_text("old", encoding="utf-8")
    assert run(films, "--to", song, "-o", tmp_path / "reel.mp4") == 1
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "reel.json").read_text(encoding="utf-8") == "old"
    assert run(films, "--to", films / "a.mp4", "-o", tmp_path / "new.mp4") == 1
    assert "is no sound file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reorder"], "--reorder needs --arc"),
        (["--to", "song.mp3", "--soundtrack", "x.mp3"], "leave out --soundtrack"),
        (["--to", "song.mp3", "--variants", "2"], "leave out --variants"),
        (["--to", "song.mp3", "-o", "a.mp4", "-o", "b.otio"], "name one output"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(options, said, capsys):
    assert run("film.mp4", *options) == 2
    assert said in capsys.readouterr().err
