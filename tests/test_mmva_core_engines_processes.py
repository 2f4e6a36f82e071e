"""Processes that work: one that dies takes its task with it and nothing else."""

import os
import time
from contextlib import suppress
from pathlib import Path

import batches
import pytest

from mmva_core.engines import Processes
from vsumm.workers import halted_workers

SECONDS = 60


def test_a_process_does_many_tasks_and_gets_its_share_of_threads():
    with Processes(1) as engine:
        first, second = (
            engine.submit(batches.answer, "task").result(SECONDS).notes for _ in range(2)
        )
    assert first == second
    assert first[0] != str(os.getpid())
    assert first[1] == str(os.cpu_count())


def test_a_slot_whose_process_was_killed_gets_another():
    with Processes(2) as engine:
        lost = engine.submit(batches.die, "task")
        beside = engine.submit(batches.answer, "task")
        with pytest.raises(engine.lost):
            lost.result(SECONDS)
        before = beside.result(SECONDS).notes[0]
        after = {engine.submit(batches.answer, "task").result(SECONDS).notes[0]}
        assert after != {before}


def test_tasks_in_work_end_at_once_where_all_does(tmp_path):
    told = tmp_path / "process"
    with suppress(KeyboardInterrupt), Processes(1, halted_workers) as engine:
        future = engine.submit(batches.hang, told)
        while not told.exists() or not told.read_text():
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert isinstance(future.exception(), engine.lost)
    assert not Path(f"/proc/{told.read_text()}").exists()
