"""The server process: it loads FFmpeg once, and every worker is forked from it.

`vsumm.workers.start` starts it with one end of a socket, where each request is one message:

    "start N"  with one end of another socket: fork worker N, which answers there
    "end N"    kill worker N and answer "N S", its exit status

It touches no film and starts no thread, so it neither crashes nor hangs and may fork at any time.
It ends with its parent, however that ends, because the socket does; all workers die with it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket

from vsumm.workers.child import answer_request, limit_resources
from vsumm.workers.start import MAX_MESSAGE_BYTES

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal a process gets when its parent dies."""

EXIT_UNKNOWN = 71
"""Status of a worker that the system had no room for, or that was ended before: EX_OSERR."""


def main(control: socket.socket) -> None:
    """Serve until the parent is gone."""
    limit_resources()
    libc = ctypes.CDLL(None)
    from vsumm.decode import jobs as decode_jobs  # noqa: F401  loads FFmpeg, for all workers

    gc.freeze()  # so that collecting garbage in a worker copies nothing of this
    process_ids: dict[str, int | None] = {}
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 1)
        if not request:
            return
        word, number = request.decode().split()
        if word == "start":
            with socket.socket(fileno=descriptors[0]) as channel:
                process_ids[number] = _fork(control, channel, libc)
        else:
            control.send(f"{number} {_end(process_ids.pop(number, None))}".encode())


def _fork(control: socket.socket, channel: socket.socket, libc: ctypes.CDLL) -> int | None:
    server_id = os.getpid()
    try:
        process_id = os.fork()
    except OSError:
        return None
    if process_id:
        return process_id
    try:
        control.close()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # even inside native code that never returns
        if os.getppid() == server_id:
            answer_request(channel)
    finally:
        os._exit(0)


def _end(process_id: int | None) -> int:
    if process_id is None:
        return EXIT_UNKNOWN
    os.kill(process_id, signal.SIGKILL)  # means nothing to one that has ended by itself
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])
