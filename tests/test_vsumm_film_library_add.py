"""Adding films to a library: by content, each once, whatever their names."""

import os
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lancedb")

from batches import Inline
from films import make_film
from libraries import EmbeddingModel
from tiny_files import make_tiny_files

from mmva_core.store import sha256_file
from vsumm.files import walk_films
from vsumm.film_library import add as module
from vsumm.film_library import known as known_films
from vsumm.film_library.add import CONFIG, add_films
from vsumm.film_library.broken import BROKEN_NAME, BrokenFiles
from vsumm.film_library.known import KnownFilms, mark_gone
from vsumm.film_library.measure import signal_names
from vsumm.film_library.schema import rows_of_vectors
from vsumm.film_library.store import make_library
from vsumm.film_library.upkeep import vacuum, verify
from vsumm.score import ModelSource

WIDTHS = {"concepts": 64, "picture": 2, "sound": 2}


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path / "lib", model="mmva-lite", widths=WIDTHS, signals=signal_names())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    make_film(
        folder / "film.mp4",
        seconds=8.0,
        size=(64, 48),
        flashes=[2.0 + 0.2 * k for k in range(10)],
        beeps=[5.0],
    )
    make_film(folder / "silent.mp4", seconds=4.0, size=(64, 48), audio=False)
    return folder


def _add(library, *paths, **settings):
    source = ModelSource(CONFIG, EmbeddingModel())
    added = add_films(library, paths, source=source, **settings)
    return [(one.path.name, one.state) for one in added]


def test_known_films_are_found_by_path_when_they_have_moved(library, made):
    _add(library, made / "film.mp4")
    ((sha256, film),) = library.films().items()
    known = KnownFilms({sha256: film, "other": replace(film, sha256="other")})
    assert len(known.at(film.path)) == 2
    known[sha256] = replace(film, path=made / "moved.mp4")
    assert [one.sha256 for one in known.at(film.path)] == ["other"]
    assert [one.sha256 for one in known.at(made / "moved.mp4")] == [sha256]
    assert not known.at(made / "never.mp4")


def test_tiny_files_that_are_no_films_leave_nothing_behind(library, tmp_path):
    num_films = make_tiny_files(tmp_path / "tiny", 300, random.Random(0))
    added = _add(library, *walk_films(tmp_path / "tiny"))
    assert [state for _, state in added] == ["broken"] * num_films
    assert not library.films()


def test_every_segment_is_kept_with_what_was_measured(library, made):
    assert _add(library, made / "film.mp4") == [("film.mp4", "added")]
    (film,) = library.films().values()
    assert (film.num_segments, film.duration_seconds, film.audio_track) == (4, 8.0, 0)
    assert film.path == made / "film.mp4"
    rows = library.rows_of(film.sha256)
    assert rows["start_seconds"].to_pylist() == [0, 2, 4, 6]
    assert set(signal_names()) < set(rows.column_names)
    assert np.argmax(rows["image_arousal"].to_numpy()) == 1
    assert rows["arousal"].equals(rows["image_arousal"])
    loud = rows_of_vectors(rows["sound"]).astype(float)[:, 0]
    assert np.argmax(loud) == 2
    assert verify(library) == []


@pytest.fixture
def measured_elsewhere(monkeypatch):
    """Give other processes, which are none here, the small model."""
    key = ("mmva-lite", CONFIG.device, CONFIG.precision)
    shared = {key: ModelSource(CONFIG, EmbeddingModel())}
    monkeypatch.setattr("vsumm.score.model_source._shared", shared)


@pytest.mark.parametrize("num_slots", [1, 3])
def test_an_engine_measures_and_this_process_writes_the_same(
    library, made, tmp_path, measured_elsewhere, num_slots
):
    shutil.copy(made / "film.mp4", tmp_path / "copy.mp4")
    (tmp_path / "bad.mp4").write_text("no film")
    paths = [made / "film.mp4", made / "silent.mp4", tmp_path / "copy.mp4", tmp_path / "bad.mp4"]
    engine = Inline(num_slots=num_slots)
    added = {one.path.name: one.state for one in add_films(library, paths, engine=engine)}
    states = [added.pop("film.mp4"), added.pop("copy.mp4")]
    assert sorted(states) == ["added", "known"]
    assert added == {"silent.mp4": "added", "bad.mp4": "broken"}
    there = make_library(
        tmp_path / "here", model="mmva-lite", widths=WIDTHS, signals=signal_names()
    )
    _add(there, *paths[:2])
    for sha256 in there.films():
        assert library.rows_of(sha256).equals(there.rows_of(sha256))
    assert verify(library) == []
    again = Inline()
    states = [one.state for one in add_films(library, paths[:3], engine=again)]
    assert (states, again.tasks) == (["known"] * 3, [])


def test_a_film_whose_process_dies_again_and_again_has_failed(library, made, measured_elsewhere):
    def do(task):
        if task.path.name == "film.mp4":
            raise ConnectionError("killed")
        return module._measure_task(task)

    paths = [made / "film.mp4", made / "silent.mp4"]
    added = {one.path.name: one for one in add_films(library, paths, engine=Inline(do))}
    assert added["silent.mp4"].state == "added"
    assert added["film.mp4"].state == "failed"
    assert "3 processes died that measured it: killed" in added["film.mp4"].note


def test_a_film_without_sound_has_no_embeddings_of_sound(library, made):
    _add(library, made / "silent.mp4")
    (film,) = library.films().values()
    rows = library.rows_of(film.sha256)
    assert film.audio_track is None
    assert rows["sound"].null_count == rows["loudness"].null_count == film.num_segments
    assert rows["picture"].null_count == 0


