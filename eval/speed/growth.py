"""How time and memory grow with the length of a film: the same minute, again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.speed.films import FilmRecipe, make_film, repeat_film
from eval.speed.measure import measure
from eval.speed.stages import vsumm_command

LENGTHS_MINUTES = (1, 10, 60, 600)
"""Lengths that are measured unless fewer are asked for."""
SIZE = (320, 180)
"""A small picture, so that ten hours take minutes: what may grow is not the cost of a pixel."""


@dataclass(frozen=True)
class Growth:
    """What the analysis of one length took."""

    minutes: int
    """Length of the film."""
    wall_seconds: float
    """Wall time."""
    cpu_seconds: float
    """CPU time of all processes."""
    peak_mib: float
    """Most memory of all processes together."""

    @property
    def cpu_per_hour(self) -> float:
        """CPU seconds for an hour of film."""
        return self.cpu_seconds / self.minutes * 60


def measure_growth(folder: Path, minutes: Sequence[int] = LENGTHS_MINUTES) -> Iterator[Growth]:
    """Analyse films of several lengths, by picture and sound, without a cache.

    Args:
        folder: where the films are kept.
        minutes: their lengths.

    Raises:
        VsummError: a film cannot be made or summarised.
    """
    minute = make_film(FilmRecipe("film-180p", 60, SIZE), folder)
    for count in minutes:
        film = repeat_film(minute, count, folder / f"{minute.stem}-x{count}.mp4")
        with TemporaryDirectory() as scratch:
            target = Path(scratch) / "reel.mp4"
            options = ("--no-reel", "--no-cache", "--quiet", "-o", target)
            usage = measure(vsumm_command("summarize", film, *options))
        yield Growth(count, usage.wall_seconds, usage.cpu_seconds, usage.peak_mib)
