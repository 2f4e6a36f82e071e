"""Start worker processes, and end them.

On Linux they are forked from a server, a process of its own that has loaded FFmpeg: that takes
milliseconds, where to start one takes a quarter of a second. Elsewhere each is started by itself,
since libraries of other systems need not survive a fork.

The server is not that of `multiprocessing`, which works neither in the workers of a `Pool` nor
after a fork, imports modules that lie in the present folder, needs a short path to a temporary one
for its socket, and lives on when its parent is killed while a worker hangs (Python 3.11).
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import vsumm

HAS_SERVER = sys.platform == "linux"
"""Whether workers are forked from a server."""

ANSWER_SECONDS = 60.0
"""How long the server may take to answer, seconds: a cold disk takes long to load FFmpeg."""

MAX_MESSAGE_BYTES = 1024
"""Longest message from or to the server: the name of a module, an exit status."""

WHEN_IDLE = "when idle: "
"""Before the name of a module that can wait, in a message to the server."""

_BOOT = (
    "import sys, socket; _, module, channel, root = sys.argv; sys.path.insert(0, root); "
    "import vsumm; sys.path.remove(root); from importlib import import_module; "
    "import_module(module).main(socket.socket(fileno=int(channel)))"
)
"""Program of a new process: import `vsumm` from the folder where this process has it, and no other
package from there."""

_ENVIRONMENT = {"MALLOC_ARENA_MAX": "4", "OPENBLAS_NUM_THREADS": "1"}
"""The first keeps glibc from setting 64 MB of address space aside for each thread of each codec;
the second keeps NumPy from starting threads, which a process that forks must not have."""


class WorkerProcess(Protocol):
    """A process that answers one request."""

    def end(self) -> int | None:
        """Kill it unless it has ended.

        Returns:
            Its exit status: minus the signal where one ended it, None where it is unknown.
        """


def start_worker(module: str) -> tuple[WorkerProcess, socket.socket]:
    """Start a worker and return it with the socket to it.

    Args:
        module: where its job is, to be loaded once for all workers.

    Raises:
        OSError: the system has no room for another process.
    """
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            if HAS_SERVER:
                return _Forked(_running_server(), module, theirs), ours
            return _Started("vsumm.workers.child", theirs), ours
    except BaseException:
        ours.close()
        raise


def prepare_server(*modules: str) -> None:
    """Start the server of workers, if there is one, and return at once.

    Args:
        modules: where the jobs are that will be asked for first.
    """
    if HAS_SERVER:
        server = _running_server()
        for module in modules:
            server.load(module)


def load_when_idle(*modules: str) -> None:
    """Have the server, if one runs, load modules as soon as nobody asks for a worker.

    Args:
        modules: where the jobs are that may be asked for later.
    """
    # Where it is lost, whoever asks for a worker gets another one.
    with _server_lock, suppress(OSError):
        if _server and _server.is_own() and _server.is_running():
            for module in modules:
                _server.load(WHEN_IDLE + module)


def end_server() -> None:
    """End the server and all its workers; the next worker gets a new one."""
    global _server
    with _server_lock:
        if _server and _server.is_own():
            _server.end()
        _server = None


class _Started:
    """A process that was started by itself."""

    def __init__(self, module: str, channel: socket.socket) -> None:
        root = str(Path(vsumm.__file__).resolve().parent.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, module, str(channel.fileno()), root],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[channel.fileno()],
            env={**os.environ, **_ENVIRONMENT},
            process_group=0,  # Ctrl-C is for this process to handle
        )

    def is_running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> int | None:
        self._process.kill()
        return self._process.wait()


class _Server(_Started):
    """The process that workers are forked from, see `vsumm.workers.server`."""

    def __init__(self) -> None:
        self._owner_id = os.getpid()
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._control.settimeout(ANSWER_SECONDS)
        with theirs:
            super().__init__("vsumm.workers.server", theirs)

    def is_own(self) -> bool:
        """Whether this process has started it, and not one that this was forked from."""
        return self._owner_id == os.getpid()

    def load(self, module: str) -> None:
        """Have a module loaded that workers need, without waiting for it."""
        self._control.send(module.encode())

    def fork(self, module: str, channel: socket.socket) -> socket.socket:
        """Have a worker forked, without waiting for it, and return its leash."""
        leash, theirs = socket.socketpair()
        leash.settimeout(ANSWER_SECONDS)
        with theirs:
            descriptors = [channel.fileno(), theirs.fileno()]
            socket.send_fds(self._control, [module.encode()], descriptors)
        return leash

    def end(self) -> int | None:
        status = super().end()
        self._control.close()
        return status


class _Forked:
    """A worker that was forked from the server."""

    def __init__(self, server: _Server, module: str, channel: socket.socket) -> None:
        self._server = server
        self._leash = server.fork(module, channel)
        self._lock = threading.Lock()
        self._is_ended = False
        self._status: int | None = None

    def end(self) -> int | None:
        with self._lock:
            if not self._is_ended:
                self._status = self._answer()
                self._is_ended = True
                self._leash.close()
                if self._status is None:
                    self._server.end()  # it hangs or is dead; this ends its workers too
            return self._status

    def _answer(self) -> int | None:
        try:
            self._leash.shutdown(socket.SHUT_WR)
            answer = self._leash.recv(MAX_MESSAGE_BYTES)
        except OSError:
            return None
        return int(answer) if answer else None


_server: _Server | None = None
_server_lock = threading.Lock()
atexit.register(end_server)


def _running_server() -> _Server:
    """Return the server of this process; a forked child gets its own."""
    global _server
    with _server_lock:
        if _server and _server.is_own() and not _server.is_running():
            _server.end()
            _server = None
        if _server is None or not _server.is_own():
            _server = _Server()
        return _server
