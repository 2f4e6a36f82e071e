"""An engine that does films in this process, and tasks for processes of their own."""

import os
import signal
import time
from concurrent.futures import Future

from vsumm.batch.ledger import FilmRecord


class Inline:
    """Does every task at once, perhaps by another function than is asked for; keeps the tasks."""

    lost = (ConnectionError,)

    def __init__(self, do=None, num_slots=1):
        self.do, self.num_slots, self.num_jobs, self.tasks = do, num_slots, num_slots, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, do, task):
        self.tasks.append(task)
        future = Future()
        try:
            future.set_result((self.do or do)(task))
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


def die_once(mark):
    """End as a process does that the system kills, unless one has done so here before."""
    if not mark.exists():
        mark.touch()
        die(mark)
    return "done"
