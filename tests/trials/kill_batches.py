"""Kill batches at random moments: every film must be done exactly once, as if nothing had happened.

    python tests/trials/kill_batches.py --films 40 --real shared/data/videos/short --seed 0

Films of 4 to 6 s are made, thirty of different pictures and the others with other bytes behind
their end; every tenth is a copy of the one before it, every thirteenth is broken. Real ones may be
added. Then, until all are done, every round is one of

    kill    `vsumm batch` is killed with SIGKILL after a random time
    worker  one of the processes that do films is; the batch goes on, and is killed later
    pair    two batches work at the same time on one folder of results; both are killed
    full    the disk has little room: with --disk (root) a small one of its own, all but a random
            rest of which is taken; without, files may not grow beyond a random size

After every round nothing may be left running, and what had a record before must be the same file as
then: nothing is done twice. In the end the results must be, byte for byte, those of a batch that
was left alone (not with --once, which saves a third of the time); and the reels those of `vsumm
summarize`, which is timed beside it. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import pandas as pd
from films import make_film
from measure_memory import family

KINDS = ("kill", "kill", "worker", "pair", "full")
NUM_PICTURES = 30
DISK_BYTES = 300_000_000
"""Size of the disk of the results."""
ORPHAN_SECONDS = 10.0
"""How long the children of a killed batch may take to end."""
RUN = "import sys; from vsumm.cli.program import main; sys.exit(main())"


class BrokenError(Exception):
    """Something is not as it must be; the message says what."""


def main() -> int:
    """Run rounds until all films are done, then compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=40)
    parser.add_argument("--real", type=Path, help="folder of films to add")
    parser.add_argument("--disk", action="store_true", help="results on a disk of their own (root)")
    parser.add_argument("--once", action="store_true", help="compare with `summarize` alone")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--longest", type=float, default=25.0, help="seconds of a round, at most")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _disk(folder / "killed") if arguments.disk else nullcontext():
            _run(Trial(folder, arguments, chance), chance)
    return 0


def _run(trial: Trial, chance: random.Random) -> None:
    print(f"{trial.num_films} films, {trial.num_contents} of different content", flush=True)
    rounds: Counter[str] = Counter()
    while not trial.is_done():
        kind = chance.choice(KINDS)
        rounds[kind] += 1
        seconds = trial.round(kind, chance)
        print(f"{kind:8} {seconds:5.1f} s, {trial.num_records} have ended", flush=True)
    print(", ".join(f"{kind} {number}" for kind, number in rounds.items()), flush=True)
    trial.compare()


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Make a folder that is a disk of its own, in memory."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


