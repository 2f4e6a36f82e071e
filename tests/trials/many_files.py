"""Measure what folders of many tiny files cost that are no films.

    python tests/trials/many_files.py --files 100000 --seed 0

The files are empty, or hold a line of text, in nested folders, some with a newline in their names;
every tenth is called .mp4. Links lead from the folders back to the first. `vsumm batch --dry-run`
looks at them, `vsumm library add` tries to add those that are called films, and both do it again.
What they print, their CPU time with that of their processes, and the memory of the largest of these
are printed. Linux only.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from tiny_files import make_tiny_files

PRINTED = ("out.txt", "err.txt")


def main() -> int:
    """Make the files, run the commands, print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        num_films = make_tiny_files(work / "files", arguments.files, random.Random(arguments.seed))
        print(f"{arguments.files} files, {num_films} of them called films")
        batch = ["batch", work / "files", "-o", work / "out", "--dry-run"]
        library = ["library", "add", work / "files", "--library", work / "lib", "--no-cache"]
        for command in (batch, library):
            for _ in range(2):
                print(measured(work, command), flush=True)
    return 0


def measured(work: Path, command: list[str | Path]) -> str:
    """Run `vsumm` with arguments; return what it cost and how much it printed."""
    program = [sys.executable, "-m", "vsumm", *command]
    with (work / PRINTED[0]).open("wb") as out, (work / PRINTED[1]).open("wb") as err:
        process = subprocess.Popen(program, stdout=out, stderr=err)
        # Unlike those of `resource` these figures are of this process and of those it waited for.
        _, status, usage = os.wait4(process.pid, 0)
    printed, complained = ((work / name).read_bytes().count(b"\n") for name in PRINTED)
    return (
        f"vsumm {command[0]}: exit code {os.waitstatus_to_exitcode(status)}, "
        f"{usage.ru_utime + usage.ru_stime:.1f} s of CPU time, {usage.ru_maxrss / 1e3:.0f} MB, "
        f"{printed} lines, {complained} on stderr"
    )


if __name__ == "__main__":
    sys.exit(main())
