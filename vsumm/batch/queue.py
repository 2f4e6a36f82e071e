"""What is done next: films, and parts of long ones that are measured apart.

    film, 10 h      ──> sound, range 0, range 1, ... range 19 ──> film, from what they found
    film, 5 min     ──> film

A film is split where it alone would take longer than all that is left to do, shared out among the
jobs: others would wait for it. Elsewhere every job has films of its own, and nothing is gained.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from vsumm.batch.parts import Part
from vsumm.batch.plan import PlannedFilm


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


class WorkQueue:
    """Work that waits.

    Args:
        films: what is to be done, in this order.
        split_seconds: length of the ranges of split films; films that last twice as long may be
            split. None: no film is.
    """

    def __init__(self, films: Iterable[PlannedFilm], split_seconds: float | None) -> None:
        self._waiting = deque(map(Work, films))
        self._split_seconds = split_seconds
        self._seconds_left = sum(work.film.film_seconds or 0.0 for work in self._waiting)
        self._parts: dict[Path, tuple[set[Part], list[float]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, num_jobs: int) -> Work:
        """Return the next work, for one of so many jobs."""
        work = self._waiting.popleft()
        num_ranges = self._num_ranges(work, num_jobs)
        if num_ranges == 1:
            return work
        # The sound first: it takes longest.
        parts: list[Part] = ["sound", *range(num_ranges)]
        self._parts[work.film.path] = set(parts), []
        self._waiting.extendleft(Work(work.film, num_ranges, part) for part in reversed(parts))
        return self._waiting.popleft()

    def put_back(self, *works: Work) -> None:
        """Have work done again, after what waits."""
        self._waiting.extend(works)

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

    def _num_ranges(self, work: Work, num_jobs: int) -> int:
        """Return into how many ranges work is to be split now."""
        film, length = work.film, self._split_seconds
        if length is None or film.path in self._parts or film.film_seconds is None:
            return 1
        is_long = film.film_seconds >= 2 * length
        keeps_waiting = film.film_seconds * num_jobs > self._seconds_left
        return math.ceil(film.film_seconds / length) if is_long and keeps_waiting else 1