class Trial:
    """A folder of films, and folders of results."""

    def __init__(self, folder: Path, arguments: argparse.Namespace, chance: random.Random) -> None:
        self._folder, self._jobs, self._longest = folder, arguments.jobs, arguments.longest
        self._films, self._output = folder / "films", folder / "killed"
        self._once = arguments.once
        self._has_disk, self._ballast = arguments.disk, self._output / ".ballast"
        self._films.mkdir()
        for k in range(arguments.films):
            self._make(k, chance)
        for k, path in enumerate(sorted(arguments.real.iterdir()) if arguments.real else []):
            shutil.copy(path, self._films / f"real {k}{path.suffix}")
        paths = list(self._films.iterdir())
        self.num_films = len(paths)
        self.num_contents = len({path.read_bytes() for path in paths})
        self.num_records = 0

    def _make(self, k: int, chance: random.Random) -> None:
        path = self._films / f"made {k:03}\n.mp4"
        if k % 13 == 12:
            path.write_text(f"no film {k}")
        elif k % 10 == 9:
            shutil.copy(self._films / f"made {k - 1:03}\n.mp4", path)
        elif k < NUM_PICTURES:
            flashes = [chance.uniform(0, 4) for _ in range(3)]
            make_film(path, seconds=4 + k / 15, size=(96, 54), frame_rate=10, flashes=flashes)
        else:
            like = self._films / f"made {k % NUM_PICTURES:03}\n.mp4"
            path.write_bytes(like.read_bytes() + struct.pack(">I4sI", 12, b"free", k))

    def records(self) -> dict[str, tuple[int, int]]:
        """Return inode and time of every record, and of the results that it names."""
        found = {}
        for path in (self._output / ".vsumm" / "records").glob("??/*.json"):
            record = json.loads(path.read_text())
            results = [self._output / record[name] for name in ("reel", "summary") if record[name]]
            for file in (path, *results):
                status = file.stat()
                found[str(file)] = (status.st_ino, status.st_mtime_ns)
            assert record["state"] in ("done", "broken"), record
        self.num_records = sum(path.endswith(".json") and ".vsumm" in path for path in found)
        return found

    def is_done(self) -> bool:
        """Return whether every content has its record."""
        self.records()
        return self.num_records == self.num_contents

    def start(self, output: Path, *, max_bytes: int | None = None) -> subprocess.Popen[bytes]:
        """Start a batch."""

        def limit() -> None:
            if max_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))

        command = [sys.executable, "-c", RUN, "batch", str(self._films), "-o", str(output)]
        return subprocess.Popen(
            [*command, "--jobs", str(self._jobs), "--no-cache", "--quiet"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=limit,
        )

    def round(self, kind: str, chance: random.Random) -> float:
        """Let batches work for a while, in one of the ways of `KINDS`; return how long.

        Raises:
            BrokenError: a film was done twice, or something lives on.
        """
        before = self.records()
        begin = time.monotonic()
        end = begin + chance.uniform(0, self._longest)
        max_bytes = chance.randrange(5_000, 60_000) if kind == "full" else None
        if max_bytes and self._has_disk:
            self._take_all_but(chance.randrange(10) * max_bytes)
            max_bytes = None
        batches = [
            self.start(self._output, max_bytes=max_bytes) for _ in range(2 if kind == "pair" else 1)
        ]
        if kind == "worker":
            self._kill_worker(batches[0], chance, end)
        while time.monotonic() < end and any(batch.poll() is None for batch in batches):
            time.sleep(0.05)
        for batch in batches:
            members = family(batch.pid)
            batch.kill()
            _, errors = batch.communicate()
            _wait_for_end(members)
            if kind == "full" and batch.returncode == 1 and b"no" not in errors.splitlines()[-1]:
                raise BrokenError(f"a full disk ends in {errors!r}")
            if batch.returncode not in (0, 1, 4, -signal.SIGKILL):
                raise BrokenError(f"exit code {batch.returncode}: {errors!r}")
        self._ballast.unlink(missing_ok=True)
        after = self.records()
        if changed := [path for path, facts in before.items() if after.get(path) != facts]:
            raise BrokenError(f"done twice: {changed}")
        return time.monotonic() - begin

    def _take_all_but(self, num_bytes: int) -> None:
        """Leave so much room on the disk of the results."""
        room = shutil.disk_usage(self._output).free
        self._ballast.write_bytes(bytes(max(0, room - num_bytes)))

    def _kill_worker(
        self, batch: subprocess.Popen[bytes], chance: random.Random, end: float
    ) -> None:
        """Kill one of the processes that do films, if there is one in time."""
        delay = time.monotonic() + chance.uniform(0, self._longest / 2)
        while time.monotonic() < min(end, delay):
            time.sleep(0.05)
        workers = [
            member
            for member in family(batch.pid)[1:]
            if b"spawn_main" in Path(f"/proc/{member}/cmdline").read_bytes()
        ]
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)

    def compare(self) -> None:
        """Compare with a batch that is left alone, and with `vsumm summarize`.

        Raises:
            BrokenError: they differ.
        """
        final = self.start(self._output)
        final.communicate()
        if final.returncode != 4:
            raise BrokenError(f"exit code {final.returncode}")
        if (files := sorted(pd.read_csv(self._output / "manifest.csv").file)) != sorted(
            map(str, self._films.iterdir())
        ):
            raise BrokenError(f"the manifest names {files}")
        mine = contents(self._output)
        if not self._once:
            self._compare_with_batch(mine)
        self._compare_with_summarize({c for n, c in mine.items() if n.endswith(".mp4")})

    def _compare_with_batch(self, mine: dict[str, bytes]) -> None:
        alone = self._folder / "alone"
        begin = time.monotonic()
        batch = self.start(alone)
        batch.communicate()
        seconds = time.monotonic() - begin
        print(f"batch left alone, {self._jobs} processes: {seconds:.0f} s")
        if batch.returncode != 4:
            raise BrokenError(f"exit code {batch.returncode}")
        theirs = contents(alone)
        if mine != theirs:
            names = [n for n in mine.keys() | theirs.keys() if mine.get(n) != theirs.get(n)]
            raise BrokenError(f"not the same: {names}")
        print(f"{len(mine)} results are the same, byte for byte")

    def _compare_with_summarize(self, reels: set[bytes]) -> None:
        output = self._folder / "summarize"
        command = [sys.executable, "-c", RUN, "summarize", str(self._films), "-o", f"{output}/"]
        options = ["--jobs", str(self._jobs), "--no-cache", "--quiet"]
        begin = time.monotonic()
        subprocess.run([*command, *options], stderr=subprocess.DEVNULL)
        print(f"vsumm summarize --jobs {self._jobs}: {time.monotonic() - begin:.0f} s")
        ones = {path.read_bytes() for path in output.glob("*.mp4")}
        if ones != reels:
            raise BrokenError(f"{len(ones ^ reels)} reels differ from those of summarize")
        print(f"{len(ones)} different reels, the same as those of summarize")


def contents(output: Path) -> dict[str, bytes]:
    """Return all results in a folder, but for the manifest and what is remembered."""
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and ".vsumm" not in path.parts and path.parent != output
    }


def _wait_for_end(members: list[int]) -> None:
    end_seconds = time.monotonic() + ORPHAN_SECONDS
    while alive := [member for member in members if Path(f"/proc/{member}").exists()]:
        if time.monotonic() > end_seconds:
            raise BrokenError(f"a child outlives the batch: {alive}")
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
