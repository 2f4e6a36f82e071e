"""Do films on a Ray cluster: one film is one task; Ray decides where and when.

What makes this safe is not here: a film has its record and its lock in the folder of results, which
all machines share, so a task may be lost with its machine and be done again by another.
"""

from __future__ import annotations

from concurrent.futures import Future
from types import TracebackType
from typing import Any

from vsumm.batch.ledger import FilmRecord
from vsumm.batch.task import FilmTask, do_film
from vsumm.errors import OutputError

CPUS_PER_FILM = 1
"""Cores that a film takes; Ray lets PyTorch use as many threads."""
BYTES_PER_FILM = 1_000_000_000
"""Memory that a film takes, model included; see docs/robustness.md."""
WAITING_PER_FILM = 2
"""Films that Ray knows of for each that is in work, so that no machine waits for the next."""


class Cluster:
    """The machines of a Ray cluster; they may leave and join.

        with Cluster("auto") as engine:
            future = engine.submit(task)

    Args:
        address: where its head is, "auto" for the one that runs on this machine; None starts one
            on this machine, for this batch alone.

    Raises:
        OutputError: there is no such cluster.
        ModuleNotFoundError: Ray is not installed (extra "cluster").
    """

    def __init__(self, address: str | None = None) -> None:
        import ray

        try:
            ray.init(address, configure_logging=False, log_to_driver=False, include_dashboard=False)
        except (ConnectionError, RuntimeError) as error:
            text = str(error).partition("\n")[0]
            raise OutputError(f"there is no Ray cluster at {address}: {text}") from error
        self._ray: Any = ray
        self._do = ray.remote(num_cpus=CPUS_PER_FILM, memory=BYTES_PER_FILM, max_retries=0)(do_film)
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
        self._ray.shutdown()  # which also ends the tasks of this batch

    @property
    def num_jobs(self) -> int:
        """How many films the machines that are there can work on at the same time."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)) // CPUS_PER_FILM)

    @property
    def num_slots(self) -> int:
        """How many films Ray may know of."""
        return WAITING_PER_FILM * self.num_jobs

    def submit(self, task: FilmTask) -> Future[FilmRecord]:
        """Have a film done on some machine."""
        future: Future[FilmRecord] = Future()
        self._do.remote(task).future().add_done_callback(lambda done: _settle(future, done))
        return future


def _settle(future: Future[FilmRecord], done: Future[FilmRecord]) -> None:
    """Hand on what came out; of an error in a task, the error itself without Ray's report of it."""
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(getattr(error, "cause", None) or error)
