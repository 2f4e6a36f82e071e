"""`vsumm batch` says what it will do, does it, and says what is not done."""

import json
import resource
import shutil
import subprocess
import sys

import pytest
from batches import Inline
from films import make_film
from foretold import BrightLoudModel
from music import make_index, make_tone

from vsumm.batch import folders, plan_batch, run_batch
from vsumm.cli.program import main
from vsumm.errors import InputError


@pytest.fixture
def films(tmp_path, monkeypatch):
    source = "vsumm.score.model_source"
    monkeypatch.setattr(f"{source}.load_model", lambda _: BrightLoudModel())
    monkeypatch.setattr(f"{source}.model_fingerprint", lambda name: "bright and loud")
    monkeypatch.setattr(f"{source}._shared", {})
    monkeypatch.setattr(
        folders, "open_engine", lambda engine, num_jobs, address: Inline(num_slots=num_jobs)
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "films"
    folder.mkdir()
    make_film(folder / "a\nb.mp4", seconds=6, size=(160, 90), flashes=[3.0])
    return folder


def batch(films, *options):
    return main(["batch", str(films), "-o", str(films.parent / "out"), *options])


def test_a_dry_run_does_nothing_and_knows_no_speed_at_first(films, capsys):
    assert batch(films, "--dry-run") == 0
    out = capsys.readouterr().out
    assert "1 film, 0 of them done" in out
    assert "to do: 1 film, 0:06 long" in out
    assert "takes about" not in out
    assert out.splitlines()[-1] == repr(str(films / "a\nb.mp4"))
    left = [path.name for path in (films.parent / "out").rglob("*")]
    assert left == [".vsumm", "seen.jsonl"]  # how long the films are


def test_a_batch_goes_on_where_it_was(films, capsys):
    assert batch(films, "--budget", "2s") == 0
    assert "1 film done" in capsys.readouterr().out
    make_film(films / "c.mp4", seconds=7, size=(160, 90), flashes=[3.0])
    assert batch(films, "--budget", "2s", "--dry-run") == 0
    assert "to do: 1 film, 0:07 long, 0.00 GB; takes about 0:0" in capsys.readouterr().out
    assert batch(films, "--budget", "2s") == 0
    out = capsys.readouterr().out
    assert "c.summary.mp4" in out
    assert "a_b.summary" not in out
    assert "2 films done" in out


def test_a_broken_film_is_one_line_and_exit_code_4(films, capsys):
    (films / "bad.mp4").write_text("no film")
    assert batch(films, "--budget", "2s", "--quiet") == 4
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "bad.mp4: it is no film" in said.err
    assert "1 film done, 1 broken" in said.out
    assert batch(films, "--budget", "2s", "--quiet") == 4  # it still is


def test_json_lines_are_told_film_by_film(films, capsys):
    shutil.copy(films / "a\nb.mp4", films / "copy.mp4")
    assert batch(films, "--budget", "2s", "--progress", "json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["stage"], line["film"], line["num_films"]) for line in lines] == [
        ("done", 1, 2),
        ("done", 2, 2),
    ]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--manifest", "films.xlsx"], ".csv or .parquet"),
        (["--exclude", "*"], "there are no films in"),
        (["--model", "none"], "no model"),
    ],
)
def test_what_cannot_be_done_is_one_line(films, capsys, options, match, monkeypatch):
    if "--model" in options:
        monkeypatch.undo()
    assert batch(films, *options) == 1
    err = capsys.readouterr().err
    assert match in err
    assert err.count("\n") == 1


@pytest.fixture
def music(tmp_path):
    """Two tracks and an index of them; the picture of made films is calm, as the low one is."""
    folder = tmp_path / "music"
    folder.mkdir()
    for name, hertz in (("low.flac", 500), ("high.flac", 3000)):
        make_tone(folder / name, 12, hertz=hertz)
    return make_index(tmp_path / "index", folder, {"low.flac": [0.3, 0.3], "high.flac": [1.0, 1.0]})


def soundtracks(films):
    """Return the names of the tracks that summaries name."""
    summaries = (films.parent / "out").glob("*/*.json")
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in summaries]
    return sorted(document["soundtracks"][0]["file"].split("/")[-1] for document in documents)


def test_music_is_chosen_as_by_summarize(films, music, tmp_path):
    options = ["--budget", "2s", "--soundtrack-from", str(music), "--cut-to-beats"]
    options += ["--soundtrack-mode", "duck", "--loudness", "-14", "--quiet"]
    assert batch(films, *options) == 0
    alone = tmp_path / "alone.mp4"
    assert main(["summarize", str(films / "a\nb.mp4"), *options, "-o", str(alone)]) == 0
    (reel,) = (tmp_path / "out").glob("*/*.mp4")
    assert reel.read_bytes() == alone.read_bytes()
    assert soundtracks(films) == ["low.flac"]


