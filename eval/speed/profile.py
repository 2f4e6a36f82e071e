"""Where the CPU seconds of an analysis go: part by part, beside the least that each can take."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.speed.films import ffmpeg_command
from eval.speed.measure import measure
from eval.speed.parts import Cost
from eval.speed.stages import vsumm_command
from vsumm.errors import OutputError, VsummError

SAMPLES_PER_SECOND = 50
"""Samples of a flame graph."""
FLAME_FORMATS = {".svg": "flamegraph", ".json": "speedscope", ".txt": "raw"}
"""What py-spy calls a form, by the extension of its file."""


@dataclass(frozen=True)
class Row:
    """What one part cost, or the least that it can cost."""

    name: str
    """Which part, or who does the least of it."""
    cpu_seconds: float
    """CPU time of all its processes and threads."""
    is_floor: bool = False
    """Whether it is the least that the part before it can cost."""


def measure_profile(film: Path) -> Iterator[Row]:
    """Measure the parts of an analysis without reel, each followed by its floors, then the whole.

    Parts run one after the other: what they cost beside each other, the whole says.

    Raises:
        VsummError: the film cannot be summarised, or FFmpeg is missing.
    """
    report = measure([sys.executable, "-m", "eval.speed.parts", str(film)]).report
    pcm = ("-map", "0:a:0", "-ac", "1", "-ar", "16000", "-f", "f32le", "/dev/null")
    all_frames = ("-i", film, "-map", "0:v:0", "-f", "null", "-")
    for cost in (Cost(**part) for part in report["parts"]):
        match cost.name:
            case "start":
                yield Row("start Python", cost.own)
                yield _floor("python -c pass", [sys.executable, "-c", "pass"])
            case "picture":
                yield Row("decode the picture", cost.workers)
                yield _floor("FFmpeg, every frame", ffmpeg_command(*all_frames))
                only_keys = ffmpeg_command("-skip_frame", "nokey", *all_frames)
                yield _floor("FFmpeg, key frames alone", only_keys)
                yield Row("score the picture", cost.own)
                yield Row("the image tower alone", report["tower"], is_floor=True)
            case "sound":
                yield Row("decode the sound", cost.workers)
                yield _floor("FFmpeg to PCM", ffmpeg_command("-i", film, *pcm))
                yield Row("score the sound", cost.own)
            case _:
                yield Row(cost.name, cost.own + cost.workers)
    with TemporaryDirectory() as scratch:
        usage = measure(_whole_command(film, Path(scratch)))
    yield Row("all of it, as a user runs it", usage.cpu_seconds)


def write_flame_graph(film: Path, target: Path) -> None:
    """Sample what all processes of an analysis do, and write it.

    Args:
        film: what is analysed.
        target: a flame graph (.svg), a profile for speedscope.app (.json) or folded stacks (.txt);
            a file that is there is replaced.

    Raises:
        OutputError: the extension is none of these, or the file cannot be written.
        VsummError: py-spy is missing or fails, or the film cannot be summarised.
    """
    form = FLAME_FORMATS.get(target.suffix)
    if form is None:
        raise OutputError(f"{target}: name a flame graph by {', '.join(FLAME_FORMATS)}")
    py_spy = shutil.which("py-spy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    if py_spy is None:
        raise VsummError("a flame graph needs py-spy: pip install 'vsumm[peers]'")
    with TemporaryDirectory() as scratch:
        options = ["--subprocesses", "--rate", str(SAMPLES_PER_SECOND), "--format", form]
        command = [py_spy, "record", *options, "--output", str(target), "--"]
        command += _whole_command(film, Path(scratch))
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode or not target.exists():
        said = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise VsummError(f"py-spy could not record {film}: {said}")


def _floor(name: str, command: list[str]) -> Row:
    return Row(name, measure(command).cpu_seconds, is_floor=True)


def _whole_command(film: Path, scratch: Path) -> list[str]:
    target = scratch / "reel.mp4"
    return vsumm_command("summarize", film, "--no-reel", "--no-cache", "--quiet", "-o", target)
