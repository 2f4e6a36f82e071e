"""Tasks come to their end; those that are lost with their process are tried again, not for ever."""

import pytest
from batches import Inline

from mmva_core.engines import ATTEMPTS, run_tasks


def raising(*errors):
    """Answer with the task, but raise the next of the errors where it is "b"."""
    left = list(errors)

    def do(task):
        if task == "b" and left:
            raise left.pop(0)
        return task.upper()

    return do


def run(do, num_slots=1):
    engine = Inline(num_slots=num_slots)
    return engine, dict(run_tasks(engine, do, "abc"))


@pytest.mark.parametrize("num_slots", [1, 2, 9])
def test_every_task_is_done_once(num_slots):
    engine, ended = run(raising(), num_slots)
    assert {ended[task].result() for task in "abc"} == {"A", "B", "C"}
    assert engine.tasks == ["a", "b", "c"]


def test_a_lost_task_is_tried_again_behind_the_others():
    engine, ended = run(raising(ConnectionError("killed"), ConnectionError("killed")))
    assert ended["b"].result() == "B"
    assert engine.tasks == ["a", "b", "c", "b", "b"]


def test_it_is_tried_so_often_and_no_more():
    engine, ended = run(raising(*[ConnectionError("killed")] * 9))
    assert isinstance(ended["b"].exception(), ConnectionError)
    assert engine.tasks.count("b") == ATTEMPTS


def test_an_error_of_a_task_is_not_tried_again():
    engine, ended = run(raising(ValueError("wrong")))
    assert isinstance(ended["b"].exception(), ValueError)
    assert engine.tasks == ["a", "b", "c"]


def test_equal_tasks_are_counted_apart():
    engine = Inline()
    left = [ConnectionError("killed")] * (2 * ATTEMPTS - 2)

    def do(task):
        if left:
            raise left.pop()
        return task

    ended = [future.result() for _, future in run_tasks(engine, do, ["a", "a"])]
    assert ended == ["a", "a"]
