"""`vsumm library` on the command line."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("lancedb")
from films import make_film
from libraries import EmbeddingModel, add_made, make_empty

from vsumm.cli.program import main
from vsumm.film_library import open_library


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("VSUMM_LIBRARY", str(tmp_path / "lib"))
    library = make_empty(tmp_path / "lib")
    add_made(library, "a", 10)
    return library


def _run(capsys, *arguments):
    code = main(["library", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_films_are_added_and_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("vsumm.score.model_source.load_model", lambda config: EmbeddingModel())
    monkeypatch.setattr("vsumm.film_library.add.read_config", lambda folder: EmbeddingModel.config)
    monkeypatch.setattr("vsumm.film_library.add.joint_width", lambda model: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("VSUMM_LIBRARY", str(tmp_path / "lib"))
    films = tmp_path / "films"
    films.mkdir()
    make_film(films / "film.mp4", seconds=6.0, size=(64, 48), flashes=[3.0])
    (films / "loop").symlink_to(films)
    code, out, _ = _run(capsys, "add", str(films))
    assert (code, out.splitlines()) == (0, [f"added  {films / 'film.mp4'}", "1 added"])
    assert _run(capsys, "add", str(films))[1].splitlines()[-1] == "1 known"
    code, out, _ = _run(
        capsys, "search", "va:0.5,0.5", "--k", "1", "--reel", str(tmp_path / "reel.mp4"), "--json"
    )
    (found,) = json.loads(out)
    assert found["film"] == str(films / "film.mp4")
    assert (tmp_path / "reel.mp4").stat().st_size > 1000
    (films / "film.mp4").unlink()
    code, out, _ = _run(capsys, "status")
    assert "1 film, 0:06" in out
    assert f"{films / 'film.mp4'}" in out.splitlines()[-1]
    code, out, err = _run(capsys, "search", "--mood", "calm", "--reel", str(tmp_path / "b.mp4"))
    assert code == 1
    assert "of films that are gone: left out" in err
    assert _run(capsys, "vacuum", "--gone")[1].startswith("1 film forgotten")


@pytest.mark.slow
def test_two_processes_measure_what_one_does(tmp_path):
    """With real processes and the real model."""
    films = tmp_path / "films"
    films.mkdir()
    for number in range(2):
        make_film(films / f"{number}.mp4", seconds=12 + number, size=(160, 90), beeps=[3.0])
    libraries = []
    for num_jobs in ("1", "2"):
        folder = tmp_path / num_jobs
        command = ["add", films, "--library", folder, "--jobs", num_jobs, "--no-cache"]
        run = [sys.executable, "-m", "vsumm", "library", *command]
        said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        assert said.splitlines()[-1] == "2 added"
        libraries.append(open_library(folder))
    one, two = libraries
    assert one.films().keys() == two.films().keys()
    for sha256 in one.films():
        assert one.rows_of(sha256).num_rows >= 6
        assert one.rows_of(sha256).equals(two.rows_of(sha256))


def test_what_was_found_is_printed(library, capsys):
    code, out, err = _run(capsys, "search", "va:0.5,0.5", "--k", "3", "--min", "3s")
    assert (code, err) == (0, "")
    assert "/films/a.mp4" in out
    assert "near valence 0.5, arousal 0.5" in out


def test_export_verify_and_vacuum(library, tmp_path, capsys):
    assert _run(capsys, "export", str(tmp_path / "a.parquet"))[:2] == (
        0,
        f"10 segments written to {tmp_path / 'a.parquet'}\n",
    )
    assert _run(capsys, "verify")[1].endswith("1 film, all in order\n")
    assert _run(capsys, "vacuum")[0] == 0
    library.segments_table.delete("number = 3")
    code, _, err = _run(capsys, "verify")
    assert (code, err) == (1, "vsumm: error: /films/a.mp4: 9 of 10 segments are there\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["search", "a", "--like", "b.jpg"], 2, "what is seen, for what is heard"),
        (["search", "va:0.5,0.5", "--k", "0"], 2, "at least 1"),
        (["search", "va:0.5,0.5", "--min", "x"], 2, "x"),
        (["search", "--mood", "odd"], 2, "mood must be"),
        (["search", "va:5,5"], 1, "no point"),
        (["search"], 1, "nothing to look for"),
        (["search", "va:0.5,0.5", "--from", "May"], 1, "cannot read the day"),
        (["status", "--library", "nowhere"], 1, "there is no library"),
        (["add", "nowhere.mp4"], 1, "nowhere.mp4"),
    ],
)
def test_what_is_wrong_is_one_line(library, capsys, arguments, code, message):
    assert main(["library", *arguments]) == code
    err = capsys.readouterr().err
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err
