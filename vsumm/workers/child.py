"""The worker process: native code decodes or encodes here, where a crash costs nothing else.

It answers one request and ends. `vsumm.workers.start` starts it with one end of a socket; from
there comes the request, one line of JSON, and there go the messages:

    4 bytes  length of the header, little-endian     4 bytes  length of the payload
    header   JSON with the key "kind"                payload  raw pixels or samples

Kinds: "ready" (it has started), "tick" (it is still alive), "done" and "error" (the end of the
job), and those that the job sends.

A job is a function that is named by module and name, "vsumm.decode.probe:run_probe" say. It is
called with the `Messages` to send its answers through, and with the request as keywords.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import sys
import time
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO

from vsumm.errors import InputError, VsummError

TICK_SECONDS = 1.0
"""Least time between two signs of life, seconds."""

M_ARENA_MAX = -8
"""From malloc.h: what `mallopt` is asked to set."""

NUM_HEAPS = 2
"""Heaps that the threads of an analysis share."""

MAX_MEMORY_BYTES = 6 << 30
"""Address space of the process: a limit to what a hostile header can make it allocate."""


class Messages:
    """Writes messages to the parent."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last = time.monotonic()

    def send(self, kind: str, payload: Any = b"", **header: Any) -> None:
        """Send one message; `payload` is bytes or a contiguous array."""
        text = json.dumps({"kind": kind, **header}).encode()
        data = memoryview(payload).cast("B")
        self._stream.write(len(text).to_bytes(4, "little") + len(data).to_bytes(4, "little") + text)
        self._stream.write(data)
        self._stream.flush()
        self._last = time.monotonic()

    def tick(self) -> None:
        """Send a sign of life, at most once per TICK_SECONDS."""
        if time.monotonic() - self._last > TICK_SECONDS:
            self.send("tick")


def main(channel: socket.socket) -> None:
    """Do the work of a process that was started for one worker."""
    limit_resources()
    answer_request(channel)


def limit_resources() -> None:
    """Limit what this process and all that are forked from it may take."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit is missing or fails
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        # The limit that the user has set may be lower, and cannot be raised.
        most = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def share_heaps() -> None:
    """Let all threads of this process allocate from two heaps, as far as it has no more yet.

    glibc gives each thread its own, and none gives what was freed in it to the others: four hours
    of film took 37 MiB more.
    """
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, NUM_HEAPS)


def give_memory_back() -> None:
    """Return freed memory to the system: opening a film of ten hours frees 70 MB."""
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def answer_request(channel: socket.socket) -> None:
    """Do the one job that is asked for, and report any error to the parent."""
    messages = Messages(channel.makefile("wb"))
    with suppress(BrokenPipeError):  # the parent has closed its end
        messages.send("ready", process_id=os.getpid())
        line = channel.makefile("rb").readline()
        if not line:
            return
        request = json.loads(line)
        module, _, name = request.pop("job").partition(":")
        try:
            getattr(import_module(module), name)(messages, **request)
            messages.send("done")
        except BrokenPipeError:
            raise
        except VsummError as error:
            messages.send("error", name=type(error).__name__, text=str(error))
        except MemoryError:
            text = "asks for more memory than allowed"
            messages.send("error", name=InputError.__name__, text=text)
        except Exception as error:  # unexpected, so it is handled like a crash
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            messages.send("error", name=None, text=text, trace=traceback.format_exc())
