"""Work on tasks in processes of this machine, which have the cores divided among them as threads.

slot 0   process ── task ── task ──✗ killed      a process that dies takes one task with it,
slot 1   process ── task ── task ── task ...     and its slot gets another process
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, TypeVar

FAREWELL_SECONDS = 1.0
"""How long a process has to remove what it has half written when all is to end, seconds."""

Value = TypeVar("Value")
Farewell = Callable[[], AbstractContextManager[object]]


class Processes:
    """A number of slots, one process each, that are started when they are first needed.

        with Processes(2) as engine:
            future = engine.submit(do, task)

    Args:
        num_slots: how many tasks are worked on at the same time.
        farewell: a function of a module whose context a process ends in, where it is to end in the
            middle of a task.
    """

    lost: tuple[type[Exception], ...] = (BrokenProcessPool,)
    """Errors of futures that say that the process has died."""

    def __init__(self, num_slots: int, farewell: Farewell = nullcontext) -> None:
        self.num_slots = self.num_jobs = num_slots
        self._farewell = farewell
        self._num_threads = max(1, (os.cpu_count() or 1) // num_slots)
        # A process notices that this one has ended, or wants all to end, by the end of its leash.
        self._context = multiprocessing.get_context("spawn")
        self._leash, self._our_end = self._context.Pipe(duplex=False)
        self._pools: list[ProcessPoolExecutor] = []
        self._futures: list[Future[Any]] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._our_end.close()  # whatever they are doing
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)
        self._our_end.close()
        self._leash.close()

    def submit(self, do: Callable[[Any], Value], task: Any) -> Future[Value]:
        """Have a task done; at most `num_slots` may be in work."""
        slot = self._free_slot()
        try:
            future = self._pools[slot].submit(do, task)
        except BrokenProcessPool:
            self._pools[slot] = self._new_pool()
            future = self._pools[slot].submit(do, task)
        self._futures[slot] = future
        return future

    def _free_slot(self) -> int:
        for slot, future in enumerate(self._futures):
            if future.done():
                return slot
        assert len(self._pools) < self.num_slots, "as many tasks in work as there are slots"
        self._pools.append(self._new_pool())
        self._futures.append(Future())
        return len(self._pools) - 1

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(1, self._context, _begin, (self._leash, self._farewell))
        with _environment(_threads(self._num_threads)):
            pool.submit(int)  # any task: the process starts now, and imports the program first
        return pool


def _threads(number: int) -> dict[str, str]:
    """Return the variables that say how many threads a process has; they are read at imports.

    NumPy has one: its numbers depend on how many it has, by 1e-6, and threads of OpenBLAS wait for
    each other, busily.
    """
    openblas = os.environ.get("OPENBLAS_NUM_THREADS", "1")
    return {"OMP_NUM_THREADS": str(number), "OPENBLAS_NUM_THREADS": openblas}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables of the environment, for processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin(leash: Connection, farewell: Farewell) -> None:
    """Prepare a process for its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process to handle
    threading.Thread(target=_end_with, args=(leash, farewell), daemon=True).start()


def _end_with(leash: Connection, farewell: Farewell) -> None:
    """End this process once the other end of its leash is closed."""
    leash.poll(None)
    with farewell():
        time.sleep(FAREWELL_SECONDS)
        os._exit(1)
