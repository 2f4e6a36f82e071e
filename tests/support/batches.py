"""An engine that does films in this process, and tasks for processes of their own."""

import os
import signal
import time
from concurrent.futures import Future

from vsumm.batch.ledger import FilmRecord


class Inline:
    """Does every film at once by a function of its task; keeps the tasks."""

    lost = (ConnectionError,)

    def __init__(self, do, num_slots=1):
        self.do, self.num_slots, self.num_jobs, self.tasks = do, num_slots, num_slots, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, task):
        self.tasks.append(task)
        future = Future()
        try:
            future.set_result(self.do(task))
        except Exception as error:
            future.set_exception(error)
        return future


def answer(task):
    """Say in which process, and with how many threads."""
    return FilmRecord(str(task), "done", notes=(str(os.getpid()), os.environ["OMP_NUM_THREADS"]))


def die(task):
    """End as a process does that the system kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang(task):
    """Say so, and work for long."""
    task.write_text(str(os.getpid()))
    time.sleep(60)
