"""Measure how fast vsumm is: each stage beside its floor and its peers, alternating.

Times of a shared machine say little; ratios of what ran in turn say more. Every figure is a
median over the repeats.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from eval.speed.films import X265, FilmRecipe, cut_film, make_film
from eval.speed.measure import Usage, measure
from eval.speed.stages import Contestant, Films, Quantity, Stage, all_stages
from vsumm.errors import VsummError
from vsumm.files import default_cache_folder
from vsumm.media import probe

FILM_SECONDS, QUICK_SECONDS = 600, 60
"""Length of the main film, and that of a quick look."""
OTHER_SECONDS, QUICK_OTHER_SECONDS = 120, 20
"""Length of the films that are only decoded."""
CLIP_SECONDS, CLIPS_FILM_SECONDS = 10, 60
"""Length of a short film, and of the film that fifty are cut from, a second apart."""
HEADINGS = ("stage", "who", "median", "unit", "ratio", "CPU s", "peak MiB", "goal")
WIDTHS = (44, 32, 9, 12, 7, 8, 9, 22)
PACKAGES = ("vsumm", "torch", "numpy", "av", "decord", "imageio-ffmpeg", "moviepy", "scenedetect")
"""Packages whose versions are reported."""


@dataclass(frozen=True)
class Outcome:
    """What one contestant reached in one stage."""

    name: str
    """Who."""
    figure: float
    """Median of the compared quantity."""
    figures: tuple[float, ...]
    """All of them, in the order of the repeats."""
    wall_seconds: float
    """Median wall time of the whole command."""
    cpu_seconds: float
    """Median CPU time of the whole command."""
    peak_mib: float
    """Most memory in any repeat."""
    report: dict[str, Any]
    """What the last repeat said."""


@dataclass(frozen=True)
class StageResult:
    """All outcomes of a stage."""

    stage: Stage
    """What was done."""
    ours: Outcome
    """vsumm's."""
    rivals: tuple[Outcome, ...]
    """Those of floors and peers that are there."""
    skipped: tuple[str, ...]
    """Peers that are not installed."""

    @property
    def ratio(self) -> float | None:
        """Our figure by that of the fastest floor that gave as many frames; None without one."""
        names = {rival.name for rival in self.stage.rivals if rival.is_floor}
        floors = [
            rival.figure
            for rival in self.rivals
            if rival.name in names and self.does_the_same(rival)
        ]
        return self.ours.figure / min(floors) if floors else None

    def does_the_same(self, rival: Outcome) -> bool:
        """Return whether a rival gave as many frames as we did, as far as both say."""
        ours, theirs = self.ours.report.get("frames"), rival.report.get("frames")
        return ours is None or theirs is None or ours == theirs

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "stage": self.stage.name,
            "title": self.stage.title,
            "quantity": self.stage.quantity,
            "unit": self.stage.unit,
            "goal": str(self.stage.goal) if self.stage.goal else None,
            "is_met": self.is_met,
            "ratio": self.ratio,
            "ours": asdict(self.ours),
            "rivals": [asdict(rival) for rival in self.rivals],
            "skipped": list(self.skipped),
        }

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        goal = self.stage.goal
        return None if goal is None else goal.is_met(self.ours.figure, self.ratio)


def run_stages(
    films: Films, *, repeats: int, only: Sequence[str] | None = None
) -> Iterator[StageResult]:
    """Run stages one after the other.

    Args:
        films: what to measure on.
        repeats: how often each contestant runs.
        only: names of the stages; all if left out.

    Raises:
        VsummError: there is no such stage, or one fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        stages = all_stages(films, Path(scratch))
        names = list(dict.fromkeys(stage.name for stage in stages))
        if unknown := sorted(set(only or ()) - set(names)):
            raise VsummError(f"no stage {', '.join(unknown)}; there are: {', '.join(names)}")
        for stage in stages:
            if not only or stage.name in only:
                yield run_stage(stage, repeats)


def to_json(results: Sequence[StageResult]) -> str:
    """Return everything that was measured, and on what machine."""
    record = {"machine": describe_machine(), "stages": [result.to_dict() for result in results]}
    return json.dumps(record, indent=1) + "\n"


def prepare_films(folder: Path | None, film: Path | None, *, quick: bool) -> Films:
    """Make what is not there, and return where it is.

    Args:
        folder: where films are kept; in the user's cache if left out.
        film: a film to take for the main one.
        quick: make short films.
    """
    folder = folder or default_cache_folder() / "speed"
    seconds, other_seconds = (
        (QUICK_SECONDS, QUICK_OTHER_SECONDS) if quick else (FILM_SECONDS, OTHER_SECONDS)
    )
    main = film or make_film(FilmRecipe("film-720p", seconds, (1280, 720)), folder)
    others = (
        FilmRecipe("film-1080p", other_seconds, (1920, 1080)),
        FilmRecipe("film-hevc", other_seconds, (1280, 720), X265),
    )
    folder.mkdir(parents=True, exist_ok=True)
    minute = make_film(FilmRecipe("film-360p", CLIPS_FILM_SECONDS, (640, 360)), folder)
    starts = range(0, CLIPS_FILM_SECONDS - CLIP_SECONDS)
    return Films(
        main=main,
        others=tuple(make_film(recipe, folder) for recipe in others) if film is None else (),
        short=cut_film(main, CLIP_SECONDS, folder / f"{main.stem}-10s.mp4"),
        clips=tuple(
            cut_film(
                minute,
                CLIP_SECONDS,
                folder / f"{minute.stem}-from-{start}.mp4",
                start_seconds=start,
            )
            for start in starts
        ),
        seconds=probe(main).duration_seconds,
    )


def run_stage(stage: Stage, repeats: int) -> StageResult:
    """Run all contestants of a stage in turn, several times."""
    there = [rival for rival in stage.rivals if _is_there(rival)]
    contestants = [stage.ours, *there]
    usages: list[list[Usage]] = [[] for _ in contestants]
    for _ in range(repeats):
        for contestant, found in zip(contestants, usages, strict=True):
            for command in contestant.before:
                measure(command, env=contestant.env)
            found.append(measure(contestant.command, env=contestant.env))
    ours, *rivals = (
        _outcome(contestant.name, stage.quantity, found)
        for contestant, found in zip(contestants, usages, strict=True)
    )
    skipped = tuple(rival.name for rival in stage.rivals if not _is_there(rival))
    return StageResult(stage, ours, tuple(rivals), skipped)


def describe(result: StageResult) -> str:
    """Return the lines of a stage: ours, then the rivals with the ratio of ours to each."""
    stage, ours = result.stage, result.ours
    verdict = ""
    if stage.goal is not None:
        verdict = f"{stage.goal}: {'met' if result.is_met else 'missed'}"
    rows = [(stage.title, ours.name, *_numbers(stage, ours), verdict)]
    for rival in result.rivals:
        ratio = f"{ours.figure / rival.figure:.2f}"
        remark = "" if result.does_the_same(rival) else _difference(result, rival)
        rows.append(("", rival.name, *_numbers(stage, rival, ratio), remark))
    rows += [("", name, "skipped", "", "", "", "", "not installed") for name in result.skipped]
    return "\n".join(row(cells) for cells in rows)


def row(cells: Sequence[str]) -> str:
    """Lay out one line of the table, whose lines are printed as the stages end."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def describe_machine() -> dict[str, str]:
    """Return what figures depend on: processor, cores, versions."""
    facts = {"cpu": _cpu_name(), "cores": str(os.cpu_count()), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return facts


def _outcome(name: str, quantity: Quantity, usages: Sequence[Usage]) -> Outcome:
    figures = tuple(_figure(quantity, usage) for usage in usages)
    return Outcome(
        name=name,
        figure=median(figures),
        figures=figures,
        wall_seconds=median(usage.wall_seconds for usage in usages),
        cpu_seconds=median(usage.cpu_seconds for usage in usages),
        peak_mib=max(usage.peak_mib for usage in usages),
        report=usages[-1].report,
    )


def _figure(quantity: Quantity, usage: Usage) -> float:
    if quantity == "value":
        return float(usage.report["value"])
    return usage.wall_seconds if quantity == "wall" else usage.cpu_seconds


def _is_there(contestant: Contestant) -> bool:
    return contestant.needs is None or find_spec(contestant.needs) is not None


def _numbers(stage: Stage, outcome: Outcome, ratio: str = "") -> tuple[str, ...]:
    cpu, peak = f"{outcome.cpu_seconds:.2f}", f"{outcome.peak_mib:.0f}"
    return (f"{outcome.figure:.3g}", stage.unit, ratio, cpu, peak)


def _difference(result: StageResult, rival: Outcome) -> str:
    return f"{rival.report['frames'] - result.ours.report['frames']:+d} frames"


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
