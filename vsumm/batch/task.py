"""Do one film of a batch: the function that runs in processes of this machine, or of others."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from mmva_core.store import sha256_file
from vsumm import soundtrack
from vsumm.batch.job import Job, JobResult, Outputs, summarize_file
from vsumm.batch.ledger import FilmRecord, Ledger, key_of
from vsumm.batch.parts import FilmParts, Part
from vsumm.batch.store import Store
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, NoRoomError, OutputError, VsummError
from vsumm.files import RecordCache, open_regular_file, shown
from vsumm.reel import ReelConfig
from vsumm.score import ModelSource, shared_source
from vsumm.workers import WorkerLostError

MAX_NAME_BYTES = 60
"""So much of a film's name is in the names of its results."""
KEY_CHARACTERS = 12
"""So much of its key is: of a million films two would meet with a chance of 1 in 500."""
PASSING = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE,
           errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH}  # fmt: skip
"""Errors of the system that may pass: no memory, too many open files, a network drive away."""


class PassingError(Exception):
    """A film could not be done for a reason that may pass; the message says which."""


@dataclass(frozen=True)
class BatchSettings:
    """What to make of every film."""

    summary: SummaryConfig
    """How to score and select."""
    reel: ReelConfig | None
    """How to write the reels; None: score and select only."""
    with_report: bool = False
    """Whether to write the page that shows what was picked and why."""
    music: Path | None = None
    """Index of music, absolute, see `Job`."""
    moves_cuts: bool = False
    """Whether cuts may be moved to beats of that music."""

    def to_plain(self) -> dict[str, Any]:
        """Return all that the results depend on, for JSON; of model and music, their fingerprints.

        Settings that a later version adds are left out while they have their defaults.

        Raises:
            ModelError: there is no such model, or it is damaged.
            InputError: there is no such music.
        """
        usual = msgspec.to_builtins(SummaryConfig())
        given = {k: v for k, v in msgspec.to_builtins(self.summary).items() if v != usual[k]}
        plain: dict[str, Any] = {
            "summary": {**given, "model": ModelSource(self.summary).fingerprint},
            "reel": self.reel and self.reel.to_plain(),
            "with_report": self.with_report,
        }
        if self.music is not None:
            plain["music"] = soundtrack.library_fingerprint(self.music)
            plain["moves_cuts"] = self.moves_cuts
        return plain


@dataclass(frozen=True)
class FilmTask:
    """One film to do; plain enough to be sent to another process."""

    path: Path
    """The film, absolute."""
    output: Path
    """The folder of results, absolute."""
    settings: BatchSettings
    """What to make of it."""
    plain_settings: dict[str, Any]
    """`settings.to_plain()`, which takes a moment."""
    sha256: str | None = None
    """SHA-256 of its content where that is known."""
    retry_broken: bool = False
    """Whether to try a film again that is known to be broken."""
    num_jobs: int = 1
    """How many films are worked on at the same time."""
    cache: RecordCache | None = None
    """Where scores of earlier runs are kept."""
    url: str | None = None
    """Where results go to an object store: the URL of their folder, in place of `output`."""
    num_ranges: int = 1
    """Into how many ranges of time it is split; 1: not at all."""
    part: Part | None = None
    """The part that is to be measured; None: the film is to be done, after its parts."""
    seconds_of_parts: float = 0.0
    """How long the parts took, all together."""


def do_film(task: FilmTask) -> FilmRecord:
    """Do a film unless it is done, and keep its record; or measure a part of it.

    Returns:
        Its record; with the state "busy" where another process is working on it. That of a part is
        not kept, and is "done" also where the film cannot be read: the film itself will say so.

    Raises:
        NoRoomError: the disk is full.
        PassingError: it could not be done for a reason that may pass.
        OutputError: its record cannot be kept.
        InputError: the music is not what it was when the batch was planned.
        ModelError: the model cannot be loaded.
    """
    if task.url is not None:
        return _do_for_store(task, task.url)
    try:
        with _passing_apart():
            os.close(open_regular_file(str(task.path)))
            sha256 = task.sha256 or sha256_file(task.path)
            num_bytes = task.path.stat().st_size
    except (OSError, InputError) as error:
        return FilmRecord(str(task.path), "broken", notes=(f"{shown(task.path)}: {error}",))
    key = key_of(sha256, task.plain_settings)
    record = FilmRecord(str(task.path), "busy", key, sha256, num_bytes, num_jobs=task.num_jobs)
    ledger = Ledger(task.output)
    lock = key if task.part is None else key_of(key, {"part": task.part, "of": task.num_ranges})
    with ledger.locked(lock) as is_ours:
        if not is_ours:
            return record
        known = ledger.record(key)
        if known and not (known.state == "broken" and task.retry_broken):
            return replace(known, path=str(task.path))
        if task.part is not None:
            return _measure_part(task, record)
        record = _attempt(task, record)
        ledger.write(record)
        if task.num_ranges > 1:
            _parts_of(task, record).remove()
    return record


