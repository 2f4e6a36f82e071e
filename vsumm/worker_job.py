"""A request to a decoding process whose answers are read ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from vsumm.errors import InputError
from vsumm.worker_client import Message, Worker, WorkerLostError, start_job, worker_pool

READ_AHEAD_MESSAGES = 64
"""Answers read before anybody asked for them: frames or blocks of sound."""


class Job:
    """A request to a worker whose answers are read ahead by a thread."""

    def __init__(self, job: str, **request: Any) -> None:
        self._worker = start_job(job, **request)
        self._queue: queue.Queue[Message | BaseException | None] = queue.Queue(READ_AHEAD_MESSAGES)
        self._is_finished = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._fetch, args=(self._worker,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Message]:
        while not self._is_closed:
            item = self._queue.get()
            if item is None:
                break
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """End the job; a worker that has not finished it is killed."""
        if self._is_closed:
            return
        self._is_closed = True
        is_finished = self._is_finished
        if not is_finished:
            self._worker.interrupt()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.01)
            except queue.Empty:
                continue
        with suppress(queue.Full):
            self._queue.put_nowait(None)  # for a thread that still waits for an answer
        if is_finished:
            worker_pool().release(self._worker)
        else:
            self._worker.kill()

    def _fetch(self, worker: Worker) -> None:
        try:
            for message in worker.messages():
                self._queue.put(message)
            self._is_finished = True
            self._queue.put(None)
        except InputError as error:
            self._is_finished = True
            self._queue.put(error)
        except (WorkerLostError, KeyboardInterrupt) as error:
            self._queue.put(error)
