"""A film whose parts are measured apart has the results that it has in one piece."""

from dataclasses import replace
from importlib import import_module

import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.batch import task as module
from vsumm.batch.ledger import Ledger, key_of
from vsumm.batch.task import BatchSettings, FilmTask, do_film
from vsumm.config import SummaryConfig
from vsumm.errors import ModelError
from vsumm.files.cache import RecordCache

SETTINGS = BatchSettings(SummaryConfig(budget_seconds=10, cut_at="grid"), None)
PARTS = ("sound", 0, 1)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    size = {"size": (64, 36), "frame_rate": 5, "sample_rate": 8000}
    return make_film(path, seconds=140, flashes=[9, 63, 66, 120], beeps=[30], **size)


@pytest.fixture
def task(film, tmp_path, monkeypatch):
    source = "vsumm.score.model_source"
    monkeypatch.setattr(f"{source}.load_model", lambda _: BrightLoudModel())
    monkeypatch.setattr(f"{source}.model_fingerprint", lambda name: "bright and loud")
    monkeypatch.setattr("vsumm.score.model_source._shared", {})
    (tmp_path / "out").mkdir()
    return FilmTask(film, tmp_path / "out", SETTINGS, SETTINGS.to_plain())


@pytest.fixture
def num_read(monkeypatch):
    """How often picture or sound were read."""
    calls = []
    for module_name, name in (
        ("measure", "open_picture"),
        ("measure", "_open_sound"),
        ("ranges", "open_picture"),
    ):
        owner = import_module(f"vsumm.score.{module_name}")
        read = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *args, read=read: calls.append(1) or read(*args))
    return lambda: len(calls)


def split(task, **fields):
    return replace(task, num_ranges=2, **fields)


def do_parts(task, parts=PARTS):
    return [do_film(split(task, part=part)) for part in parts]


def folder_of_parts(task):
    return task.output / ".vsumm" / "parts"


def test_the_results_are_the_same_and_the_parts_are_removed(task, tmp_path, num_read):
    whole = do_film(replace(task, output=tmp_path / "whole"))
    assert num_read() == 2
    assert {record.state for record in do_parts(task)} == {"done"}
    assert not list(Ledger(task.output).records())
    assert num_read() == 5
    record = do_film(split(task, seconds_of_parts=100.0))
    assert num_read() == 5  # nothing is read again
    assert (record.state, record.summary) == ("done", whole.summary)
    assert record.seconds > 100
    summary = (task.output / record.summary).read_bytes()
    assert summary == (tmp_path / "whole" / whole.summary).read_bytes()
    assert not list(folder_of_parts(task).iterdir())
    assert do_film(split(task)) == record


def test_a_part_is_measured_once(task, num_read):
    do_parts(task)
    do_parts(task)
    assert num_read() == 3


def test_a_part_that_is_missing_is_measured_with_the_film(task, num_read):
    do_parts(task, PARTS[:2])
    assert do_film(split(task)).state == "done"
    assert num_read() == 3


def test_what_is_put_together_is_in_the_cache_of_scores_too(task, tmp_path, num_read):
    do_parts(task)
    cache = RecordCache(tmp_path / "cache")
    do_film(split(task, cache=cache))
    other = replace(SETTINGS, summary=replace(SETTINGS.summary, budget_seconds=20))
    do_film(replace(task, settings=other, plain_settings=other.to_plain(), cache=cache))
    assert num_read() == 3


def test_of_a_film_that_is_done_no_part_is_measured(task, num_read):
    record = do_film(task)
    assert do_parts(task) == [record] * 3
    assert num_read() == 2


def test_a_part_that_another_process_measures_is_busy(task, monkeypatch):
    sha256 = do_film(split(task, part="sound")).sha256
    lock = key_of(key_of(sha256, task.plain_settings), {"part": 0, "of": 2})
    taken = []

    class Taken(Ledger):
        def locked(self, key):
            taken.append(key)
            return super().locked(key)

    monkeypatch.setattr(module, "Ledger", Taken)
    do_film(split(task, part=0))
    assert taken == [lock]


def test_a_broken_film_is_said_to_be_so_by_itself(task, tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_text("no film")
    broken = replace(task, path=path)
    assert {record.state for record in do_parts(broken)} == {"done"}
    assert do_film(split(broken)).state == "broken"


def test_a_model_that_is_missing_is_raised_by_a_part(task, monkeypatch):
    def missing(_):
        raise ModelError("no model")

    monkeypatch.setattr("vsumm.score.model_source.load_model", missing)
    with pytest.raises(ModelError, match="no model"):
        do_parts(task)
