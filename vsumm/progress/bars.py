"""Progress for people: one bar per film in work, on stderr.

film.mp4: loading 0.8 s
film.mp4 (2 of 7): scoring  43%|█████████▌            | 31 x real time [00:09<00:12]
film.mp4 (2 of 7): reel     80%|█████████████████▌    | 5.2 x real time [00:03<00:00]

The caller decides whether stderr is a place to draw on.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from vsumm.progress.events import Progress

if TYPE_CHECKING:
    from tqdm import tqdm

TICK_SECONDS = 0.2
"""How often a bar moves while nothing is reported: so that one sees that the program lives."""
STEPS = 1000
"""Steps of a bar."""
LONGEST_NAME = 30
"""Characters of a file name that are shown."""
USUAL_COLUMNS, USUAL_ROWS = 80, 24
"""Size of a terminal that does not tell its own."""
_MOVING = "{{desc}} {{percentage:3.0f}}%|{{bar}}| {speed} [{{elapsed}}<{{remaining}}]"
_HOURS = "{desc} {percentage:3.0f}%|{bar}| {n:.2f} of {total:.2f} h [{elapsed}<{remaining}]"


class Bars:
    """Shows every film that is in work; removes its bar when it is done.

        with Bars() as bars:
            summarize_files(jobs, progress=bars)

    They are drawn on stderr whether that is a terminal or not: the caller decides.
    """

    def __init__(self) -> None:
        self._bars: dict[Path, _Bar] = {}
        self._lock = threading.Lock()
        self._has_ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="vsumm-progress", daemon=True)

    def __enter__(self) -> Bars:
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._has_ended.set()
        self._ticker.join()
        for bar in self._bars.values():
            bar.close()
        self._bars.clear()

    def __call__(self, progress: Progress) -> None:
        """Draw one report."""
        with self._lock:
            if progress.stage in ("done", "failed"):
                if bar := self._bars.pop(progress.path, None):
                    bar.close()
                return
            if progress.path not in self._bars:
                self._bars[progress.path] = _Bar()
            self._bars[progress.path].show(progress)

    def _tick(self) -> None:
        while not self._has_ended.wait(TICK_SECONDS):
            with self._lock:
                for bar in self._bars.values():
                    bar.tick()


class _Bar:
    """The bar of one film."""

    def __init__(self) -> None:
        self._bar = _new_bar(STEPS, "{desc}")
        self._begin = time.monotonic()
        self._stage: str | None = None
        self._is_known = False

    def show(self, progress: Progress) -> None:
        """Draw a report."""
        bar = self._bar
        if progress.stage != self._stage:
            self._stage, self._begin = progress.stage, time.monotonic()
            bar.reset(STEPS)
        self._is_known = bool(progress.share)
        bar.set_description_str(_title(progress), refresh=False)
        if self._is_known:
            speed = "" if progress.speed is None else f"{progress.speed:.3g} x real time"
            bar.bar_format = _MOVING.format(speed=speed)
            bar.n = round(STEPS * (progress.share or 0.0))
        self.tick()

    def tick(self) -> None:
        """Let time go by."""
        if not self._is_known:
            seconds = time.monotonic() - self._begin
            self._bar.bar_format = f"{{desc}} {seconds:.1f} s"
        self._bar.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


class HoursBar:
    """One bar over many films and their hours, with an estimate of the time that is left.

    17 of 300 films   8%|███▎                            | 2.41 of 30.12 h [04:40<53:42]
    """

    def __init__(self, num_films: int, seconds: float) -> None:
        """Begin with nothing done.

        Args:
            num_films: how many films there are.
            seconds: how long they last together.
        """
        self._num_films, self._num_done = num_films, 0
        self._bar = _new_bar(seconds / 3600, _HOURS)

    def __enter__(self) -> HoursBar:
        self._show()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def advance(self, seconds: float) -> None:
        """Count one more film as done, which lasts so long."""
        self._num_done += 1
        self._bar.n += seconds / 3600
        self._show()

    def _show(self) -> None:
        text = f"{self._num_done} of {self._num_films} films"
        self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()


def _new_bar(total: float, form: str) -> tqdm[NoReturn]:
    from tqdm import tqdm  # here, since it takes longer to load than the rest of this folder

    is_known = _num_columns() > 0
    return tqdm(
        total=total,
        leave=False,
        bar_format=form,
        ncols=None if is_known else USUAL_COLUMNS,
        nrows=None if is_known else USUAL_ROWS,
        dynamic_ncols=is_known,
    )


def _num_columns() -> int:
    """Return the width of the terminal; 0 where it does not say, as over some connections."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 0


def _title(progress: Progress) -> str:
    name = progress.path.name
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    name = "".join(c if c.isprintable() else "?" for c in name)
    place = f" ({progress.film} of {progress.num_films})" if progress.num_films > 1 else ""
    return f"{name}{place}: {progress.stage}"
