"""Run decoding jobs in processes that may crash or hang without harm to this one.

A worker is started once and serves job after job; idle ones are kept for the next job and end with
this process, however it ends. See `vsumm.worker` for what goes over the pipes.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np

import vsumm
from vsumm.errors import InputError

logger = logging.getLogger(__name__)

STALL_SECONDS = 20.0
"""A worker that says nothing for so long is killed; a living one speaks every second."""

START_SECONDS = 60.0
"""The same until its first message: a cold disk may take this long to load FFmpeg."""

MAX_IDLE_WORKERS = 3
"""Workers kept for the next job: two for the picture, one for the sound."""

PIPE_BYTES = 1 << 20
"""Wanted size of the pipe a worker answers on, so that it can work ahead."""

F_SETPIPE_SZ = 1031
"""From linux/fcntl.h."""

_BOOT = (
    "import sys; root = sys.argv.pop(); sys.path.insert(0, root); import vsumm; "
    "sys.path.remove(root); from vsumm.worker import main; main()"
)
"""Find the same `vsumm` as this process, and nothing else, in the place it came from."""


class WorkerLostError(Exception):
    """A worker crashed, hung or failed; the message says which."""


@dataclass(frozen=True)
class Message:
    """What a worker sent."""

    header: dict[str, Any]
    """At least the key "kind"."""
    payload: np.ndarray
    """Raw bytes, uint8 (n,)."""


class Worker:
    """A decoding process and the pipes to it."""

    def __init__(self) -> None:
        self._start(_BOOT)
        self._has_spoken = False
        _enlarge_pipe(self._answers)

    def _start(self, boot: str, env: Mapping[str, str] | None = None) -> None:
        """Start the process.

        Raises:
            KeyboardInterrupt: all work is being given up.
        """
        root = str(Path(vsumm.__file__).resolve().parent.parent)
        with _halt_lock:
            if _is_halted.is_set():
                raise KeyboardInterrupt
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", boot, str(os.getpid()), root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=env,
            )
            _workers.add(self)
        assert self._process.stdout is not None
        self._answers = self._process.stdout.fileno()

    @property
    def process_id(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def ask(self, job: str, **request: Any) -> None:
        """Send a request; its answers come from `messages`.

        Raises:
            WorkerLostError: the worker has died.
        """
        line = json.dumps({"job": job, **request}) + "\n"
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError as error:
            raise _loss("the decoder has died") from error

    def messages(self) -> Iterator[Message]:
        """Yield the answers to one request, without the signs of life, up to its end.

        Raises:
            InputError: the file cannot be used, as the worker found.
            WorkerLostError: the worker crashed, made no progress for STALL_SECONDS, or met
                something that nobody had thought of; the log has the traceback then.
        """
        while True:
            message = self._receive()
            kind = message.header["kind"]
            if kind == "done":
                return
            if kind == "error":
                if message.header["is_input"]:
                    raise InputError(message.header["text"])
                logger.debug("in the decoder: %s", message.header["trace"])
                raise WorkerLostError(f"the decoder failed ({message.header['text']})")
            if kind != "tick":
                yield message

    def interrupt(self) -> None:
        """Make the process end; whoever waits for its answers learns that it is lost."""
        self._process.kill()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # a request that was never read
                    pipe.close()

    def is_alive(self) -> bool:
        """Whether the process still answers; one that has just been started is believed to."""
        if not self._has_spoken:
            return self._process.poll() is None
        try:
            self.ask("nothing")
            return not list(self.messages())
        except WorkerLostError:
            return False

    def _receive(self) -> Message:
        limit = STALL_SECONDS if self._has_spoken else START_SECONDS
        lengths = self._read(8, limit)
        self._has_spoken = True
        header = self._read(int.from_bytes(lengths[:4].tobytes(), "little"), STALL_SECONDS)
        payload = self._read(int.from_bytes(lengths[4:].tobytes(), "little"), STALL_SECONDS)
        return Message(json.loads(header.tobytes()), payload)

    def _read(self, num_bytes: int, limit_seconds: float) -> np.ndarray:
        data = np.empty(num_bytes, np.uint8)
        view = memoryview(data.data)
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while view:
            if not poll.poll(limit_seconds * 1000):
                raise WorkerLostError(f"the decoder hung for {limit_seconds:g} s")
            num_read = os.readv(self._answers, [view])
            if num_read == 0:
                code = self._process.wait()
                raise _loss(f"the decoder crashed (exit status {code})")
            view = view[num_read:]
        return data


_workers: WeakSet[Worker] = WeakSet()
_is_halted = threading.Event()
_halt_lock = threading.Lock()


@contextmanager
def halted_workers() -> Iterator[None]:
    """End all workers of all threads, and let none start inside the block.

    Whoever waits for one of them, or asks for one, gets a KeyboardInterrupt, as the main thread
    gets from Ctrl-C: a `WorkerLostError` would be taken for damage of the film.
    """
    with _halt_lock:
        _is_halted.set()
        for worker in _workers:
            worker.interrupt()
    try:
        yield
    finally:
        _is_halted.clear()


def _loss(text: str) -> BaseException:
    return KeyboardInterrupt() if _is_halted.is_set() else WorkerLostError(text)


class _Pool:
    """Idle workers; new ones are started by a thread that lives as long as the process.

    A worker is killed by the system when the thread that started it ends, so no other thread
    may start one.
    """

    def __init__(self) -> None:
        self.process_id = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._starter = ThreadPoolExecutor(1, "vsumm-worker-starter")

    def acquire(self) -> Worker:
        """An idle worker, or a new one."""
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                break
            if worker.is_alive():
                return worker
            worker.kill()
        return self._starter.submit(Worker).result()

    def prepare(self, num_workers: int) -> None:
        """Start workers without waiting for them, as far as none are idle."""
        with self._lock:
            num_missing = min(num_workers, MAX_IDLE_WORKERS) - len(self._idle)
        for _ in range(num_missing):
            self._starter.submit(lambda: self.release(Worker()))

    def release(self, worker: Worker) -> None:
        """Keep a worker that has finished its job."""
        with self._lock:
            if len(self._idle) < MAX_IDLE_WORKERS:
                self._idle.append(worker)
                return
        worker.kill()

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()


_pool: _Pool | None = None
_pool_lock = threading.Lock()


def worker_pool() -> _Pool:
    """The pool of this process; a forked child gets its own."""
    global _pool
    with _pool_lock:
        if _pool is None or _pool.process_id != os.getpid():
            _pool = _Pool()
            atexit.register(_pool.close)
        return _pool


def prepare_workers(num_workers: int = 2) -> None:
    """Start workers ahead of their first job and return at once.

    A worker takes a few tenths of a second to load FFmpeg: called before slow imports, this hides
    behind them. One worker reads the picture, another one the sound.
    """
    worker_pool().prepare(num_workers)


def start_job(job: str, **request: Any) -> Worker:
    """Have a worker begin a job; its answers come from `Worker.messages`.

    Raises:
        WorkerLostError: no worker could be started.
    """
    worker = worker_pool().acquire()
    try:
        worker.ask(job, **request)
    except WorkerLostError:
        worker.kill()
        raise
    return worker


def run_job(job: str, **request: Any) -> list[Message]:
    """Run one short job to its end and return its answers.

    Raises:
        InputError, WorkerLostError: see `Worker.messages`.
    """
    worker = start_job(job, **request)
    try:
        messages = list(worker.messages())
    except InputError:
        worker_pool().release(worker)
        raise
    except BaseException:
        worker.kill()
        raise
    worker_pool().release(worker)
    return messages


def _enlarge_pipe(descriptor: int) -> None:
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(descriptor, F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:
            return  # the system allows less: the worker works less far ahead
