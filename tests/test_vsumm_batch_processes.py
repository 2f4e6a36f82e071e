"""Processes that do films: one that dies takes its film with it and nothing else."""

import os
import time
from contextlib import suppress
from pathlib import Path

import batches
import pytest

from vsumm.batch import processes
from vsumm.batch.processes import Processes

SECONDS = 60


@pytest.fixture
def run(monkeypatch):
    """Submit a function of `batches.py` in place of the one that does films."""

    def run(engine, do, task="film"):
        monkeypatch.setattr(processes, "do_film", do)
        return engine.submit(task)

    return run


def test_a_process_does_many_films_and_gets_its_share_of_threads(run):
    with Processes(1) as engine:
        first, second = (run(engine, batches.answer).result(SECONDS).notes for _ in range(2))
    assert first == second
    assert first[0] != str(os.getpid())
    assert first[1] == str(os.cpu_count())


def test_a_slot_whose_process_was_killed_gets_another(run):
    with Processes(2) as engine:
        lost = run(engine, batches.die)
        beside = run(engine, batches.answer)
        with pytest.raises(engine.lost):
            lost.result(SECONDS)
        before = beside.result(SECONDS).notes[0]
        after = {run(engine, batches.answer).result(SECONDS).notes[0]}
        assert after != {before}


def test_films_in_work_end_at_once_where_the_batch_does(run, tmp_path):
    told = tmp_path / "process"
    with suppress(KeyboardInterrupt), Processes(1) as engine:
        future = run(engine, batches.hang, told)
        while not told.exists() or not told.read_text():
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert isinstance(future.exception(), engine.lost)
    assert not Path(f"/proc/{told.read_text()}").exists()
