"""Install vsumm as its users get it, newest packages and no constraints, and use all of it.

    python tests/trials/try_fresh_environment.py python3.12
    python tests/trials/try_fresh_environment.py python3.13 --keep ENVIRONMENT

Makes a virtual environment of the interpreter and installs the package of this folder with the
extra "text"; on Linux that brings some 5 GB, since the newest torch is the one for CUDA. Then, in
an empty folder: `vsumm demo`, `vsumm FILM`, `vsumm SOUND`, `mmva predict` of a picture, a sound and
a sentence, `vsumm doctor`. One line per command: what it was and whether it did what it should.
With --keep the environment is left, and is taken as it is the next time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent

Check = Callable[[Path, str], bool]
"""Says by the folder of the work and what was printed whether a command did what it should."""


def main() -> int:
    """Install, run every command, and return 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("python", help="the interpreter, like python3.13")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the environment stays")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        environment = (arguments.keep or Path(temporary) / "environment").absolute()
        if not environment.exists():
            install(arguments.python, environment)
        work = Path(temporary) / "work"
        work.mkdir()
        return 0 if use(environment / "bin", work) else 1


def install(python: str, environment: Path) -> None:
    """Make the environment and install this package with the newest of all that it needs."""
    start = time.monotonic()
    subprocess.run([python, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "pip"), "install", "--quiet", f"{REPOSITORY}[text]"]
    free = {**os.environ, "PIP_CONSTRAINT": ""}
    subprocess.run(pip, check=True, env=free)
    print(f"installed in {time.monotonic() - start:.0f} s")


def use(folder: Path, work: Path) -> bool:
    """Run every command of `folder` in `work`; print a line each; return whether all is well."""
    versions = (
        "import av, numpy, torch; print(av.__version__, numpy.__version__, torch.__version__)"
    )
    sample = work / "vsumm-demo" / "sample.mp4"
    commands: list[tuple[list[str], Check]] = [
        (["python", "--version"], lambda _, text: text.startswith("Python 3")),
        (["python", "-c", versions], lambda _, text: bool(text)),
        (["vsumm", "demo"], lambda at, _: (at / "vsumm-demo" / "sample.summary.mp4").exists()),
        (
            ["vsumm", str(sample), "--budget", "6s", "-o", "film.webm", "--report"],
            lambda at, _: (at / "film.webm").exists() and (at / "film.report.html").exists(),
        ),
        (
            ["vsumm", str(sample), "--by", "music", "-o", "sound.m4a"],
            lambda at, _: (at / "sound.m4a").exists(),
        ),
        (
            ["vsumm", "sound.m4a", "--budget", "50%"],
            lambda at, _: (at / "sound.summary.m4a").exists(),
        ),
        (
            ["vsumm", str(sample), "--no-reel", "--poster", "poster.jpg", "-o", "p.mp4"],
            lambda at, _: (at / "poster.jpg").exists(),
        ),
        (
            ["mmva", "predict", "poster.jpg", "sound.m4a", "a slow, sad piano piece"],
            lambda _, text: len(text.splitlines()) == 4,
        ),
        (["vsumm", "doctor"], lambda _, text: "torch" in text),
    ]
    is_well = True
    for command, is_right in commands:
        done = subprocess.run(
            [str(folder / command[0]), *command[1:]], cwd=work, capture_output=True, text=True
        )
        is_good = done.returncode == 0 and is_right(work, done.stdout)
        is_well &= is_good
        shown = done.stdout.strip() if command[0] == "python" else ""
        print("ok  " if is_good else "FAIL", " ".join(command)[:90], shown, flush=True)
        if not is_good:
            print(f"     exit code {done.returncode}: {done.stdout}{done.stderr}"[-300:])
    return is_well


if __name__ == "__main__":
    sys.exit(main())
