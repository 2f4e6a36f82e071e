"""Work on tasks by the machines of a Ray cluster; Ray decides where and when.

A task may be lost with its machine and be done again by another: what it writes must be safe from
that.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from mmva_core.errors import EngineError

CPUS_PER_TASK = 1
"""Cores that a task takes; Ray lets PyTorch use as many threads."""
BYTES_PER_TASK = 1_000_000_000
"""Memory that a task takes, model included: the largest, a film, see docs/robustness.md."""
WAITING_PER_TASK = 2
"""Tasks that Ray knows of for each that is in work, so that no machine waits for the next."""

Value = TypeVar("Value")


class Cluster:
    """The machines of a Ray cluster; they may leave and join.

        with Cluster("auto") as engine:
            future = engine.submit(do, task)

    Args:
        address: where its head is, "auto" for the one that runs on this machine; None starts one
            on this machine, for this program alone.

    Raises:
        EngineError: there is no such cluster.
        ModuleNotFoundError: Ray is not installed (extra "cluster").
    """

    def __init__(self, address: str | None = None) -> None:
        import ray

        try:
            ray.init(address, configure_logging=False, log_to_driver=False, include_dashboard=False)
        except (ConnectionError, RuntimeError) as error:
            text = str(error).partition("\n")[0]
            raise EngineError(f"there is no Ray cluster at {address}: {text}") from error
        self._ray: Any = ray
        self._remote: dict[Callable[[Any], Any], Any] = {}
        self.lost: tuple[type[Exception], ...] = (ray.exceptions.RayError,)
        """Errors of futures that say that a process or its machine has died."""

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ray.shutdown()  # which also ends the tasks of this program

    @property
    def num_jobs(self) -> int:
        """How many tasks the machines that are there can work on at the same time."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)) // CPUS_PER_TASK)

    @property
    def num_slots(self) -> int:
        """How many tasks Ray may know of."""
        return WAITING_PER_TASK * self.num_jobs

    def submit(self, do: Callable[[Any], Value], task: Any) -> Future[Value]:
        """Have a task done on some machine."""
        if do not in self._remote:
            needs = {"num_cpus": CPUS_PER_TASK, "memory": BYTES_PER_TASK, "max_retries": 0}
            self._remote[do] = self._ray.remote(**needs)(do)
        future: Future[Value] = Future()
        self._remote[do].remote(task).future().add_done_callback(lambda done: _settle(future, done))
        return future


def _settle(future: Future[Value], done: Future[Value]) -> None:
    """Hand on what came out; of an error in a task, the error itself without Ray's report of it."""
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(getattr(error, "cause", None) or error)