def _do_for_store(task: FilmTask, url: str) -> FilmRecord:
    """Do a film in a folder of this machine, and put its results on a store."""
    with TemporaryDirectory(prefix="vsumm-") as folder:
        record = do_film(replace(task, output=Path(folder), url=None))
        if record.key:
            try:
                Store(url).put(Path(folder), record)
            except OutputError as error:
                raise PassingError(str(error)) from error
    return record


def is_passing(error: BaseException) -> bool:
    """Return whether an error, or what caused it, is one that may pass."""
    cause: BaseException | None = error
    while cause is not None:
        was_killed = isinstance(cause, WorkerLostError) and cause.was_killed
        is_of_system = isinstance(cause, OSError) and cause.errno in PASSING
        if was_killed or is_of_system or isinstance(cause, MemoryError):
            return True
        cause = cause.__cause__
    return False


def results_of(path: Path, key: str) -> tuple[str, str]:
    """Return the names of the folder of a film's results and of its reel, without extension.

    They can be printed and are never hidden, whatever the name of the film is.

    >>> results_of(Path("holiday/beach.mp4"), "0123456789abcdef")
    ('beach-0123456789ab', 'beach.summary')
    """
    text = "".join(c if c.isprintable() else "_" for c in path.stem).lstrip(".")
    name = text.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip() or "film"
    return f"{name}-{key[:KEY_CHARACTERS]}", f"{name}.summary"


def _attempt(task: FilmTask, record: FilmRecord) -> FilmRecord:
    start_seconds = time.monotonic()
    _check_music(task)
    settings = task.settings
    folder, name = results_of(task.path, record.key)
    # A run that was killed may have left a result behind, but no record of it.
    outputs = Outputs(
        folder=task.output / folder,
        name=name,
        overwrite=True,
        with_report=settings.with_report,
    )
    job = Job(
        task.path, outputs, settings.summary, settings.reel, settings.music, settings.moves_cuts
    )
    cache = task.cache
    try:
        with _warnings_as_notes() as warnings, _passing_apart():
            if task.num_ranges > 1:
                parts = _parts_of(task, record)
                cache = cache or parts.cache
                parts.join(task.num_ranges, cache)
            result = summarize_file(job, source=shared_source(settings.summary), cache=cache)
    except NoRoomError:
        raise
    except (InputError, OutputError) as error:
        seconds = time.monotonic() - start_seconds
        return replace(record, state="broken", seconds=seconds, notes=(error.on_command_line,))
    if result.summary.input_sha256 != record.sha256:
        raise PassingError(f"{shown(task.path)}: it changed while it was read")
    record = _done(task, record, result, warnings)
    return replace(record, seconds=time.monotonic() - start_seconds + task.seconds_of_parts)


def _check_music(task: FilmTask) -> None:
    """Check that the film will get the music that its key names."""
    music = task.settings.music
    if music is not None and soundtrack.library_fingerprint(music) != task.plain_settings["music"]:
        raise InputError(
            f"{shown(music)}: the music has changed since the batch began; run the batch again"
        )


def _measure_part(task: FilmTask, record: FilmRecord) -> FilmRecord:
    assert task.part is not None
    start_seconds = time.monotonic()
    with suppress(InputError), _passing_apart():
        _parts_of(task, record).measure(task.part, task.num_ranges)
    return replace(record, state="done", seconds=time.monotonic() - start_seconds)


def _parts_of(task: FilmTask, record: FilmRecord) -> FilmParts:
    return FilmParts(
        task.output,
        record.key,
        path=task.path,
        sha256=record.sha256,
        config=task.settings.summary,
        source=shared_source(task.settings.summary),
    )


def _done(task: FilmTask, record: FilmRecord, result: JobResult, warnings: list[str]) -> FilmRecord:
    reel, summary = result.reel_path, result.summary_path
    return replace(
        record,
        state="done",
        film_seconds=result.summary.media.duration_seconds,
        reel=reel.relative_to(task.output).as_posix() if reel else None,
        summary=summary.relative_to(task.output).as_posix(),
        notes=(*result.summary.notes, *result.notes, *warnings),
    )


@contextmanager
def _passing_apart() -> Iterator[None]:
    """Raise a `PassingError` in place of an error that may pass."""
    try:
        yield
    except NoRoomError:
        raise
    except (VsummError, MemoryError, OSError) as error:
        if is_passing(error):
            text = str(error) or "there is not enough memory"
            raise PassingError(text) from error
        raise


@contextmanager
def _warnings_as_notes() -> Iterator[list[str]]:
    """Collect what is logged as a warning: nobody reads the stderr of a thousand films."""
    handler, logger = _Notes(logging.WARNING), logging.getLogger("vsumm")
    logger.addHandler(handler)
    was_propagated, logger.propagate = logger.propagate, False
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.propagate = was_propagated


class _Notes(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
