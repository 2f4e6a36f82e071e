"""A request to a decoding process whose answers are read ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from vsumm.errors import InputError
from vsumm.workers.client import Message, Worker, WorkerLostError

READ_AHEAD_MESSAGES = 64
"""Answers read before anybody asked for them: frames or blocks of sound."""


class Job:
    """A request to a worker whose answers are read ahead by a thread."""

    def __init__(self, job: str, **request: Any) -> None:
        self._worker = Worker(job, **request)
        self._queue: queue.Queue[Message | BaseException | None] = queue.Queue(READ_AHEAD_MESSAGES)
        self._is_closed = False
        self._thread = threading.Thread(target=self._fetch, daemon=True)
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
        """End the job, finished or not."""
        if self._is_closed:
            return
        self._is_closed = True
        self._worker.interrupt()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.01)
            except queue.Empty:
                continue
        with suppress(queue.Full):
            self._queue.put_nowait(None)  # for a thread that still waits for an answer
        self._worker.kill()

    def _fetch(self) -> None:
        try:
            for message in self._worker.messages():
                self._queue.put(message)
            self._queue.put(None)
        except (InputError, WorkerLostError, KeyboardInterrupt) as error:
            self._queue.put(error)
