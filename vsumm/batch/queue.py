"""What is done next: films, and parts of long ones that are measured apart.

    film, 10 h      ──> sound, range 0, range 1, ... range 19 ──> film, from what they found
    film, 5 min     ──> film

A film is split where it alone would take longer than all that is left to do, shared out among the
jobs: others would wait for it. Elsewhere every job has films of its own, and nothing is gained.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mmva_core.engines import Engine, TaskQueue
from vsumm.batch.parts import Part
from vsumm.batch.plan import PlannedFilm

BUSY_SECONDS = 1.0
"""How long to wait before looking again whether another batch is done with a film, seconds."""


@dataclass(frozen=True)
class Work:
    """A film, or a part of one."""

    film: PlannedFilm
    """The film."""
    num_ranges: int = 1
    """Into how many ranges it is split; 1: not at all."""
    part: Part | None = None
    """The part of it; None: the film, once its parts have ended."""
    seconds_of_parts: float = 0.0
    """How long its parts took, all together."""

    @property
    def name(self) -> tuple[Path, Part | None]:
        """What tells it from other work."""
        return self.film.path, self.part


class WorkQueue(TaskQueue[Work]):
    """Work that waits.

    Args:
        films: what is to be done, in this order.
        split_seconds: length of the ranges of split films; films that last twice as long may be
            split. None: no film is.
        engine: who does it.
    """

    def __init__(
        self, films: Iterable[PlannedFilm], split_seconds: float | None, engine: Engine
    ) -> None:
        self._waiting = deque(map(Work, films))
        self._busy: list[Work] = []
        self._engine = engine
        self._is_stopped = False
        self._split_seconds = split_seconds
        self._seconds_left = sum(work.film.film_seconds or 0.0 for work in self._waiting)
        self._parts: dict[Path, tuple[set[Part], list[float]]] = {}

    def __bool__(self) -> bool:
        return not self._is_stopped and bool(self._waiting or self._busy)

    def take(self) -> Work:
        """Return the next work."""
        if not self._waiting:
            time.sleep(BUSY_SECONDS)
            self._waiting.extend(self._busy)
            self._busy.clear()
        work = self._waiting.popleft()
        num_ranges = self._num_ranges(work)
        if num_ranges == 1:
            return work
        # The sound first: it takes longest.
        parts: list[Part] = ["sound", *range(num_ranges)]
        self._parts[work.film.path] = set(parts), []
        self._waiting.extendleft(Work(work.film, num_ranges, part) for part in reversed(parts))
        return self._waiting.popleft()

    def put_back(self, task: Work) -> None:
        """Have work done again, after what waits."""
        self._waiting.append(task)

    def wait_for(self, work: Work) -> None:
        """Look again, once nothing else waits, whether another batch is done with a film."""
        self._busy.append(work)

    def stop(self) -> None:
        """Let no other work begin."""
        self._is_stopped = True

    def end(self, work: Work, seconds: float = 0.0) -> None:
        """Count work as done, or given up; a film follows its last part."""
        film = work.film
        if work.part is None:
            self._seconds_left -= film.film_seconds or 0.0
            return
        parts, taken = self._parts[film.path]
        parts.remove(work.part)
        taken.append(seconds)
        if not parts:
            whole = replace(work, part=None, seconds_of_parts=sum(taken))
            self._waiting.appendleft(whole)

    def _num_ranges(self, work: Work) -> int:
        """Return into how many ranges work is to be split now."""
        film, length = work.film, self._split_seconds
        if length is None or film.path in self._parts or film.film_seconds is None:
            return 1
        is_long = film.film_seconds >= 2 * length
        keeps_waiting = film.film_seconds * self._engine.num_jobs > self._seconds_left
        return math.ceil(film.film_seconds / length) if is_long and keeps_waiting else 1
