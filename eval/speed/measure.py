"""Run a command and say what it cost: wall time, CPU time and memory of all its processes."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vsumm.errors import VsummError

SAMPLE_SECONDS = 0.1
"""Distance of two looks at the memory, seconds: shorter peaks can be missed."""
SHOWN_CHARACTERS = 400
"""Of what a command that failed had to say."""


@dataclass(frozen=True)
class Usage:
    """What one run of a command cost."""

    wall_seconds: float
    """From its start to its end."""
    cpu_seconds: float
    """User and system time of the process and of all its children that it waited for."""
    peak_mib: float
    """Most memory that the process and its children held at once, MiB; pages that several share
    count once."""
    report: dict[str, Any]
    """The JSON object on the last line that it printed; empty where there is none."""


def measure(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end.

    Args:
        command: program and arguments.
        env: variables to set beside those of this process.

    Raises:
        VsummError: the command failed.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    ) as process:
        with _MemoryWatch(process.pid) as memory:
            output, complaint = _read_both(process)
            _, status, used = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = complaint.decode(errors="replace").strip()[-SHOWN_CHARACTERS:]
        raise VsummError(f"{' '.join(command)[:SHOWN_CHARACTERS]} failed: {said}")
    cpu_seconds = used.ru_utime + used.ru_stime
    return Usage(wall_seconds, cpu_seconds, memory.peak_mib, _last_report(output))


def _read_both(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Read the two outputs to their ends, without waiting for the process itself."""
    assert process.stdout is not None
    assert process.stderr is not None
    complaints: list[bytes] = []
    listener = threading.Thread(
        target=lambda pipe: complaints.append(pipe.read()), args=(process.stderr,)
    )
    listener.start()
    output = process.stdout.read()
    listener.join()
    return output, complaints[0]


def _last_report(output: bytes) -> dict[str, Any]:
    lines = output.decode(errors="replace").strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        return {}
    with suppress(json.JSONDecodeError):
        report: dict[str, Any] = json.loads(lines[-1])
        return report
    return {}


class _MemoryWatch:
    """Looks at the memory of a process and its descendants from a thread, in a `with` block."""

    def __init__(self, process_id: int) -> None:
        self.peak_mib = 0.0
        self._process_id = process_id
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        while not self._is_over.wait(SAMPLE_SECONDS):
            with suppress(psutil.Error):
                root = psutil.Process(self._process_id)
                held = sum(
                    _held_bytes(process) for process in (root, *root.children(recursive=True))
                )
                self.peak_mib = max(self.peak_mib, held / 2**20)


def _held_bytes(process: Any) -> int:
    import psutil

    with suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0
