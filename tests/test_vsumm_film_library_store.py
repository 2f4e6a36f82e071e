"""The store of a library: what is committed stays, and what is wrong is found."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("lancedb")

from libraries import SIGNALS, WIDTHS, add_made, film_row, made_segments, make_empty

from vsumm.errors import LibraryError, NoRoomError
from vsumm.film_library.store import make_library, open_library
from vsumm.film_library.upkeep import vacuum, verify

SUPPORT = Path(__file__).parent / "support"


def test_a_film_comes_back_as_it_was_added(tmp_path):
    film = add_made(make_empty(tmp_path / "lib"), "a", 5)
    library = open_library(tmp_path / "lib")
    assert library.films() == {film.sha256: film}
    assert library.rows_of("aa").equals(made_segments("a", 5))


def test_only_films_that_are_asked_for_are_read(tmp_path):
    library = make_empty(tmp_path / "lib")
    films = [add_made(library, name, 2) for name in "abc"]
    two = {film.sha256: film for film in films[:2]}
    assert library.films({*two, "missing"}) == two
    assert library.films(set()) == {}


def test_a_film_is_kept_once(tmp_path):
    library = make_empty(tmp_path / "lib")
    film = add_made(library, "a", 5)
    assert not library.add(film, made_segments("a", 5))
    assert library.segments_table.count_rows() == 5


@pytest.mark.parametrize("name", ["new\nline.mp4", b"no\xffutf8.mp4", "quote'.mp4"])
def test_odd_names_come_back(tmp_path, name):
    library = make_empty(tmp_path / "lib")
    segments = made_segments("a", 1)
    film = film_row(os.fsdecode(name), segments)
    library.add(film, segments)
    assert library.films()["aa"].path == film.path


def test_segments_of_a_film_that_was_not_added_to_the_end_do_not_count(tmp_path):
    library = make_empty(tmp_path / "lib")
    library.segments_table.add(made_segments("a", 3, seed=1))  # as who is killed leaves them
    (tmp_path / "lib" / "adding").write_text("aa")
    assert "run vacuum" in verify(library)[0]
    add_made(library, "a", 5)
    assert library.rows_of("aa").num_rows == 5
    assert verify(library) == []


def test_a_film_that_is_removed_leaves_nothing(tmp_path):
    library = make_empty(tmp_path / "lib")
    add_made(library, "a", 4)
    add_made(library, "b", 4)
    library.remove(["aa"])
    assert list(library.films()) == ["bb"]
    assert library.segments_table.count_rows() == 4


def test_a_signal_that_is_new_becomes_a_column(tmp_path):
    library = make_empty(tmp_path / "lib")
    add_made(library, "a", 2)
    add_made(library, "b", 2, signals=(*SIGNALS, "smoke"))
    assert library.rows_of("aa", ["number", "smoke"])["smoke"].to_pylist() == [None, None]
    assert None not in library.rows_of("bb", ["number", "smoke"])["smoke"].to_pylist()
    assert verify(library) == []


def test_a_full_disk_is_the_error_that_all_commands_raise(tmp_path):
    library = make_empty(tmp_path / "lib")
    kept = add_made(library, "a", 4)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(NoRoomError, match="lib: cannot be written: no space left for it"):
            add_made(library, "b", 400)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert library.films() == {kept.sha256: kept}
    add_made(library, "b", 400)
    assert verify(library) == []


def test_a_store_of_a_later_version_is_refused_in_one_line(tmp_path):
    library = make_empty(tmp_path / "lib")
    header = tmp_path / "lib" / "library.json"
    document = json.loads(header.read_text())
    header.write_text(json.dumps({**document, "schema_version": 99}))
    with pytest.raises(LibraryError, match=r"its version is 99, this program knows up to \d+: upd"):
        open_library(tmp_path / "lib")
    segments = made_segments("a", 1)
    with pytest.raises(LibraryError, match="its version is 99"):  # one that was open before
        library.add(film_row("a.mp4", segments), segments)


@pytest.mark.parametrize("text", ["", "{}", "no JSON", '{"schema_version": "a"}'])
def test_a_damaged_header_is_named(tmp_path, text):
    make_empty(tmp_path / "lib")
    (tmp_path / "lib" / "library.json").write_text(text)
    with pytest.raises(LibraryError, match=r"library\.json: damaged"):
        open_library(tmp_path / "lib")


def test_what_is_no_library_is_left_alone(tmp_path):
    with pytest.raises(LibraryError, match="there is no library; make one with vsumm library add"):
        open_library(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(LibraryError, match="holds something else"):
        make_empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != "lock"] == ["notes.txt"]


def test_another_model_is_refused(tmp_path):
    library = make_empty(tmp_path / "lib")
    header = replace(library.header, fingerprint="other", model="other/model")
    (tmp_path / "lib" / "library.json").write_text(json.dumps(vars(header)))
    with pytest.raises(LibraryError, match=r"another model \(other/model\)"):
        make_library(tmp_path / "lib", model="mmva-lite", widths=WIDTHS, signals=SIGNALS)


def _start(code, *arguments):
    path = os.pathsep.join([str(SUPPORT), *sys.path])
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE)


ADD = """
    import sys
    from libraries import add_made
    from vsumm.film_library.store import open_library
    library = open_library(sys.argv[1])
    for number in range(int(sys.argv[3])):
        add_made(library, sys.argv[2] + str(number), 3)
        print(number, flush=True)
"""


@pytest.mark.slow
def test_two_processes_write_at_the_same_time(tmp_path):
    make_empty(tmp_path / "lib")
    writers = [_start(ADD, tmp_path / "lib", name, 8) for name in "ab"]
    assert [writer.communicate()[1] or writer.returncode for writer in writers] == [0, 0]
    library = open_library(tmp_path / "lib")
    assert len(library.films()) == 16
    assert library.segments_table.count_rows() == 48
    assert verify(library) == []


@pytest.mark.slow
def test_a_writer_that_is_killed_loses_nothing_that_was_committed(tmp_path):
    make_empty(tmp_path / "lib")
    for round_number in range(3):
        writer = _start(ADD, tmp_path / "lib", f"r{round_number}-", 1000)
        told = [int(writer.stdout.readline()) for _ in range(2 + round_number)]
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0].split()
        told += [int(number) for number in rest]
        films = open_library(tmp_path / "lib").films()
        for number in told:
            assert f"r{round_number}-{number}" * 2 in films
    library = open_library(tmp_path / "lib")
    vacuum(library)
    assert verify(library) == []
