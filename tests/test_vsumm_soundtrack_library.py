"""Finding music in folders, indexes and playlists."""

import os
import shutil
import subprocess
import sys
import wave

import numpy as np
import pytest
from music import make_index, make_tone
from speech import SAMPLE_RATE, speak

from mmva_core.retrieval import load_index
from vsumm.errors import InputError
from vsumm.soundtrack import library
from vsumm.soundtrack.library import library_fingerprint, open_library

MODEL = "mmva-lite"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "vsumm" / "music"


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    make_tone(folder / "low.wav", hertz=110)
    make_tone(folder / "high.wav", hertz=2000)
    return folder


@pytest.fixture
def builds(monkeypatch):
    """The calls that index, in order."""
    calls = []
    build = library.build_index
    monkeypatch.setattr(
        library, "build_index", lambda *args, **kw: calls.append(args) or build(*args, **kw)
    )
    return calls


def names(opened):
    return [item.name for item in load_index(opened.index).items]


def test_a_folder_is_indexed_once_into_the_cache(music, cache, builds):
    first = open_library(music, MODEL)
    assert first.index.parent == cache
    assert names(first) == ["high.wav", "low.wav"]
    assert open_library(music, MODEL) == first
    assert len(builds) == 1
    (music / "low.wav").rename(music / "renamed.wav")
    assert names(open_library(music, MODEL)) == ["high.wav", "renamed.wav"]
    assert len(builds) == 2


def test_a_known_folder_loads_no_torch(music):
    open_library(music, MODEL)
    code = (
        "import sys; from pathlib import Path; from vsumm.soundtrack import open_library; "
        f"open_library(Path({str(music)!r}), {MODEL!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_broken_file_is_left_out_and_named_each_time(music, builds):
    (music / "broken.mp3").write_bytes(b"no sound")
    for _ in range(2):
        opened = open_library(music, MODEL)
        assert opened.notes == (f"{music}: left out, cannot be read: broken.mp3",)
    assert len(builds) == 1


def test_a_playlist_names_files_relative_to_it(music, tmp_path):
    lines = ["#EXTM3U", "#EXTINF:2,Low", "music/low.wav", str(music / "high.wav"), "music/no.mp3"]
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("\ufeff" + "\r\n".join([*lines, "http://a/b.mp3", ""]), encoding="utf-8")
    opened = open_library(playlist, MODEL)
    assert names(opened) == ["music/low.wav", str(music / "high.wav")]
    assert opened.notes == (
        f"{playlist}: left out, no files: http://a/b.mp3",
        f"{playlist}: left out, cannot be read: music/no.mp3",
    )


def test_an_old_playlist_is_read_as_latin_1(music, tmp_path):
    shutil.move(music / "low.wav", music / "tief é.wav")
    playlist = tmp_path / "list.m3u"
    playlist.write_bytes("music/tief é.wav\n".encode("latin-1"))
    assert names(open_library(playlist, MODEL)) == ["music/tief é.wav"]


def test_an_index_is_used_as_it_is(music, tmp_path, builds):
    index = make_index(tmp_path / "index", music, {"low.wav": [0.5], "high.wav": [0.5]})
    assert open_library(index, MODEL).index == index
    assert not builds


def test_speech_is_left_out_with_a_line(music, tmp_path):
    tracks, speech = {"low.wav": [0.5], "talk.wav": [0.5]}, {"talk.wav": 0.8, "low.wav": 0.2}
    index = make_index(tmp_path / "index", music, tracks, speech=speech)
    assert open_library(index, MODEL).notes == (f"{index}: left out, speech: talk.wav",)
    index = make_index(tmp_path / "index", music, tracks, speech={"low.wav": None})
    assert "does not tell speech from music" in open_library(index, MODEL).notes[0]


def test_an_index_of_another_model_or_of_speech_alone_is_refused(music, tmp_path):
    index = make_index(tmp_path / "index", music, {"low.wav": [0.5]}, fingerprint="other")
    with pytest.raises(InputError, match="another model than 'mmva-lite'"):
        open_library(index, MODEL)
    index = make_index(tmp_path / "index", music, {"a.wav": [0.5]}, speech={"a.wav": 0.9})
    with pytest.raises(InputError, match="only speech"):
        open_library(index, MODEL)


def test_what_holds_no_music_is_said(tmp_path, music):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "empty.m3u").write_text("#EXTM3U\n", encoding="utf-8")
    (tmp_path / "film.mp4").write_bytes(b"1")
    for path, said in (
        (empty, "holds no music"),
        (tmp_path / "empty.m3u", "names no file"),
        (tmp_path / "film.mp4", "no sound file, folder, index or playlist"),
        (tmp_path / "nowhere", "is missing"),
    ):
        with pytest.raises(InputError, match=said):
            open_library(path, MODEL)


