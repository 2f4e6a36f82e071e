"""How far the work on a film is, and who is told.

loading ──> scoring ──> reel ──> done
   └───────────┴─────────┴─────> failed

Functions take `progress`: True draws bars, a function is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

Stage = Literal["loading", "scoring", "reel", "done", "failed"]
"""What is done: looking at the file and trying what was asked for; decoding and scoring; writing
the reel. The last two end the work on a film."""
LEAST_SECONDS = 0.1
"""Shortest distance of two reports within a stage, seconds."""


@dataclass(frozen=True)
class Progress:
    """How far the work on one film is."""

    path: Path
    """The film."""
    stage: Stage
    """What is being done."""
    share: float | None
    """How much of the stage is done, in [0, 1]; None while that is not known."""
    elapsed_seconds: float
    """How long the stage has taken so far."""
    speed: float | None = None
    """Seconds of the film, or of the reel, that a second of work gets done."""
    film: int = 1
    """Number of the film, from 1."""
    num_films: int = 1
    """How many films there are."""
    message: str | None = None
    """Why it failed."""


Watch: TypeAlias = Callable[[Progress], object]
"""Is told how far the work is; from several threads, but from one at a time for each film."""


class StageClock:
    """Counts what is done of a stage and tells the watcher, ten times a second at most."""

    def __init__(
        self, watch: Watch, path: Path, stage: Stage, *, total_seconds: float | None = None
    ) -> None:
        """Begin the stage.

        Args:
            watch: is told.
            path: the film.
            stage: what is done.
            total_seconds: length of what there is to do, on the clock of the film or of the reel;
                None where that is not known.
        """
        self._watch, self._path, self._stage = watch, path, stage
        self._total_seconds = total_seconds
        self._done_seconds = 0.0
        self._begin = time.monotonic()
        self._told_at = 0.0
        self._lock = threading.Lock()
        self._tell()

    @property
    def done_seconds(self) -> float:
        """How much is done."""
        return self._done_seconds

    def advance(self, seconds: float) -> None:
        """Count this much more as done."""
        with self._lock:
            self._done_seconds += seconds
            is_end = self._done_seconds >= (self._total_seconds or 0.0) - 1e-9
            if is_end or time.monotonic() - self._told_at >= LEAST_SECONDS:
                self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        elapsed_seconds = self._told_at - self._begin
        total = self._total_seconds
        share = None if total is None else min(1.0, self._done_seconds / max(total, 1e-9))
        speed = None
        if self._done_seconds > 0 and elapsed_seconds > 0:
            speed = self._done_seconds / elapsed_seconds
        self._watch(Progress(self._path, self._stage, share, elapsed_seconds, speed))


@contextmanager
def work_on(watch: Watch, path: Path) -> Iterator[None]:
    """Report that the work on a film begins, and how it ends."""
    begin = time.monotonic()
    StageClock(watch, path, "loading")
    try:
        yield
    except Exception as error:
        watch(Progress(path, "failed", None, time.monotonic() - begin, message=str(error)))
        raise
    watch(Progress(path, "done", 1.0, time.monotonic() - begin))


def numbered(watch: Watch, film: int, num_films: int) -> Watch:
    """Return a watcher that also tells which of the films it is about, from 1."""
    return lambda progress: watch(replace(progress, film=film, num_films=num_films))
