"""The server process: it loads FFmpeg once, and every worker is forked from it.

`vsumm.workers.start` starts it with one end of a socket. Each message there is the name of a
module, which is loaded: at once, or behind `WHEN_IDLE` as soon as nobody asks for anything. It may
come with two descriptors:

    channel   a worker is forked that reads its request and answers here
    leash     when the other end of this socket is shut or closed, that worker is killed, and its
              exit status is sent back

It touches no film and starts no thread, so it neither crashes nor hangs and may fork at any time.
It ends with its parent, however that ends, because the socket does; all workers die with it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
from collections import deque
from contextlib import suppress
from importlib import import_module
from select import select

from vsumm.workers.child import answer_request, limit_resources
from vsumm.workers.start import MAX_MESSAGE_BYTES, WHEN_IDLE

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal a process gets when its parent dies."""

IDLE_SECONDS = 0.1
"""For so long nobody must have asked for anything before modules are loaded that can wait: whoever
summarises a film asks for one worker after the other."""

EXIT_UNKNOWN = 71
"""Status of a worker that the system had no room for: EX_OSERR."""


def main(control: socket.socket) -> None:
    """Serve until the parent is gone."""
    limit_resources()
    libc = ctypes.CDLL(None)
    leashes: dict[socket.socket, int | None] = {}  # with the process ids of the workers
    for_later: deque[str] = deque()
    while True:
        patience = IDLE_SECONDS if for_later else None
        ready, _, _ = select([control, *leashes], [], [], patience)
        if not ready:
            _load(for_later.popleft())
        for leash in leashes.keys() & ready:
            _end(leash, leashes.pop(leash))
        if control not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 2)
        if not message:
            return
        module = message.decode()
        if module.startswith(WHEN_IDLE):
            module = module.removeprefix(WHEN_IDLE)
            if module not in sys.modules and module not in for_later:
                for_later.append(module)
            continue
        _load(module)
        if descriptors:
            channel, leash = (socket.socket(fileno=one) for one in descriptors)
            with channel:
                leashes[leash] = _fork(channel, [control, leash, *leashes], libc)


def _load(module: str) -> None:
    if module not in sys.modules:
        with suppress(Exception):  # the worker will fail in the same way and report it
            import_module(module)
        gc.freeze()  # so that collecting garbage in a worker copies nothing of this


def _fork(channel: socket.socket, others: list[socket.socket], libc: ctypes.CDLL) -> int | None:
    """Fork a worker and return its process id, None where there is no room for it."""
    server_id = os.getpid()
    try:
        process_id = os.fork()
    except OSError:
        return None
    if process_id:
        return process_id
    try:
        for other in others:
            other.close()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # even inside native code that never returns
        if os.getppid() == server_id:
            answer_request(channel)
    finally:
        os._exit(0)


def _end(leash: socket.socket, process_id: int | None) -> None:
    """Kill a worker and send its exit status."""
    status = EXIT_UNKNOWN
    if process_id is not None:
        os.kill(process_id, signal.SIGKILL)  # without effect if it has ended by itself
        status = os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])
    with leash, suppress(OSError):  # the parent has closed its end
        leash.send(str(status).encode())