def test_folders_without_permission_are_said(music, monkeypatch):
    # Root, as whom tests may run, is permitted everything: so the system's call is made to refuse.
    closed, scandir = [str(music)], os.scandir

    def refuse(path):
        if str(path) in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="cannot be read: permission denied"):
        open_library(music, MODEL)
    (music / "closed").mkdir()
    closed[:] = [str(music / "closed")]
    opened = open_library(music, MODEL)
    assert opened.notes == (f"{music}: folders that cannot be read: {music / 'closed'}",)


def test_one_broken_file_among_a_hundred_is_one_line(tmp_path):
    folder = tmp_path / "hundred"
    folder.mkdir()
    first = make_tone(folder / "000.wav", 1)
    for number in range(1, 99):
        data = bytearray(first.read_bytes())
        data[-1] = number  # another content: what is the same is encoded once
        (folder / f"{number:03d}.wav").write_bytes(data)
    (folder / "broken.wav").write_bytes(first.read_bytes()[:30])
    opened = open_library(folder, MODEL)
    assert opened.notes == (f"{folder}: left out, cannot be read: broken.wav",)
    assert len(names(opened)) == 99


def write_sound(path, samples, rate):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def chords(seconds, rate):
    """Return struck chords, two a second, each of three tones with overtones."""
    times = np.arange(round(seconds * rate)) / rate
    roots = 220 * 2 ** (np.array([0, 5, 7, 3])[(times * 2).astype(int) % 4] / 12)
    tones = [
        np.sin(2 * np.pi * np.cumsum(roots * step * overtone) / rate) / overtone
        for step in (1, 1.25, 1.5)
        for overtone in (1, 2, 3)
    ]
    return 0.08 * np.sum(tones, axis=0) * np.exp(-3 * (times % 0.5))


def test_a_podcast_among_songs_is_told_apart_with_and_without_a_jingle(tmp_path):
    sentences = (
        "Welcome back to the show where we talk about gardens and the people who love them.",
        "Today my guest explains why tomatoes do not like cold water in the early morning.",
        "Later we will answer your letters, and there are many of them this week.",
    )
    speech, _ = speak(sentences * 5, 0.4)
    assert len(speech) > 60 * SAMPLE_RATE
    folder = tmp_path / "mixed"
    folder.mkdir()
    jingle = chords(6, SAMPLE_RATE)
    write_sound(folder / "podcast.wav", speech, SAMPLE_RATE)
    write_sound(folder / "jingle.wav", np.concatenate([jingle, speech, jingle]), SAMPLE_RATE)
    write_sound(folder / "song.wav", chords(60, SAMPLE_RATE), SAMPLE_RATE)
    opened = open_library(folder, MODEL)
    assert opened.notes == (f"{folder}: left out, speech: jingle.wav, podcast.wav",)
    items = {item.name: item for item in load_index(opened.index).items}
    assert not items["song.wav"].is_speech


def test_an_index_is_read_and_hashed_again_only_if_it_or_its_tracks_change(tmp_path, monkeypatch):
    (tmp_path / "music").mkdir()
    for name in ("a.flac", "b.flac"):
        (tmp_path / "music" / name).write_text("sound")
    calls = []
    read, encode = library.load_index, library.msgspec.json.encode
    monkeypatch.setattr(library, "load_index", lambda x: calls.append("read") or read(x))
    monkeypatch.setattr(library.msgspec.json, "encode", lambda x: calls.append("hash") or encode(x))

    def look_twice():
        calls.clear()
        first, second = (library_fingerprint(tmp_path / "index") for _ in range(2))
        assert first == second
        return first, [*calls]

    def write(arousal):
        curves = {"a.flac": [arousal], "b.flac": [1.0]}
        make_index(tmp_path / "index", tmp_path / "music", curves)

    write(0.3)
    whole, of_whole = look_twice()
    write(0.4)
    other, of_other = look_twice()
    (tmp_path / "music" / "a.flac").unlink()
    less, of_less = look_twice()
    assert (of_whole, of_other, of_less) == (["read", "hash"], ["read", "hash"], ["hash"])
    assert len({whole, other, less}) == 3
