"""A batch comes to its end whatever becomes of a film, and goes on where it was."""

from dataclasses import replace

import pandas as pd
import pytest
from batches import Inline

from mmva_core.engines import ATTEMPTS
from vsumm.batch import folders, queue
from vsumm.batch.folders import plan_batch, run_batch
from vsumm.batch.ledger import FilmRecord, Ledger
from vsumm.batch.task import PassingError
from vsumm.config import SummaryConfig
from vsumm.errors import ModelError, NoRoomError, OutputError

NAMES = ("a", "b", "c")


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setattr("vsumm.batch.plan.probe", lambda path: pytest.fail("is not needed"))
    monkeypatch.setattr("vsumm.batch.plan._length", lambda path: 3600.0)
    (tmp_path / "films").mkdir()
    for number, name in enumerate(NAMES):
        (tmp_path / "films" / f"{name}.mp4").write_text("x" * (number + 1))
    return plan_batch(tmp_path / "films", tmp_path / "out")


def done(task):
    """Keep a record as `do_film` does."""
    name = task.path.stem
    record = FilmRecord(str(task.path), "done", name * 64, name, 9, reel=None, seconds=1.0)
    Ledger(task.output).write(record)
    return record


@pytest.fixture
def run(plan, monkeypatch):
    def run(do, **options):
        engine = Inline(do)
        monkeypatch.setattr(folders, "open_engine", lambda name, **options: engine)
        return engine, run_batch(plan, **options)

    monkeypatch.setattr(queue, "BUSY_SECONDS", 0.01)
    return run


def states(records):
    return {record.path[-5]: record.state for record in records}


def raising(errors, name="b"):
    """Do films, but raise the next of the errors at the one of that name."""
    left = list(errors)

    def do(task):
        if task.path.stem == name and left:
            raise left.pop(0)
        return done(task)

    return do


def test_every_film_is_done_and_has_its_line(plan, run):
    _, records = run(done)
    assert states(records) == dict.fromkeys(NAMES, "done")
    table = pd.read_csv(plan.output / "manifest.csv")
    columns = ["file", "hash", "state", "seconds", "film_seconds", "reel", "notes"]
    assert list(table.columns) == columns
    assert list(table.state) == ["done"] * 3


def test_what_may_pass_is_tried_again_behind_the_others(run):
    engine, records = run(raising([PassingError("no memory"), ConnectionError("killed")]))
    assert states(records) == dict.fromkeys(NAMES, "done")
    assert [task.path.stem for task in engine.tasks] == ["a", "b", "c", "b", "b"]


def test_it_is_tried_so_often_and_no_more(plan, run):
    engine, records = run(raising([ConnectionError("killed")] * 9))
    records = list(records)
    assert states(records) == {"a": "done", "c": "done", "b": "failed"}
    assert len(engine.tasks) == 2 + ATTEMPTS
    assert "ConnectionError: killed" in records[-1].notes[0]
    assert not any(r.path.endswith("b.mp4") for r in Ledger(plan.output).records())


def test_a_bug_that_one_film_uncovers_does_not_stop_the_others(run, caplog):
    engine, records = run(raising([ZeroDivisionError("oh")]))
    assert states(records) == {"a": "done", "b": "failed", "c": "done"}
    assert len(engine.tasks) == 3
    assert "ZeroDivisionError" in caplog.text


def test_a_full_disk_stops_the_batch_and_says_how_it_goes_on(plan, run):
    engine, records = run(raising([NoRoomError("b: no space left")]))
    with pytest.raises(NoRoomError, match="no space left; make room and run the same batch again"):
        list(records)
    assert [task.path.stem for task in engine.tasks] == ["a", "b"]
    assert list(pd.read_csv(plan.output / "manifest.csv").state) == ["done", "waiting", "waiting"]


@pytest.mark.parametrize("error", [ModelError("no model"), ImportError("no torch")])
def test_what_is_no_fault_of_a_film_stops_the_batch(run, error):
    _, records = run(raising([error]))
    with pytest.raises(type(error), match=str(error)):
        list(records)


def test_a_film_that_another_batch_works_on_is_looked_at_again(run):
    answers = iter(["busy"] * (ATTEMPTS + 2))

    def do(task):
        if task.path.stem == "b" and next(answers, None):
            return FilmRecord(str(task.path), "busy", "b" * 64, "hash")
        return done(task)

    engine, records = run(do)
    assert states(records) == dict.fromkeys(NAMES, "done")
    assert len(engine.tasks) == 3 + ATTEMPTS + 2
    assert engine.tasks[-1].sha256 == "hash"  # it is not read again


