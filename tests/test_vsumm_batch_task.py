"""One film of a batch: done once, under the eyes of others, and remembered."""

import errno
import logging
from dataclasses import replace

import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.batch import task as module
from vsumm.batch.job import summarize_file
from vsumm.batch.ledger import Ledger
from vsumm.batch.task import BatchSettings, FilmTask, PassingError, do_film, is_passing, results_of
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, ModelError, NoRoomError, OutputError
from vsumm.reel import ReelConfig
from vsumm.workers import WorkerLostError

SETTINGS = BatchSettings(SummaryConfig(budget_seconds=2), ReelConfig())


@pytest.fixture
def task(tmp_path, monkeypatch):
    source = "vsumm.score.model_source"
    monkeypatch.setattr(f"{source}.load_model", lambda _: BrightLoudModel())
    monkeypatch.setattr(f"{source}.model_fingerprint", lambda name: "bright and loud")
    monkeypatch.setattr("vsumm.score.model_source._shared", {})
    (tmp_path / "out").mkdir()
    film = make_film(tmp_path / "a\nfilm.mp4", seconds=6, size=(160, 90), flashes=[3.0])
    return FilmTask(film, tmp_path / "out", SETTINGS, SETTINGS.to_plain(), num_jobs=2)


@pytest.fixture
def num_done(monkeypatch):
    """How many times the work itself was done."""
    calls = []
    monkeypatch.setattr(
        module, "summarize_file", lambda *a, **k: calls.append(1) or summarize_file(*a, **k)
    )
    return lambda: len(calls)


def fail(monkeypatch, error):
    def raise_it(*_, **__):
        raise error

    monkeypatch.setattr(module, "summarize_file", raise_it)


def test_a_film_is_done_once_and_remembered(task, num_done):
    record = do_film(task)
    assert (record.state, record.num_jobs, record.film_seconds) == ("done", 2, 6.0)
    assert (task.output / record.reel).is_file()
    assert (task.output / record.summary).is_file()
    assert record.reel.startswith("a_film-")
    assert do_film(task) == record
    assert num_done() == 1


def test_a_copy_under_another_name_is_not_done_again(task, num_done):
    record = do_film(task)
    copy = task.path.with_name("copy.mp4")
    copy.write_bytes(task.path.read_bytes())
    assert do_film(replace(task, path=copy)) == replace(record, path=str(copy))
    assert num_done() == 1


def test_what_was_half_done_is_replaced(task):
    record = do_film(task)
    reel = (task.output / record.reel).read_bytes()
    (task.output / record.reel).write_bytes(b"half")
    (path,) = task.output.glob(".vsumm/records/*/*.json")
    path.unlink()
    assert do_film(task).state == "done"
    assert (task.output / record.reel).read_bytes() == reel


@pytest.mark.usefixtures("num_done")
def test_a_broken_film_is_remembered_and_tried_again_only_if_asked_for(task, num_done):
    task.path.write_text("no film")
    record = do_film(task)
    assert (record.state, record.reel) == ("broken", None)
    assert "no film or sound file" in record.notes[0]
    assert do_film(task) == record
    assert num_done() == 1
    do_film(replace(task, retry_broken=True))
    assert num_done() == 2


@pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4", "folder"])
def test_what_cannot_be_read_is_broken_and_not_remembered(task, name):
    path = task.path.with_name(name)
    (task.path.parent / "empty.mp4").touch()
    (task.path.parent / "folder").mkdir()
    record = do_film(replace(task, path=path))
    assert (record.state, record.key) == ("broken", "")
    assert name in record.notes[0]
    assert not list(Ledger(task.output).records())


@pytest.mark.parametrize("error", [NoRoomError("full"), ModelError("no model"), ValueError("bug")])
def test_what_is_no_fault_of_the_film_is_raised_and_not_remembered(task, monkeypatch, error):
    fail(monkeypatch, error)
    with pytest.raises(type(error), match=str(error)):
        do_film(task)
    assert not list(Ledger(task.output).records())


def killed():
    error = InputError("its decoder was killed")
    error.__cause__ = WorkerLostError("exit status -9")
    error.__cause__.was_killed = True
    return error


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.ESTALE, "stale file handle"), killed()]
)
def test_what_may_pass_is_told_apart(task, monkeypatch, error):
    fail(monkeypatch, error)
    with pytest.raises(PassingError):
        do_film(task)
    assert not list(Ledger(task.output).records())


@pytest.mark.parametrize(
    "error", [InputError("broken"), OutputError("no such encoder"), OSError(errno.ENOENT, "gone")]
)
def test_what_stays_is_not_passing(error):
    assert not is_passing(error)


def test_a_film_that_changes_meanwhile_is_tried_again(task):
    with pytest.raises(PassingError, match="changed while it was read"):
        do_film(replace(task, sha256="0" * 64))


def test_warnings_become_notes(task, monkeypatch):
    def warn(*args, **options):
        logging.getLogger("vsumm.reel.export").warning("something is %s", "left out")
        return summarize_file(*args, **options)

    monkeypatch.setattr(module, "summarize_file", warn)
    assert do_film(task).notes == ("something is left out",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("..hidden.mp4", "hidden"),
        ("a\nb\udcff.mp4", "a_b_"),
        ("\u00e4" * 200 + ".mp4", "\u00e4" * 30),
        (".mp4", "mp4"),
        ("...", "film"),
        ("a / b.mp4", "b"),
    ],
)
def test_results_can_be_listed_whatever_the_film_is_called(tmp_path, name, expected):
    folder, stem = results_of(tmp_path / name, "0" * 64)
    assert (folder, stem) == (f"{expected}-000000000000", f"{expected}.summary")


@pytest.mark.usefixtures("task")
def test_results_depend_on_settings_that_differ_and_on_the_model():
    plain = BatchSettings(SummaryConfig(spread=0.5), ReelConfig(title="x"), True).to_plain()
    assert plain == {
        "summary": {"spread": 0.5, "model": "bright and loud"},
        "reel": {"title": "x"},
        "with_report": True,
    }
    assert BatchSettings(SummaryConfig(), None).to_plain()["reel"] is None
