"""Many films at a time: the same results, in order, and a clean end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from films import make_film
from foretold import BrightLoudModel
from measure_memory import family

from vsumm.batch.job import Job, Outputs
from vsumm.batch.run import summarize_files
from vsumm.config import SummaryConfig
from vsumm.summary import Summary
from vsumm.workers.client import Worker, halted_workers, run_in_worker

CONFIG = SummaryConfig(budget_seconds=2)


@pytest.fixture(scope="module")
def made_films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return [
        make_film(folder / f"film {k}.mp4", seconds=9 - k, size=(160, 90), flashes=[1.5 * k])
        for k in range(4)
    ]


@pytest.fixture
def num_loaded(monkeypatch):
    loaded = []
    monkeypatch.setattr(
        "vsumm.score.model_source.load_model", lambda _: loaded.append(1) or BrightLoudModel()
    )
    monkeypatch.setattr(
        "vsumm.score.model_source.model_fingerprint", lambda name: "bright and loud"
    )
    return lambda: len(loaded)


def run_all(films, folder, num_jobs):
    folder.mkdir()
    jobs = [Job(film, Outputs(folder=folder), CONFIG) for film in films]
    return list(summarize_files(jobs, num_jobs=num_jobs))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_files_are_the_same_as_one_after_the_other(made_films, tmp_path, num_loaded):
    run_all(made_films, tmp_path / "one", 1)
    assert num_loaded() == 1
    outcomes = run_all(made_films, tmp_path / "three", 3)
    assert num_loaded() == 2
    assert [outcome.job.source for outcome in outcomes] == made_films
    assert len(contents(tmp_path / "one")) == 2 * len(made_films)
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


@pytest.mark.usefixtures("num_loaded")
@pytest.mark.parametrize("num_jobs", [1, 2])
def test_a_failing_film_is_reported_in_its_place(made_films, tmp_path, num_jobs):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no film")
    outcomes = run_all([made_films[0], bad, made_films[1]], tmp_path / "out", num_jobs)
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert "bad.mp4" in str(outcomes[1].error)
    assert all((outcome.result is None) != (outcome.error is None) for outcome in outcomes)


@pytest.mark.usefixtures("num_loaded")
@pytest.mark.parametrize("num_jobs", [1, 2])
def test_two_films_of_one_name_do_not_fight_for_one_place(made_films, tmp_path, num_jobs):
    (tmp_path / "other").mkdir()
    twin = shutil.copy(made_films[1], tmp_path / "other" / made_films[0].name)
    first, second = run_all([made_films[0], twin], tmp_path / "out", num_jobs)
    assert first.result.summary.media.path == made_films[0]
    assert f"would replace those of {made_films[0]}" in str(second.error)


@pytest.mark.usefixtures("num_loaded")
def test_results_that_nobody_takes_do_not_pile_up(made_films, tmp_path, monkeypatch):
    monkeypatch.setattr("vsumm.batch.run.MAX_WAITING", 0)
    started = []
    monkeypatch.setattr("vsumm.batch.run.do_job", lambda job, *_, **__: started.append(job))
    jobs = [Job(tmp_path / f"{k}.mp4") for k in range(9)]
    outcomes = summarize_files(jobs, num_jobs=2)
    next(outcomes)
    time.sleep(0.2)
    assert len(started) <= 3
    outcomes.close()


def test_fewer_jobs_than_one_are_refused(made_films):
    with pytest.raises(ValueError, match="num_jobs must be at least 1, got 0"):
        summarize_files([Job(made_films[0])], num_jobs=0)


def test_halting_wakes_whoever_waits_for_a_worker(made_films):
    worker = Worker("vsumm.decode.probe:run_probe", path=str(made_films[0]))
    with halted_workers():
        with pytest.raises(KeyboardInterrupt):
            list(worker.messages())
        with pytest.raises(KeyboardInterrupt):
            Worker("vsumm.decode.probe:run_probe", path=str(made_films[0]))
    worker.kill()
    assert run_in_worker("vsumm.decode.probe:run_probe", path=str(made_films[0]))


SUPPORT = str(Path(__file__).parent / "support")
INTERRUPTED = """
import signal, sys
sys.path.insert(0, sys.argv[1])
from foretold import BrightLoudModel
import vsumm.score.model_source
from vsumm.cli.program import main
from vsumm.reel import export
from vsumm.workers.client import Worker
signal.signal(signal.SIGINT, signal.default_int_handler)
export.Worker = lambda _, **request: Worker("broken_jobs:hang", **request)
vsumm.score.model_source.load_model = lambda config: BrightLoudModel()
vsumm.score.model_source.model_fingerprint = lambda name: "bright and loud"
sys.exit(main(["summarize", *sys.argv[2:], "--jobs", "2"]))
"""
"""No reel is ever done, so that the signal comes in time however slow the machine is."""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for children in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_and_leaves_nothing(made_films, tmp_path, number, broken_jobs):
    films = [Path(shutil.copy(film, tmp_path)) for film in made_films[:3]]
    code = [sys.executable, "-c", INTERRUPTED, SUPPORT, *map(str, films)]
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with subprocess.Popen(code, env=env, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".vsumm-*.part.mp4")) and time.monotonic() < deadline:
            time.sleep(0.01)
        descendants = family(process.pid)[1:]
        process.send_signal(number)
        error = process.stderr.read()
    assert process.returncode == (130 if number == signal.SIGINT else 143), error
    assert error == ("vsumm: interrupted\n" if number == signal.SIGINT else "")
    assert descendants
    assert not [one for one in descendants if is_running(one)]
    names = {path.name for path in tmp_path.iterdir()} - {"cache"}
    assert names == {film.name for film in films}


def is_running(process_id):
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.usefixtures("num_loaded")
def test_variants_are_written_beside_the_reel_and_worth_is_said(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=20, size=(64, 36), flashes=[1.0, 7.0, 13.0])
    outputs = Outputs(
        folder=tmp_path / "out",
        lists=(tmp_path / "out" / "cut.edl",),
        num_variants=3,
        max_overlap=0,
    )
    (outcome,) = summarize_files([Job(film, outputs, SummaryConfig(budget_seconds=4))])
    assert outcome.error is None
    result = outcome.result
    names = {path.name for path in (tmp_path / "out").iterdir()}
    reels = {"film.summary.mp4", "film.summary.2.mp4", "film.summary.3.mp4"}
    jsons = {Path(name).with_suffix(".json").name for name in reels}
    assert names == reels | jsons | {"cut.edl", "cut.2.edl", "cut.3.edl"}
    assert {path.name for path in result.variants} == names - jsons - {"cut.edl"} - {
        result.reel_path.name
    }
    assert [note.partition(":")[0] for note in result.notes[-2:]] == ["variant 2", "variant 3"]
    picked = [
        {k for k, row in enumerate(Summary.from_json(path.read_text()).segments) if row.selected}
        for path in sorted((tmp_path / "out").glob("*.json"))
    ]
    assert all(len(one) == 2 for one in picked)
    assert len(set.union(*picked)) == 6


@pytest.mark.usefixtures("num_loaded")
def test_a_variant_in_the_way_is_an_error_before_the_work(made_films, tmp_path):
    (tmp_path / "film 0.summary.2.mp4").write_text("mine")
    outputs = Outputs(folder=tmp_path, num_variants=2)
    (outcome,) = summarize_files([Job(made_films[0], outputs, CONFIG)])
    assert "film 0.summary.2.mp4: exists already" in str(outcome.error)
    assert len(list(tmp_path.iterdir())) == 1
