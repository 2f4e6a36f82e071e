"""The course of a song over the places of a reel."""

from pathlib import Path

import numpy as np
import pytest
from music import make_index, make_tone

from vsumm.errors import InputError
from vsumm.medley.song import Song, arc_of, num_places, open_song

RISING = np.array([[0.5 - k / 10, 0.2 + k / 5, 6 * k, 6 * k + 6] for k in range(4)], np.float32)


def test_a_course_is_of_ranks_within_the_song_and_joined_by_lines():
    course = Song(Path("song.mp3"), RISING).course(0.0, np.array([3.0, 12.0, 21.0]))
    assert course[:, 1] == pytest.approx([0, 0.5, 1])
    assert course[:, 0] == pytest.approx([1, 0.5, 0])
    later = Song(Path("song.mp3"), RISING).course(9.0, np.array([3.0]))
    assert later[0] == pytest.approx([0.5, 0.5])


def test_a_reel_may_begin_wherever_it_fits_into_the_song():
    song = Song(Path("song.mp3"), RISING)
    assert song.length_seconds == 24
    assert song.starts(20.0).tolist() == [0, 1, 2, 3, 4]
    assert song.starts(24.0).tolist() == [0]


def test_an_arc_is_read_at_the_middles_of_the_places():
    assert arc_of("rise", 4) == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert num_places(7.9, 2.0) == 4


def test_one_track_is_opened_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    song = make_tone(tmp_path / "song.flac", 13)
    opened = open_song(song, "mmva-lite")
    assert opened.length_seconds == pytest.approx(13)
    assert opened.windows.shape[1] == 4
    (tmp_path / "list.m3u").write_text("song.flac\nother.flac\n", encoding="utf-8")
    make_tone(tmp_path / "other.flac", 7)
    talk = make_index(tmp_path / "index", tmp_path, {"a.flac": [0.5]}, speech={"a.flac": 0.9})
    for path, said in (
        (tmp_path / "list.m3u", "several tracks"),
        (tmp_path, "this is a folder"),
        (tmp_path / "missing.mp3", "is missing"),
        (talk, "this is a folder"),
    ):
        with pytest.raises(InputError, match=said):
            open_song(path, "mmva-lite")
