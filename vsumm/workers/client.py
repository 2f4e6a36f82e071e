"""Have jobs done by processes that may crash or hang without harm to this one.

Every job gets a worker of its own, which ends with this process, even if that is killed. See
`vsumm.workers.child` for the messages, `vsumm.workers.start` for how processes are started.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from signal import SIGKILL
from typing import Any
from weakref import WeakSet

import numpy as np

from vsumm import errors
from vsumm.workers.start import prepare_server, start_worker

logger = logging.getLogger(__name__)

STALL_SECONDS = 20.0
"""A worker that sends nothing for so long is killed; a working one sends a tick every second."""

START_SECONDS = 60.0
"""A worker that sends no first message for so long is killed; a cold disk takes long to load."""


class WorkerLostError(Exception):
    """A worker crashed, hung or failed; the message says which."""

    was_killed: bool = False
    """Whether something killed it from outside, as systems do that run out of memory."""


class WorkerFailedError(WorkerLostError):
    """A worker raised an unexpected error: a bug, or a file of an unknown kind."""

    def __init__(self, text: str, trace: str) -> None:
        super().__init__(text)
        self.trace = trace
        """Traceback in the worker."""


@dataclass(frozen=True)
class Message:
    """What a worker sent."""

    header: dict[str, Any]
    """At least the key "kind"."""
    payload: np.ndarray
    """Raw bytes, uint8 (n,)."""


class Worker:
    """A process that does one job.

    Args:
        job: the function that does it, "vsumm.decode.probe:run_probe" say; see
            `vsumm.workers.child`.
        request: with which arguments; plain data and paths.

    Raises:
        KeyboardInterrupt: all work is being given up.
        WorkerLostError: the system does not start another process.
    """

    def __init__(self, job: str, **request: Any) -> None:
        self.process_id: int | None = None
        """Process id, from the first message on."""
        self.stall_seconds = STALL_SECONDS
        """How long it may send nothing, seconds."""
        with _halt_lock:
            if _is_halted.is_set():
                raise KeyboardInterrupt
            try:
                self._process, self._channel = start_worker(job.partition(":")[0])
            except OSError as error:
                raise WorkerLostError(f"the worker process does not start: {error}") from error
            _workers.add(self)
        try:
            self._ask({"job": job, **request})
        except BaseException:
            self.kill()
            raise

    def messages(self) -> Iterator[Message]:
        """Yield the answers, without the signs of life, up to the end of the job.

        Raises:
            VsummError: the file cannot be used, as the worker found.
            WorkerLostError: the worker crashed or made no progress for `stall_seconds`.
            WorkerFailedError: it raised an unexpected error.
        """
        while True:
            message = self._receive()
            header = message.header
            match header["kind"]:
                case "ready":
                    self.process_id = header["process_id"]
                case "tick":
                    continue
                case "done":
                    return
                case "error":
                    raise self._told(header)
                case _:
                    yield message

    def interrupt(self) -> None:
        """Make the process end; `messages` then raises `WorkerLostError`."""
        self._process.end()

    def kill(self) -> None:
        """End the process at once."""
        self._process.end()
        self._channel.close()

    def _told(self, header: dict[str, Any]) -> Exception:
        """Return the error that the worker reports."""
        if header["name"] is not None:
            error: Exception = getattr(errors, header["name"])(header["text"])
            return error
        logger.debug("in a worker process: %s", header["trace"])
        return WorkerFailedError(f"the worker process failed ({header['text']})", header["trace"])

    def _ask(self, request: dict[str, Any]) -> None:
        # Names that are no UTF-8 survive as escaped surrogates.
        line = json.dumps(request, default=os.fspath) + "\n"
        self._channel.settimeout(START_SECONDS)
        try:
            self._channel.sendall(line.encode())
        except TimeoutError as error:
            raise self._loss(f"hung for {START_SECONDS:g} s") from error
        except OSError as error:
            raise self._loss("has died") from error

    def _receive(self) -> Message:
        lengths = self._read(8)
        header = self._read(int.from_bytes(lengths[:4].tobytes(), "little"))
        payload = self._read(int.from_bytes(lengths[4:].tobytes(), "little"))
        return Message(json.loads(header.tobytes()), payload)

    def _read(self, num_bytes: int) -> np.ndarray:
        # Straight into the array: for a frame of 720p this takes 0.4 ms of CPU time, where
        # `multiprocessing.Connection`, which joins pieces, takes 2.7.
        data = np.empty(num_bytes, np.uint8)
        view = memoryview(data.data)
        limit_seconds = START_SECONDS if self.process_id is None else self.stall_seconds
        self._channel.settimeout(limit_seconds)
        while view:
            try:
                num_read = self._channel.recv_into(view)
            except TimeoutError as error:
                raise self._loss(f"hung for {limit_seconds:g} s") from error
            except ConnectionResetError:  # it ended before it had read its request
                num_read = 0
            if num_read == 0:
                status = self._process.end()
                raise self._loss(f"crashed (exit status {status})", was_killed=status == -SIGKILL)
            view = view[num_read:]
        return data

    def _loss(self, text: str, *, was_killed: bool = False) -> BaseException:
        if _is_halted.is_set():
            return KeyboardInterrupt()
        error = WorkerLostError(f"the worker process {text}")
        error.was_killed = was_killed
        return error


_workers: WeakSet[Worker] = WeakSet()
_is_halted = threading.Event()
_halt_lock = threading.Lock()


@contextmanager
def halted_workers() -> Iterator[None]:
    """End all workers of all threads, and let none start inside the block.

    Threads that wait for one of them, or start one, get a KeyboardInterrupt, as the main thread
    does from Ctrl-C: a `WorkerLostError` would count as damage of the film.
    """
    with _halt_lock:
        _is_halted.set()
        for worker in _workers:
            worker.interrupt()
    try:
        yield
    finally:
        _is_halted.clear()


def run_in_worker(job: str, *, then: Sequence[str] = (), **request: Any) -> list[Message]:
    """Run one short job to its end and return its answers.

    Args:
        job: see `Worker`.
        then: modules whose jobs will be asked for next: they are loaded while this one is done.
        request: see `Worker`.

    Raises:
        VsummError, WorkerLostError: see `Worker`.
    """
    worker = Worker(job, **request)
    try:
        with suppress(OSError):  # whoever waits for this worker is told what is wrong
            prepare_server(*then)
        return list(worker.messages())
    finally:
        worker.kill()
