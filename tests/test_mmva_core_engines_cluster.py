"""Tasks of a Ray cluster: what comes out is what a function returns or raises."""

import os
from concurrent.futures import Future
from pathlib import Path

import batches
import pytest

from mmva_core.engines import Cluster, run_tasks
from mmva_core.engines.cluster import _settle
from mmva_core.errors import DataError, EngineError

SUPPORT = Path(batches.__file__).parent


@pytest.fixture
def ray_finds_tests(monkeypatch):
    pytest.importorskip("ray")
    found = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(SUPPORT), found])))


def settled(result=None, error=None):
    done, future = Future(), Future()
    if error:
        done.set_exception(error)
    else:
        done.set_result(result)
    _settle(future, done)
    return future


def test_a_result_is_handed_on():
    assert settled("result").result() == "result"


def test_an_error_of_a_task_comes_without_the_report_of_ray():
    error = RuntimeError("a report of ten lines")
    error.cause = DataError("damaged")
    assert settled(error=error).exception() is error.cause
    lost = RuntimeError("the node died")
    assert settled(error=lost).exception() is lost


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_task_whose_process_was_killed_is_done_by_another(tmp_path, ray_finds_tests):
    marks = [tmp_path / name for name in "abc"]
    with Cluster() as engine:
        ended = {
            task: future.result() for task, future in run_tasks(engine, batches.die_once, marks)
        }
    assert ended == dict.fromkeys(marks, "done")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_task_that_always_kills_its_process_is_given_up(ray_finds_tests):
    with Cluster() as engine:
        ((_, future),) = run_tasks(engine, batches.die, ["task"])
        assert isinstance(future.exception(), engine.lost)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_said():
    pytest.importorskip("ray")
    with pytest.raises(EngineError, match="there is no Ray cluster at auto"):
        Cluster("auto")
