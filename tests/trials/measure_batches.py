"""Measure `vsumm batch` beside `vsumm summarize --jobs`, and how good its estimate is.

    python tests/trials/measure_batches.py --films 20 --rounds 3 --jobs 2

Films of 20 to 40 s and 320 x 180 pixels are made. Every round does all of them by either command,
one after the other, so that what else the machine does hits both. Then a batch of half of the films
is followed by a dry run, and by the batch that it foretold. Nothing is cached.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from films import make_film

from vsumm import plan_batch

RUN = "import sys; from vsumm.cli.program import main; sys.exit(main())"


def main() -> int:
    """Print the times, their ratio, and the estimate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = folder / "films"
        films.mkdir()
        for k in range(arguments.films):
            flashes = [chance.uniform(0, 20) for _ in range(5)]
            seconds = chance.uniform(20, 40)
            make_film(films / f"{k:03}.mp4", seconds=seconds, flashes=flashes)
        ratios = []
        for number in range(arguments.rounds):
            taken = [
                _run([command, films, "-o", folder / f"{command} {number}"], arguments.jobs)
                for command in ("batch", "summarize")
            ]
            ratios.append([batch / summarize for batch, summarize in zip(*taken, strict=True)])
            for name, (wall, cpu) in zip(("batch", "summarize"), taken, strict=True):
                print(f"{name}: {wall:.1f} s, {cpu:.1f} s of CPU time", flush=True)
        wall, cpu = (statistics.median(each) for each in zip(*ratios, strict=True))
        print(f"median ratios: {wall:.2f}, of CPU time {cpu:.2f}", flush=True)
        _foretell(films, folder / "half", arguments.jobs)
    return 0


def _foretell(films: Path, output: Path, jobs: int) -> None:
    half = sorted(films.iterdir())[::2]
    listed = films / "half.txt"
    listed.write_text("\n".join(path.name for path in half))
    _run(["batch", listed, "-o", output], jobs)
    estimate = plan_batch(films, output).estimate_seconds
    print(f"the other half: estimated {estimate:.0f} s, took ", end="", flush=True)
    print(f"{_run(['batch', films, '-o', output], jobs)[0]:.0f} s")


def _run(arguments: list[str | Path], jobs: int) -> tuple[float, float]:
    """Run a command and return its seconds, and those of CPU time with all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    options = ["--jobs", str(jobs), "--no-cache", "--quiet"]
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", RUN, *arguments, *options], check=True, stdout=subprocess.DEVNULL
    )
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
