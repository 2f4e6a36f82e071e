"""Measure a long film in one piece and split over processes: the same summary, in what time?

    python tests/trials/measure_split.py --hours 10 --jobs 2 --split 30m

Ten minutes of film are made, 96 x 54 pixels and 12 frames a second, and their packets repeated.
`vsumm batch --jobs N` does the film in one piece, so by one process of N, and at the same time
split, so that what else the machine does hits both; wall and CPU time of all processes, and whether
the summaries are the same, byte for byte. (A process has its share of the cores as threads, and
results of PyTorch depend on their number by 1e-7: compare like with like.) Nothing is cached, no
reel is written. `--ray` also does it by Ray on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from eval.speed.films import FilmRecipe, ffmpeg_command, make_film, repeat_film

RUN = "import sys; from vsumm.cli.program import main; sys.exit(main())"
SMALL = ("-vf", "scale=96:54,fps=12", "-c:v", "libx264", "-preset", "veryfast", "-crf", "26")
SOUND = ("-c:a", "aac", "-ac", "1", "-ar", "16000", "-b:a", "32k")


def main() -> int:
    """Print times, and whether the summaries are the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--split", default="30m")
    parser.add_argument("--segment-seconds", default="2")
    parser.add_argument("--ray", action="store_true", help="also by a Ray cluster")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = _long_film(folder, round(arguments.hours * 6))
        split = ["--split", arguments.split]
        jobs = ["--segment-seconds", arguments.segment_seconds, "--jobs", str(arguments.jobs)]
        ways = {"one piece": [*jobs, "--split", "never"], "split": [*jobs, *split]}
        if arguments.ray:
            ways["split, Ray"] = ["--engine", "ray", *split]
        begin = time.monotonic()
        running = {_start(film, folder / way, options): way for way, options in ways.items()}
        while running:
            child, status, used = os.wait4(-1, 0)
            seconds, cpu_seconds = time.monotonic() - begin, used.ru_utime + used.ru_stime
            print(f"{running[child]}: {seconds:.0f} s, {cpu_seconds:.0f} s of CPU time", flush=True)
            if status:
                return 1
            del running[child]
        summaries = [next((folder / way).glob("*/*.summary.json")).read_text() for way in ways]
        for way, summary in zip(list(ways)[1:], summaries[1:], strict=True):
            print(f"{way}: {_difference(summaries[0], summary)}")
    return 0


def _long_film(folder: Path, times: int) -> Path:
    base = make_film(FilmRecipe("base", 600, (320, 180), seed=7), folder)
    small = folder / "small.mp4"
    subprocess.run(ffmpeg_command("-i", base, *SMALL, *SOUND, small), check=True)
    return repeat_film(small, times, folder / "long.mp4")


def _start(film: Path, output: Path, options: list[str]) -> int:
    """Start a batch of one film and return its process id."""
    command = [sys.executable, "-c", RUN, "batch", str(film), "-o", str(output), *options]
    return subprocess.Popen([*command, "--no-cache", "--no-reel", "--quiet"]).pid


def _difference(one: str, other: str) -> str:
    """Say how much two summaries differ: scores, and every signal; and who decoded."""
    if one == other:
        return "the same summary, byte for byte"
    summaries = [json.loads(text) for text in (one, other)]
    columns = [_columns(summary) for summary in summaries]
    lines = ["not the same summary"]
    for name in columns[0]:
        pairs = list(zip(*(column[name] for column in columns), strict=True))
        if moved := [number for number, (a, b) in enumerate(pairs) if a != b]:
            most = max((abs(a - b) for a, b in pairs if None not in (a, b)), default=0.0)
            lines.append(f"{name}: by {most:.3g} at most, {len(moved)} segments from {moved[0]} on")
    for report in ("image_report", "music_report"):
        lines += [f"{report}: {summary[report]}" for summary in summaries]
    return "\n  ".join(lines)


def _columns(summary: dict[str, Any]) -> dict[str, list[float | None]]:
    """Return the numbers of all segments, by their names."""
    rows = [{**row, **row.get("signals", {})} for row in summary["segments"]]
    return {
        name: [row[name] for row in rows]
        for name, value in rows[0].items()
        if value is None or isinstance(value, float)
    }


if __name__ == "__main__":
    sys.exit(main())