def in_parts(task):
    """Do films, and answer for their parts."""
    if task.part is not None:
        return FilmRecord(str(task.path), "done", seconds=10.0)
    return done(task)


def parts_of(engine):
    return [(task.path.stem, task.part, task.num_ranges) for task in engine.tasks]


@pytest.fixture
def one(plan):
    """A plan of one film of an hour."""
    return replace(plan, films=plan.films[:1])


@pytest.fixture
def run_one(one, run, monkeypatch):
    def run_one(do, plan=one, **options):
        engine = Inline(do, num_slots=2)
        monkeypatch.setattr(folders, "open_engine", lambda name, **options: engine)
        return engine, list(run_batch(plan, num_jobs=2, **options))

    return run_one


def test_a_long_film_is_done_after_its_parts(run_one):
    engine, (record,) = run_one(in_parts)
    assert parts_of(engine) == [("a", part, 2) for part in ("sound", 0, 1, None)]
    assert engine.tasks[-1].seconds_of_parts == 30.0
    assert record.state == "done"


def test_a_part_is_tried_again_and_then_left_to_the_film(run_one):
    def do(task):
        if task.part == 0:
            raise ConnectionError("killed")
        return in_parts(task)

    engine, (record,) = run_one(do)
    assert [task.part for task in engine.tasks] == ["sound", 0, 1, 0, 0, None]
    assert record.state == "done"


def test_no_film_is_split_if_none_shall_be(run_one):
    engine, _ = run_one(in_parts, split_seconds=None)
    assert parts_of(engine) == [("a", None, 1)]


def test_a_quick_look_is_not_split(one, run_one):
    quick = replace(one.settings, summary=SummaryConfig(quick=True))
    engine, _ = run_one(in_parts, plan=replace(one, settings=quick))
    assert parts_of(engine) == [("a", None, 1)]


def test_short_ranges_are_refused(plan):
    with pytest.raises(ValueError, match="split_seconds must be at least 60, got 1"):
        run_batch(plan, split_seconds=1)


def test_a_batch_that_is_left_early_has_its_manifest(plan, run):
    _, records = run(done)
    next(records)
    records.close()
    assert list(pd.read_csv(plan.output / "manifest.csv").state) == ["done", "waiting", "waiting"]


def test_the_manifest_names_what_other_batches_did(plan, run):
    Ledger(plan.output).write(FilmRecord("/other.mp4", "broken", "e" * 64, notes=("bad", "worse")))
    _, records = run(done)
    list(records)
    table = pd.read_csv(plan.output / "manifest.csv")
    assert table.iloc[-1].file == "/other.mp4"
    assert table.iloc[-1].notes == "bad; worse"


def test_the_manifest_may_be_parquet_elsewhere(plan, run, tmp_path):
    pytest.importorskip("pyarrow")
    _, records = run(done, manifest=tmp_path / "films.parquet")
    list(records)
    assert len(pd.read_parquet(tmp_path / "films.parquet")) == 3


@pytest.mark.parametrize("text", ["", "file\n\0\nrubbish,done", "file,state\n/films/a.mp4,waiting"])
def test_a_manifest_that_was_edited_changes_nothing_and_is_written_anew(plan, run, text):
    list(run(done)[1])
    before = (plan.output / "manifest.csv").read_bytes()
    (plan.output / "manifest.csv").write_text(text)
    list(run_batch(replace(plan, films=())))
    assert sorted((plan.output / "manifest.csv").read_bytes().splitlines()) == sorted(
        before.splitlines()
    )


def test_a_manifest_of_another_form_is_refused_at_once(plan):
    with pytest.raises(OutputError, match=r"\.csv or \.parquet"):
        run_batch(plan, manifest="films.xlsx")


def test_fewer_jobs_than_one_are_refused(plan):
    with pytest.raises(ValueError, match="num_jobs must be at least 1, got 0"):
        run_batch(plan, num_jobs=0)


def test_wrong_settings_are_refused_before_anything_is_looked_at(tmp_path):
    with pytest.raises(TypeError, match="no setting 'bugdet'"):
        plan_batch(tmp_path, tmp_path / "out", bugdet="60s")
    assert not (tmp_path / "out").exists()
