"""The decoding process: all native decoding happens here, where a crash costs nothing else.

Started by `vsumm.worker_client`, with the id of the parent as its argument. It reads one request
per line (JSON) from standard input and answers with messages on standard output:

    4 bytes  length of the header, little-endian     4 bytes  length of the payload
    header   JSON with the key "kind"                payload  raw pixels or samples

Kinds: "tick" (still alive), "done" and "error" (the end of a job), and what `decode_jobs` sends.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from typing import Any, BinaryIO

from vsumm.errors import InputError

TICK_SECONDS = 1.0
"""Distance of the signs of life, seconds."""

MAX_MEMORY_BYTES = 6 << 30
"""Address space the process may take: what a hostile header can cost at most."""

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal this process gets when its parent dies."""


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
        """Say that work goes on, at most once per TICK_SECONDS."""
        if time.monotonic() - self._last > TICK_SECONDS:
            self.send("tick")


def main() -> None:
    """Answer requests until standard input ends."""
    _die_with_parent(int(sys.argv[1]))
    messages = Messages(_take_stdout())
    from vsumm import decode_jobs  # loads FFmpeg: only after the parent can no longer be lost

    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            getattr(decode_jobs, f"run_{request.pop('job')}")(messages, **request)
            messages.send("done")
        except InputError as error:
            messages.send("error", is_input=True, text=str(error))
        except BrokenPipeError:
            return
        except MemoryError:
            messages.send("error", is_input=True, text="asks for more memory than allowed")
        except Exception as error:  # a file nobody had thought of: as good as a crash
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            messages.send("error", is_input=False, text=text, trace=traceback.format_exc())
        give_memory_back()


def give_memory_back() -> None:
    """Return freed memory to the system: opening a film of ten hours frees 70 MB."""
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def _die_with_parent(parent_id: int) -> None:
    """Be killed when the parent dies, even inside native code that never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:
        sys.exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit is missing or fails
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _take_stdout() -> BinaryIO:
    """Keep standard output for messages; what native code prints goes to standard error."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream
