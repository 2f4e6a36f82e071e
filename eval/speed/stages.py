"""The stages that are measured: who runs what, and what it shall cost beside what."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from eval.speed.films import ffmpeg_command
from eval.speed.rivals import rival_command
from eval.speed.tasks import task_command
from vsumm.config import SummaryConfig

Quantity = Literal["wall", "cpu", "value"]
"""Wall seconds or CPU seconds of the whole command, or the figure that it reports."""

NUM_RUNS = 36
"""Runs of the reel that is cut, evenly spread; together they last `REEL_SHARE` of the film."""
CLIPS_PER_SECOND = 6
"""Clips that are summarised in a second, by the goal."""
REEL_SHARE = SummaryConfig.budget_fraction
LOUDNESS = "-14"
"""Of the reel that is brought to a loudness, LUFS."""


@dataclass(frozen=True)
class Contestant:
    """One way to do a stage."""

    name: str
    """Who."""
    command: Sequence[str]
    """What it runs."""
    env: dict[str, str] = field(default_factory=dict)
    """Variables that it runs under."""
    before: tuple[Sequence[str], ...] = ()
    """Commands that go before, unmeasured."""
    needs: str | None = None
    """Module without which it is skipped."""
    is_floor: bool = False
    """Whether it is what the goal compares with; of several the fastest that did the same."""


@dataclass(frozen=True)
class Goal:
    """What a stage shall reach."""

    bound: float
    """The limit."""
    of: Literal["value", "ratio"]
    """Of our own figure, or of its ratio to the best floor's."""
    is_upper: bool = True
    """Whether less is better."""

    def is_met(self, value: float, ratio: float | None) -> bool:
        """Return whether a figure is within the limit."""
        found = value if self.of == "value" else ratio
        assert found is not None, "a goal on a ratio needs a rival"
        return found <= self.bound if self.is_upper else found >= self.bound

    def __str__(self) -> str:
        sign = "<=" if self.is_upper else ">="
        return f"{self.of} {sign} {self.bound:g}"


@dataclass(frozen=True)
class Stage:
    """One thing to do, by vsumm and by others."""

    name: str
    """Short name, for `--only`."""
    title: str
    """What is done."""
    quantity: Quantity
    """What is compared."""
    unit: str
    """Of that quantity."""
    ours: Contestant
    """vsumm."""
    rivals: tuple[Contestant, ...] = ()
    """Floors and peers."""
    goal: Goal | None = None
    """What shall be reached."""


@dataclass(frozen=True)
class Films:
    """The films of a benchmark."""

    main: Path
    """The film of the whole jobs."""
    others: tuple[Path, ...]
    """Films of other sizes and codecs, decoded only."""
    short: Path
    """Ten seconds of the main one."""
    clips: tuple[Path, ...]
    """Short films of a small picture, to be done in one call."""
    seconds: float
    """Length of the main one."""


def all_stages(films: Films, scratch: Path) -> list[Stage]:
    """List all stages, parts before wholes.

    Args:
        films: what to measure on.
        scratch: folder for what the stages write.
    """
    return [
        *_start_stages(),
        _probe_stage(films),
        _decode_stage(films.main, "segments"),
        *[_decode_stage(film, "looks") for film in (films.main, *films.others)],
        _sound_stage(films),
        _loudness_stage(films, scratch),
        *_tower_stages(films),
        *_knapsack_stages(),
        *_whole_stages(films, scratch),
        *_quick_stages(films, scratch),
        _reel_stage(films, scratch),
    ]


def vsumm_command(*arguments: str | Path) -> list[str]:
    """Return the command line of vsumm under this Python."""
    program = "import sys; from vsumm.cli import main; sys.exit(main())"
    return [sys.executable, "-c", program, *map(str, arguments)]


def _start_stages() -> list[Stage]:
    bare = Contestant("python -c pass", [sys.executable, "-c", "pass"])
    return [
        Stage(
            "start",
            f"vsumm {option}",
            "cpu",
            "s CPU",
            Contestant("vsumm", vsumm_command(option)),
            (bare,),
            Goal(0.15, "value"),
        )
        for option in ("--help", "--version")
    ]


def _probe_stage(films: Films) -> Stage:
    return Stage(
        "probe",
        f"find out what {films.main.name} is",
        "value",
        "s",
        Contestant("vsumm", task_command("probe", films.main)),
    )


def _decode_stage(film: Path, windows: Literal["looks", "segments"]) -> Stage:
    what = {"looks": "the frames to look at", "segments": "one frame per segment"}[windows]
    return Stage(
        "decode",
        f"{what} in {film.name}",
        "cpu",
        "s CPU",
        Contestant("vsumm", task_command("frames", film, windows)),
        (
            Contestant(
                "ffmpeg, every frame",
                ffmpeg_command("-i", film, "-map", "0:v", "-f", "null", "-"),
                is_floor=True,
            ),
            Contestant("OpenCV, grab", rival_command("opencv", film), needs="cv2"),
        ),
        Goal(0.4, "ratio"),
    )


def _sound_stage(films: Films) -> Stage:
    pcm = ["-map", "0:a:0", "-ac", "1", "-ar", "16000", "-f", "f32le", "/dev/null"]
    return Stage(
        "sound",
        f"sound of {films.main.name} at 16 kHz",
        "cpu",
        "s CPU",
        Contestant("vsumm", task_command("sound", films.main)),
        (Contestant("ffmpeg to PCM", ffmpeg_command("-i", films.main, *pcm), is_floor=True),),
        Goal(1.3, "ratio"),
    )


def _tower_stages(films: Films) -> list[Stage]:
    return [
        Stage(
            "image",
            "image path of mmva-lite",
            "value",
            "images/s",
            Contestant("vsumm", task_command("image", films.main)),
            (
                Contestant("the tower alone", task_command("image-tower", films.main)),
                Contestant(
                    "the tower alone, OpenVINO",
                    rival_command("openvino", films.main),
                    needs="openvino",
                ),
            ),
            Goal(60, "value", is_upper=False),
        ),
        Stage(
            "music",
            "music path of mmva-lite",
            "value",
            "x real time",
            Contestant("vsumm", task_command("music", "600")),
            (),
            Goal(200, "value", is_upper=False),
        ),
    ]


def _knapsack_stages() -> list[Stage]:
    return [
        Stage(
            "knapsack",
            title,
            "value",
            "s",
            Contestant("vsumm", task_command("knapsack", kind)),
            (),
            Goal(1, "value"),
        )
        for kind, title in (
            ("even", "select from 24 h of 2-second segments"),
            ("unequal", "select from 5,000 unequal shots"),
        )
    ]


def _whole_stages(films: Films, scratch: Path) -> list[Stage]:
    env = {"XDG_CACHE_HOME": str(scratch / "cache")}
    into: list[str | Path] = ["--quiet", "--force", "-o", scratch / "reel.mp4"]
    short = vsumm_command("summarize", films.short, "--no-cache", *into)
    analyse = vsumm_command("summarize", films.main, "--no-reel", *into)
    scenes = [sys.executable, "-m", "scenedetect", "-i", str(films.main), "detect-content"]
    everything = ffmpeg_command("-i", films.main, "-f", "null", "-")
    return [
        Stage(
            "short",
            f"summarize {films.short.name}, reel and all",
            "wall",
            "s",
            Contestant("vsumm", short, env),
            (),
            Goal(2.2, "value"),
        ),
        Stage(
            "analysis",
            f"summarize {films.main.name} --no-reel",
            "wall",
            "s",
            Contestant("vsumm", [*analyse, "--no-cache"], env),
            (
                Contestant("ffmpeg, every frame and sample", everything, is_floor=True),
                Contestant("PySceneDetect detect-content", scenes, needs="scenedetect"),
                Contestant("plain version of ours", rival_command("plain", films.main)),
            ),
            Goal(0.55, "ratio"),
        ),
        Stage(
            "again",
            "the same with another budget",
            "wall",
            "s",
            Contestant("vsumm", [*analyse, "--budget", "30s"], env, before=(analyse,)),
            (),
            Goal(0.35, "value"),
        ),
    ]


def _quick_stages(films: Films, scratch: Path) -> list[Stage]:
    env = {"XDG_CACHE_HOME": str(scratch / "cache")}
    into: list[str | Path] = ["--no-reel", "--quiet", "--force", "-o", scratch / "reel.mp4"]
    on_grid = vsumm_command("summarize", films.main, *into, "--cut-at", "grid")
    quick = vsumm_command("summarize", films.main, *into, "--quick", "--no-cache")
    folder: list[str | Path] = ["--no-reel", "--quiet", "--force", "-o", f"{scratch / 'clips'}/"]
    clips = vsumm_command("summarize", *films.clips, *folder, "--no-cache", "--jobs", "2")
    everything = ffmpeg_command("-i", films.main, "-f", "null", "-")
    floor = Contestant("ffmpeg, every frame and sample", everything, is_floor=True)
    return [
        Stage(
            "grid",
            f"summarize {films.main.name} --no-reel --cut-at grid",
            "wall",
            "s",
            Contestant("vsumm", [*on_grid, "--no-cache"], env),
            (floor,),
            Goal(0.55, "ratio"),
        ),
        Stage(
            "grid-again",
            "the same with another budget",
            "wall",
            "s",
            Contestant("vsumm", [*on_grid, "--budget", "30s"], env, before=(on_grid,)),
            (),
            Goal(0.35, "value"),
        ),
        Stage(
            "quick",
            f"summarize {films.main.name} --no-reel --quick",
            "wall",
            "s",
            Contestant("vsumm", quick, env),
            (floor,),
            Goal(0.08, "ratio"),
        ),
        Stage(
            "clips",
            f"summarize {len(films.clips)} clips of 10 s --no-reel --jobs 2",
            "wall",
            "s",
            Contestant("vsumm", clips, env),
            (),
            Goal(len(films.clips) / CLIPS_PER_SECOND, "value"),
        ),
    ]


def _reel_stage(films: Films, scratch: Path) -> Stage:
    runs = _runs(films)
    plan, target = json.dumps(runs), scratch / "cut.mp4"
    seconds = sum(end - start for start, end in runs)
    rivals = (
        ("one-process-per-run", "ffmpeg, run by run, joined", None),
        ("one-command", "ffmpeg, an input per run", None),
        ("moviepy", "moviepy", "moviepy"),
    )
    return Stage(
        "reel",
        f"cut {len(runs)} runs, {seconds:g} s of {films.main.name}",
        "wall",
        "s",
        Contestant("vsumm", task_command("reel", films.main, plan, target)),
        tuple(
            Contestant(
                title,
                rival_command(name, films.main, plan, target),
                needs=needs,
                is_floor=needs is None,
            )
            for name, title, needs in rivals
        ),
        Goal(0.9, "ratio"),
    )


def _runs(films: Films) -> list[tuple[float, float]]:
    """Return the runs of the reel that is cut, start and end in seconds."""
    spacing, length = films.seconds / NUM_RUNS, REEL_SHARE * films.seconds / NUM_RUNS
    # Whole eighths of a second are whole frames at 24 frames/s.
    return [
        (round(8 * k * spacing) / 8, (round(8 * k * spacing) + max(1, round(8 * length))) / 8)
        for k in range(NUM_RUNS)
    ]


def _loudness_stage(films: Films, scratch: Path) -> Stage:
    plan, target = json.dumps(_runs(films)), scratch / "cut.m4a"
    return Stage(
        "loudness",
        f"{NUM_RUNS} runs of the sound of {films.main.name} at {LOUDNESS} LUFS",
        "cpu",
        "s CPU",
        Contestant("vsumm", task_command("reel-sound", films.main, plan, target, LOUDNESS)),
        (Contestant("as it is", task_command("reel-sound", films.main, plan, target)),),
    )