def test_other_music_makes_other_results(films, music, capsys):
    options = ["--budget", "2s", "--soundtrack-from", str(music)]
    for left_out, expected in ((None, "low.flac"), ("low.flac", "high.flac")):
        if left_out:
            (music.parent / "music" / left_out).unlink()
        assert batch(films, *options) == 0
        assert batch(films, *options, "--dry-run") == 0
        assert "to do: 0 films" in capsys.readouterr().out
        assert expected in soundtracks(films)
    assert batch(films, "--budget", "2s", "--dry-run") == 0
    assert "to do: 1 film" in capsys.readouterr().out


def test_music_that_changes_meanwhile_ends_the_batch_and_breaks_no_film(films, music):
    plan = plan_batch(films, films.parent / "out", budget="2s", music=music)
    (music.parent / "music" / "low.flac").unlink()
    with pytest.raises(InputError, match="the music has changed"):
        list(run_batch(plan))
    assert not list(plan.ledger.records())


def test_order_and_music_are_checked_against_each_other(films, capsys):
    assert batch(films, "--reorder") == 2
    assert "--reorder needs --arc" in capsys.readouterr().err
    assert batch(films, "--reorder", "--arc", "rise", "--dry-run") == 0
    assert batch(films, "--cut-to-beats", "--no-reel") == 2
    assert "--cut-to-beats needs --soundtrack-from" in capsys.readouterr().err


@pytest.fixture
def start(tmp_path):
    """Start batches of three films as users do: real processes, the real model."""
    (tmp_path / "films").mkdir()
    for number in range(3):
        make_film(tmp_path / "films" / f"{number}.mp4", seconds=20 + number, size=(160, 90))
    run = "import sys; from vsumm.cli.program import main; sys.exit(main())"
    words = ["batch", tmp_path / "films", "-o", tmp_path / "out", "--no-cache"]

    def start(code=run, **options):
        return subprocess.Popen(
            [sys.executable, "-c", code, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    return start


@pytest.mark.slow
def test_a_batch_that_was_killed_goes_on(start, tmp_path):
    """The trial `kill_batches.py` does this for long."""
    with start() as first:
        assert any("0.summary.mp4" in line for line in first.stdout)
        first.kill()
    (reel,) = (tmp_path / "out").glob("0-*/*.mp4")
    before = reel.stat()
    again = start()
    out, err = again.communicate(timeout=300)
    assert (again.returncode, err) == (0, "")
    assert "3 films done" in out
    assert reel.stat() == before


@pytest.mark.slow
def test_a_batch_goes_on_once_the_disk_has_room(start, tmp_path):
    def leave_no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    full = start(preexec_fn=leave_no_room)
    _, err = full.communicate(timeout=300)
    assert full.returncode == 1
    assert "cannot be written" in err
    assert "make room and run the same batch again: it goes on" in err
    assert err.count("\n") == 1
    assert not list((tmp_path / "out").glob("[!.]*/*"))
    again = start()
    out, err = again.communicate(timeout=300)
    assert (again.returncode, err) == (0, "")
    assert "3 films done" in out
    assert len(list((tmp_path / "out").glob("[!.]*/*"))) == 6


TWO_AT_ONCE = """
import sys
from vsumm import plan_batch, run_batch
if __name__ == "__main__":
    plan = plan_batch(sys.argv[2], sys.argv[4])
    print(len(plan.to_do), flush=True)
    sys.stdin.readline()
    for record in run_batch(plan):
        print(record.path, record.state, record.seconds)
"""


@pytest.mark.slow
def test_of_two_batches_at_once_one_does_each_film(start):
    batches = [start(TWO_AT_ONCE) for _ in range(2)]
    assert [batch.stdout.readline() for batch in batches] == ["3\n", "3\n"]
    for batch in batches:
        batch.stdin.write("\n")
        batch.stdin.flush()
    # Done twice, a film would have taken two batches different times.
    first, second = (sorted(batch.communicate(timeout=300)[0].splitlines()) for batch in batches)
    assert first == second
    assert [line.split()[1] for line in first] == ["done"] * 3


@pytest.mark.parametrize(("text", "expected"), [("90s", 90.0), ("never", None), (None, 1800.0)])
def test_how_long_films_are_split_is_handed_on(films, monkeypatch, text, expected):
    given = {}

    def run_batch(plan, **options):
        given.update(options)
        yield from ()

    monkeypatch.setattr("vsumm.batch.run_batch", run_batch)
    assert batch(films, *(["--split", text] if text else [])) == 0
    assert given["split_seconds"] == expected
    assert folders.SPLIT_SECONDS == 1800.0  # --help does not load it


def test_ranges_that_would_be_mostly_overlap_are_refused(films, capsys):
    with pytest.raises(SystemExit, match="2"):
        batch(films, "--split", "30s")
    assert "must be 1m or more, or never; got '30s'" in capsys.readouterr().err
