"""Run an iterator ahead in a thread, so that producer and consumer work at the same time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Self, TypeVar

from vsumm.workers.client import Message, Worker

ANSWERS_AHEAD = 64
"""Answers of a worker, such as frames or blocks of sound, that are kept ready."""

Item = TypeVar("Item")


class Ahead(Iterator[Item], Generic[Item]):
    """The items of an iterable, read ahead by a thread; an error is raised behind the last item.

    It may be closed from any thread: a thread that waits for an item then gets `StopIteration`.

    Args:
        items: what to iterate over.
        num_ahead: how many items are kept ready.
    """

    def __init__(self, items: Iterable[Item], num_ahead: int) -> None:
        self._items = items
        self._num_ahead = num_ahead
        self._ready: deque[Item] = deque()
        self._is_over = False  # no further item becomes ready
        self._error: BaseException | None = None  # raised once, behind the last item
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="vsumm-ahead", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> Item:
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._is_over)
            if self._ready:
                self._changed.notify_all()
                return self._ready.popleft()
            error, self._error = self._error, None
        raise error or StopIteration

    def close(self) -> None:
        """Stop the thread after the item that it is working on, and wait for that."""
        with self._changed:
            self._ready.clear()
            self._is_over = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        error = None
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as caught:
            error = caught
        with self._changed:
            self._error = None if self._is_over else error
            self._is_over = True
            self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        """Make an item ready when there is room for it; False after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or len(self._ready) < self._num_ahead)
            if not self._is_over:
                self._ready.append(item)
                self._changed.notify_all()
            return not self._is_over


class Answers(Ahead[Message]):
    """The answers of a worker of its own, read ahead.

    Args:
        job: what the worker does, see `Worker`.
        request: with which arguments.

    Raises:
        KeyboardInterrupt, WorkerLostError: as `Worker`; further errors of `Worker.messages` come
            out of the iteration.
    """

    def __init__(self, job: str, **request: Any) -> None:
        self._worker = Worker(job, **request)
        super().__init__(self._worker.messages(), ANSWERS_AHEAD)

    def close(self) -> None:
        """End the worker, whether it is done or not."""
        self._worker.interrupt()
        super().close()
        self._worker.kill()