def test_nothing_is_measured_twice(library, made, tmp_path):
    film = shutil.copy(made / "film.mp4", tmp_path / "film.mp4")
    copy = shutil.copy(film, tmp_path / "copy.mp4")
    states = _add(library, film, copy, film)
    assert states == [("film.mp4", "added"), ("copy.mp4", "known")]
    os.utime(film)  # touched, not changed
    assert _add(library, film) == [("film.mp4", "known")]
    assert library.segments_table.count_rows() == 4


def test_a_film_that_moved_is_found_by_its_content(library, made, tmp_path):
    film = shutil.copy(made / "film.mp4", tmp_path / "before.mp4")
    _add(library, film)
    moved = film.rename(tmp_path / "after\n.mp4")
    assert [one.path for one in mark_gone(library)] == [film]
    assert _add(library, moved) == [("after\n.mp4", "moved")]
    (row,) = library.films().values()
    assert (row.path, row.gone_since) == (moved, None)


def test_a_film_that_is_gone_is_marked_until_it_is_back(library, made, tmp_path):
    film = shutil.copy(made / "film.mp4", tmp_path / "film.mp4")
    _add(library, film)
    film.rename(tmp_path / "elsewhere")
    _add(library, made / "silent.mp4")
    (gone,) = mark_gone(library)
    assert gone.path == film
    assert gone.gone_since is not None
    (tmp_path / "elsewhere").rename(film)
    assert mark_gone(library) == []
    assert all(row.gone_since is None for row in library.films().values())


def test_a_film_that_was_touched_is_hashed_once_more(library, made, tmp_path, monkeypatch):
    film = shutil.copy(made / "film.mp4", tmp_path / "film.mp4")
    _add(library, film)
    os.utime(film, ns=(0, 1))
    hashed = []
    monkeypatch.setattr(
        known_films, "sha256_file", lambda path: hashed.append(path) or sha256_file(path)
    )
    assert mark_gone(library) == mark_gone(library) == []
    assert hashed == [film]


def test_another_film_in_the_place_of_one_does_not_pass_for_it(library, made, tmp_path):
    place = shutil.copy(made / "film.mp4", tmp_path / "film.mp4")
    _add(library, place)
    shutil.copy(made / "silent.mp4", place)
    assert _add(library, place) == [("film.mp4", "added")]
    states = {row.num_segments: row.gone_since is None for row in library.films().values()}
    assert states == {4: False, 2: True}


def test_broken_files_are_told_and_do_not_stop_the_others(library, made, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    states = _add(library, broken, tmp_path / "missing.mp4", made / "silent.mp4")
    assert states == [("broken.mp4", "broken"), ("missing.mp4", "broken"), ("silent.mp4", "added")]


def test_films_are_measured_as_they_are_summarised():
    assert replace(CONFIG, budget_fraction=0.15, cut_at="shots+speech") == type(CONFIG)()


@pytest.fixture
def opened(monkeypatch):
    """Return the names of the files that were opened to be measured, as it goes on."""
    names, measure_film = [], module.measure_film

    def noted(header, path, *rest):
        names.append(path.name)
        return measure_film(header, path, *rest)

    monkeypatch.setattr(module, "measure_film", noted)
    return names


def test_broken_files_are_not_opened_again_until_they_change(library, made, tmp_path, opened):
    path = tmp_path / "new\nline \udcff.mp4"
    path.write_bytes(b"no film")
    (first,) = add_films(library, [path])
    (again,) = add_films(library, [path])
    assert (first.state, opened) == ("broken", [path.name])
    assert again == first
    assert _add(library, path, retry_broken=True) == [(path.name, "broken")]
    assert len(opened) == 2
    shutil.copy(made / "silent.mp4", path)
    assert _add(library, path) == [(path.name, "added")]


def test_another_version_tries_broken_files_again(library, tmp_path, opened, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"no film")
    _add(library, tmp_path / "a.mp4")
    monkeypatch.setattr("vsumm.film_library.broken.__version__", "99")
    _add(library, tmp_path / "a.mp4")
    assert opened == ["a.mp4"] * 2


def test_a_reason_that_may_pass_is_not_remembered(library, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("the network is away")

    (tmp_path / "a.mp4").write_bytes(b"no film")
    with monkeypatch.context() as patch:
        patch.setattr(module, "measure_film", fail)
        assert _add(library, tmp_path / "a.mp4") == [("a.mp4", "failed")]
    assert _add(library, tmp_path / "a.mp4") == [("a.mp4", "broken")]


def test_a_cut_off_line_of_broken_files_is_left_out(library, tmp_path, opened):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no film")
    _add(library, tmp_path / "a.mp4")
    with (library.folder / BROKEN_NAME).open("ab") as file:
        file.write(b'["/films/b.mp4", [1,')
    _add(library, tmp_path / "a.mp4", tmp_path / "b.mp4")
    _add(library, tmp_path / "a.mp4", tmp_path / "b.mp4")
    assert opened == ["a.mp4", "b.mp4"]


def test_vacuum_forgets_broken_files_that_are_gone(library, tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no film")
    _add(library, tmp_path / "a.mp4", tmp_path / "b.mp4")
    (tmp_path / "a.mp4").unlink()
    vacuum(library)
    assert b"a.mp4" not in (library.folder / BROKEN_NAME).read_bytes()
    assert BrokenFiles(library.folder).why(tmp_path / "b.mp4")
