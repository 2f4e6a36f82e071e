"""Run the encoding process and watch over it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from vsumm import errors
from vsumm.errors import InputError
from vsumm.export_job import ReelJob, ReelReport
from vsumm.worker_client import Message, Worker, WorkerLostError

STALL_SECONDS = 120.0
"""An encoder that gets nowhere for so long is killed; a slow preset may think for seconds."""
FINISHING_SECONDS = 3600.0
"""The same while the index is written, which may mean to copy the whole reel."""

_FEW_ARENAS = {"MALLOC_ARENA_MAX": "4"}
"""Keeps glibc from setting 64 MB of address space aside for each thread of each codec."""

_BOOT = (
    "import sys; root = sys.argv.pop(); sys.path.insert(0, root); import vsumm; "
    "sys.path.remove(root); from vsumm.export_worker import main; main()"
)


def run_encoder(job: ReelJob, on_progress: Callable[[float], None]) -> ReelReport:
    """Encode a reel in a process of its own.

    Args:
        job: what to write, and where.
        on_progress: called now and then with the seconds of the reel that are done.

    Raises:
        VsummError: the source cannot be read or the reel cannot be written, as the process found,
            or the process crashed or hung.
    """
    encoder = _Encoder()
    try:
        encoder.send(job)
        return encoder.report(on_progress)
    except WorkerLostError as error:
        raise InputError(f"{job.info.path}: writing its reel failed: {error}") from error
    finally:
        encoder.kill()


class _Encoder(Worker):
    """The encoding process and the pipes to it."""

    def __init__(self) -> None:
        self._limit_seconds = STALL_SECONDS
        self._start(_BOOT, env={**os.environ, **_FEW_ARENAS})

    def send(self, job: ReelJob) -> None:
        """Hand over the job.

        Raises:
            WorkerLostError: the process has died.
        """
        # Names that are no UTF-8 survive as escaped surrogates.
        line = json.dumps(asdict(job), default=os.fspath) + "\n"
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerLostError("the encoder has died") from error

    def report(self, on_progress: Callable[[float], None]) -> ReelReport:
        """Wait for the end of the job.

        Raises:
            VsummError: as the process found.
            WorkerLostError: the process crashed, or made no progress.
            RuntimeError: a bug in the process; the message holds its traceback.
        """
        while True:
            header: dict[str, Any] = self._receive().header
            match header["kind"]:
                case "progress":
                    on_progress(header["seconds"])
                case "finishing":
                    self._limit_seconds = FINISHING_SECONDS
                case "report":
                    return ReelReport(**header["report"])
                case "refused":
                    raise getattr(errors, header["name"])(header["text"])
                case "failed":
                    raise RuntimeError(header["text"])

    def _receive(self) -> Message:
        lengths = self._read(8, self._limit_seconds)
        header = self._read(int.from_bytes(lengths[:4].tobytes(), "little"), STALL_SECONDS)
        payload = self._read(int.from_bytes(lengths[4:].tobytes(), "little"), STALL_SECONDS)
        return Message(json.loads(header.tobytes()), payload)
