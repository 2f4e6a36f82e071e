"""Run the encoding process and watch over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from vsumm.errors import InputError
from vsumm.reel.settings import ReelJob, ReelReport
from vsumm.workers import Worker, WorkerFailedError, WorkerLostError

STALL_SECONDS = 120.0
"""An encoder that gets nowhere for so long is killed; a slow preset may think for seconds."""
FINISHING_SECONDS = 3600.0
"""The same while the index is written, which may mean to copy the whole reel."""


def run_encoder(job: ReelJob, on_progress: Callable[[float], None]) -> ReelReport:
    """Encode a reel in a process of its own.

    Args:
        job: what to write, and where.
        on_progress: called now and then with the seconds of the reel that are done.

    Raises:
        VsummError: the source cannot be read or the reel cannot be written, as the process found,
            or the process crashed or hung.
        RuntimeError: a bug in the process; the message holds its traceback.
    """
    try:
        return _report(job, on_progress)
    except WorkerFailedError as error:
        raise RuntimeError(error.trace) from error
    except WorkerLostError as error:
        raise InputError(f"{job.info.path}: writing its reel failed: {error}") from error


def _report(job: ReelJob, on_progress: Callable[[float], None]) -> ReelReport:
    encoder = Worker("vsumm.reel.job:run_encode", folder=_folder(), reel=asdict(job))
    encoder.stall_seconds = STALL_SECONDS
    try:
        for message in encoder.messages():
            match message.header["kind"]:
                case "progress":
                    on_progress(message.header["seconds"])
                case "finishing":
                    encoder.stall_seconds = FINISHING_SECONDS
                case "report":
                    report = ReelReport(**message.header["report"])
        return report
    finally:
        encoder.kill()


def _folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed: all names are absolute then
        return None
