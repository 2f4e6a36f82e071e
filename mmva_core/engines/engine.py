"""Work through tasks by an engine; those whose process or machine is lost are tried again.

queue ── tasks ──> engine (processes, or a cluster) ──> futures of what they return or raise
  ^───── killed, no memory: again ─┘
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar, get_args

EngineName = Literal["local", "ray"]
"""Who works: this machine, or a Ray cluster."""
ENGINES = get_args(EngineName)

ATTEMPTS = 3
"""How often a task is tried that fails for reasons that may pass."""

_logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Value = TypeVar("Value")


class Engine(Protocol):
    """Who works on tasks."""

    lost: tuple[type[Exception], ...]
    """Errors of futures that say that the process, or its machine, has died."""

    @property
    def num_slots(self) -> int:
        """How many tasks may be submitted before one of them has ended."""

    @property
    def num_jobs(self) -> int:
        """How many of them are worked on at the same time."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def submit(self, do: Callable[[Any], Value], task: Any) -> Future[Value]:
        """Have `do(task)` called in another process.

        Args:
            do: a function of a module.
            task: what can be pickled, as must what is returned or raised.
        """


class TaskQueue(Protocol[Task]):
    """Tasks that wait."""

    def __bool__(self) -> bool:
        """Whether there is one to take."""

    def take(self) -> Task:
        """Return the next one, which waits no longer."""

    def put_back(self, task: Task) -> None:
        """Have one done again, after what waits."""


def work_through(
    engine: Engine,
    queue: TaskQueue[Task],
    submit: Callable[[Task], Future[Value]],
    *,
    name_of: Callable[[Task], Hashable],
    passing: tuple[type[Exception], ...] = (),
) -> Iterator[tuple[Task, Future[Value]]]:
    """Yield tasks with their futures, as they end; several are in work at the same time.

    Whoever iterates may put further tasks into the queue, or empty it: then tasks that are in work
    come to their end, and no others begin.

    Args:
        engine: who works.
        queue: what is to be done.
        submit: gives a task to the engine.
        name_of: what tells a task from others.
        passing: errors of tasks that may pass. One that ends so, or is lost with its process, is
            put back up to `ATTEMPTS - 1` times.
    """
    in_work: dict[Future[Value], Task] = {}
    num_failures: Counter[Hashable] = Counter()
    while in_work or queue:
        while queue and len(in_work) < engine.num_slots:
            task = queue.take()
            in_work[submit(task)] = task
        for future in wait(in_work, return_when=FIRST_COMPLETED).done:
            task = in_work.pop(future)
            error, name = future.exception(), name_of(task)
            if isinstance(error, (*passing, *engine.lost)):
                num_failures[name] += 1
                if num_failures[name] < ATTEMPTS:
                    _logger.info("tried again: %s: %s", name, type(error).__name__)
                    queue.put_back(task)
                    continue
            yield task, future


def run_tasks(
    engine: Engine, do: Callable[[Task], Value], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Future[Value]]]:
    """Have `do(task)` called for each task; yield tasks with their futures, as they end.

    Args:
        engine: who works.
        do: see `Engine.submit`.
        tasks: what it is called with.
    """
    ended = work_through(
        engine,
        _Listed(enumerate(tasks)),
        lambda numbered: engine.submit(do, numbered[1]),
        name_of=lambda numbered: numbered[0],
    )
    for (_, task), future in ended:
        yield task, future


class _Listed(TaskQueue[Task]):
    """Tasks in their order."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._waiting = deque(tasks)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self) -> Task:
        return self._waiting.popleft()

    def put_back(self, task: Task) -> None:
        self._waiting.append(task)
