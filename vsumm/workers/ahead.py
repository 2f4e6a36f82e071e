"""Run an iterator ahead in a thread, so that decoding and encoding overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

NUM_AHEAD = 6
"""Items kept ready; each may hold a full picture."""
_POLL_SECONDS = 0.1

Item = TypeVar("Item")


class _End:
    """The iterator is exhausted, or raised `error`."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def prefetched(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Give an iterator over `items` that a thread works on ahead; errors come out where due.

    Leaving the block stops the thread after the item that it is working on.
    """
    ready: queue.Queue[Item | _End] = queue.Queue(NUM_AHEAD)
    is_over = threading.Event()

    def put(item: Item | _End) -> None:
        while not is_over.is_set():
            try:
                ready.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if is_over.is_set():
                    return
        except BaseException as error:
            put(_End(error))
        else:
            put(_End())

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        yield _drain(ready)
    finally:
        is_over.set()
        thread.join()


def _drain(ready: queue.Queue[Item | _End]) -> Iterator[Item]:
    while True:
        item = ready.get()
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item
