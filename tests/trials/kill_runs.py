"""Kill runs at random moments, let the disk be full, run two at once: no broken file may appear.

    python tests/trials/kill_runs.py --rounds 100 --seed 0

A short film is summarised once and remembered. Then every round is one of

    kill    `vsumm summarize` is killed with SIGKILL after a random time, on a free target or, with
            --force, on one that holds an older reel
    full    files may not grow beyond a random size, as on a full disk
    pair    two runs at the same time on the same film and the same target

and afterwards reel and summary must each be the old file, or a whole new one, or (on a free
target) missing; the film must be unchanged, no process may be left, and nothing else may lie in the
folder but hidden files of killed runs, which the next run removes. Linux only.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import av

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from films import make_film
from measure_memory import family

from vsumm import Summary

FILM_SECONDS = 20.0
OLD = b"an older file"

ORPHAN_SECONDS = 10.0
"""How long the children of a killed run may take to end."""

KINDS = ("kill", "kill", "full", "pair")
"""Rounds are drawn from these."""


class BrokenError(Exception):
    """Something is left that must not be; the message says what."""


def main() -> int:
    """Run the rounds and print the outcomes by kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    outcomes: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name))
        for number in range(arguments.rounds):
            chance = random.Random(f"{arguments.seed} {number}")
            kind = chance.choice(KINDS)
            try:
                outcome = getattr(stage, f"round_{kind}")(chance)
            except BrokenError as error:
                outcome = "BROKEN"
                print(f"round {number} ({kind}): {error}")
            outcomes[kind, outcome] += 1
        num_hidden = stage.num_hidden()
        stage.prepare(with_old=False)
        stage.finish(stage.start())
        swept = stage.num_hidden() == 0
    for (kind, outcome), count in sorted(outcomes.items()):
        print(f"{kind:5} {outcome:22} {count}")
    how = "all" if swept else "NOT all"
    print(f"{num_hidden} hidden files of killed runs, {how} removed by the next run")
    is_bad = not swept or any(outcome == "BROKEN" for _, outcome in outcomes)
    return 1 if is_bad else 0


class Stage:
    """A folder with a film and the place of its reel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "films"
        self._folder.mkdir()
        self._environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}
        self._film = make_film(
            self._folder / "film.mp4", seconds=FILM_SECONDS, size=(160, 90), flashes=[9.0]
        )
        self._bytes = self._film.read_bytes()
        self._reel = self._folder / "reel.mp4"
        self._summary = self._folder / "reel.json"
        self.finish(self.start())  # fills the cache
        self.prepare(with_old=False)
        start_seconds = time.monotonic()
        self.finish(self.start())
        self._usual_seconds = time.monotonic() - start_seconds
        self._reel_bytes = self._reel.stat().st_size

    def round_kill(self, chance: random.Random) -> str:
        """Kill a run."""
        with_old = chance.random() < 0.5
        self.prepare(with_old=with_old)
        process = self.start("--force") if with_old else self.start()
        time.sleep(chance.uniform(0, 1.1 * self._usual_seconds))
        members = family(process.pid)
        process.kill()
        process.wait()
        self._wait_for_end(members)
        return self._look(with_old=with_old)

    def round_full(self, chance: random.Random) -> str:
        """Let files grow to a random size only."""
        with_old = chance.random() < 0.5
        self.prepare(with_old=with_old)
        size = chance.randrange(1, round(1.2 * self._reel_bytes))
        options = ["--force"] if with_old else []
        process = self.start(*options, max_bytes=size)
        code, text = self.finish(process, may_fail=True)
        outcome = self._look(with_old=with_old)
        if code and text.count("\n") != 1:
            raise BrokenError(f"status {code}, and not one line: {text!r}")
        if not code and outcome != "new reel and summary":
            raise BrokenError(f"status 0, but {outcome}")
        return outcome

    def round_pair(self, chance: random.Random) -> str:
        """Run two at once; without --force the slower one is refused."""
        with_force = chance.random() < 0.5
        self.prepare(with_old=False)
        first = self.start(*(["--force"] if with_force else []))
        time.sleep(chance.uniform(0, 0.3 * self._usual_seconds))
        second = self.start(*(["--force"] if with_force else []))
        codes = [self.finish(process, may_fail=True)[0] for process in (first, second)]
        outcome = self._look(with_old=False)
        if outcome != "new reel and summary" or (with_force and any(codes)) or codes == [1, 1]:
            raise BrokenError(f"two runs end with {codes}: {outcome}")
        return outcome

    def prepare(self, *, with_old: bool) -> None:
        """Put old results where the new ones go, or nothing."""
        for path in (self._reel, self._summary):
            path.unlink(missing_ok=True)
            if with_old:
                path.write_bytes(OLD)

    def start(self, *options: str, max_bytes: int | None = None) -> subprocess.Popen[str]:
        """Start a run."""

        def limit() -> None:
            if max_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))

        code = "import sys; from vsumm.cli.program import main; sys.exit(main())"
        command = [sys.executable, "-c", code, "summarize", str(self._film), "--quiet"]
        return subprocess.Popen(
            [*command, "-o", str(self._reel), *options],
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
            preexec_fn=limit,
        )

    def finish(self, process: subprocess.Popen[str], *, may_fail: bool = False) -> tuple[int, str]:
        """Wait for a run; return its status and what it complained of."""
        _, text = process.communicate()
        if process.returncode and not may_fail:
            raise SystemExit(text)
        return process.returncode, text

    def num_hidden(self) -> int:
        """Hidden files of runs that were killed."""
        return sum(path.name.startswith(".vsumm-") for path in self._folder.iterdir())

    def _wait_for_end(self, members: list[int]) -> None:
        end_seconds = time.monotonic() + ORPHAN_SECONDS
        while any(Path(f"/proc/{member}").exists() for member in members):
            if time.monotonic() > end_seconds:
                raise BrokenError("a child outlives the run")
            time.sleep(0.01)

    def _look(self, *, with_old: bool) -> str:
        """Say what is there now.

        Raises:
            BrokenError: something that must not be there.
        """
        if self._film.read_bytes() != self._bytes:
            raise BrokenError("the film has changed")
        expected = {self._film.name, self._reel.name, self._summary.name}
        if more := [p.name for p in self._folder.iterdir()
                    if p.name not in expected and not p.name.startswith(".vsumm-")]:  # fmt: skip
            raise BrokenError(f"more files: {more}")
        found = []
        for path, check in ((self._reel, _check_reel), (self._summary, _check_summary)):
            if path.exists() and not (with_old and path.read_bytes() == OLD):
                check(path)
                found.append("reel" if path == self._reel else "summary")
            elif with_old and not path.exists():
                raise BrokenError(f"the old {path.name} is gone")
        return f"new {' and '.join(found)}" if found else "old files" if with_old else "no files"


def _check_reel(path: Path) -> None:
    try:
        with av.open(str(path)) as container:
            num_frames = sum(1 for _ in container.decode(video=0))
    except av.FFmpegError as error:
        raise BrokenError(f"the reel cannot be read: {error}") from error
    if num_frames != 50:  # 15 % of 20 s has room for one segment of 2 s, at 25 frames/s
        raise BrokenError(f"the reel has {num_frames} frames")


def _check_summary(path: Path) -> None:
    try:
        Summary.from_json(path.read_text())
    except Exception as error:
        raise BrokenError(f"the summary cannot be read: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
