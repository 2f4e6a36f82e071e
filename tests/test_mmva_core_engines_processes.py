"""Processes that work: one that dies takes its task with it and nothing else."""

import os
import subprocess
import sys
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


PROGRAM = """
import os
NAMES = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"
WHEN_IMPORTED = [os.environ.get(name) for name in NAMES]
from mmva_core.engines import Processes

def look(task):
    return WHEN_IMPORTED

if __name__ == "__main__":
    with Processes(1) as engine:
        print(engine.submit(look, "task").result())
    print([os.environ.get(name) for name in NAMES])
"""


def test_threads_are_shared_out_before_a_process_imports_the_program(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    command = [sys.executable, tmp_path / "program.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    inside, outside = done.stdout.splitlines()
    assert inside == str([str(os.cpu_count()), "1"])
    assert outside == str([None, None])


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
