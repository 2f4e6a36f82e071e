"""Cut the same reels with two versions of the program and compare them byte for byte.

    python tests/trials/compare_reels.py BEFORE AFTER FILM ... [--options="--fast"] [--keep FOLDER]
    python tests/trials/compare_reels.py BEFORE_REELS AFTER_REELS

BEFORE and AFTER are source trees, folders that hold `vsumm/`, and every FILM is summarised by both
with every set of options; each tree has a cache of its own. Folders without `vsumm/` are taken as
folders of reels, and what lies in them is compared. One line per file says "same", "differs" or
where it is missing; of reels that differ, how many pictures and samples do. The exit code is 1
if any file is not the same. With `--keep`, reels stay in FOLDER, and those that are there already
are not cut again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av

COMMAND = "import sys; from vsumm.cli import main; sys.exit(main())"
SUMMARY_SUFFIX = ".json"
"""Summaries hold paths and settings that may rightly change; only reels are compared."""


def main(argv: Sequence[str] | None = None) -> int:
    """Cut, compare, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("films", nargs="*", type=Path, metavar="FILM")
    parser.add_argument(
        "--options",
        action="append",
        metavar="TEXT",
        help="options of `vsumm summarize` for one more reel of every film, in one argument",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the reels stay")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        keep = args.keep or Path(temporary)
        folders = [
            reels_of(tree, keep / side, args.films, args.options or [""])
            for side, tree in (("before", args.before), ("after", args.after))
        ]
        is_same = True
        for name, verdict in compare(*folders):
            print(f"{verdict:8}  {name}", flush=True)
            is_same &= verdict == "same"
    return 0 if is_same else 1


def reels_of(tree: Path, folder: Path, films: Sequence[Path], options: Sequence[str]) -> Path:
    """Return a folder of reels: `tree` itself, or `folder` with what this version cuts."""
    if not (tree / "vsumm").is_dir():
        return tree
    if not films:
        raise SystemExit(f"{tree}: name the films that this version shall summarise")
    for text in options:
        for film in films:
            name = f"{film.stem} {text}".strip().replace(os.sep, "_")
            cut(tree.resolve(), film.resolve(), folder / f"{name}.mp4", shlex.split(text))
    return folder


def cut(tree: Path, film: Path, reel: Path, options: Sequence[str]) -> None:
    """Cut one reel with one version; where it fails, keep what it says in place of the reel."""
    failure = reel.with_suffix(".txt")
    if reel.exists() or failure.exists():
        return
    reel.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "summarize", film, "--quiet", "-o", reel, *options],
        env=os.environ
        | {"PYTHONPATH": str(tree), "XDG_CACHE_HOME": str(reel.parent.resolve() / "cache")},
        cwd=reel.parent,  # the version of the working folder is not meant
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        failure.write_text(f"{done.returncode}\n{done.stderr.replace(str(reel.parent), '')}")


def compare(before: Path, after: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of every reel of two folders with what its comparison has shown."""
    names = {path.name for folder in (before, after) for path in folder.iterdir() if path.is_file()}
    for name in sorted(name for name in names if not name.endswith(SUMMARY_SUFFIX)):
        first, second = before / name, after / name
        if not first.exists() or not second.exists():
            yield name, f"only in {before if first.exists() else after}"
        elif digest(first) == digest(second):
            yield name, "same"
        else:
            yield name, f"differs ({differences(first, second)})"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(first: Path, second: Path) -> str:
    """Say how many decoded pictures and blocks of sound of two reels differ."""
    if first.suffix == ".txt":
        return f"{first.read_text()!r} and {second.read_text()!r}"
    counts = []
    for kind in ("video", "audio"):
        blocks = decoded(first, kind), decoded(second, kind)
        num_different = sum(a != b for a, b in zip(*blocks, strict=False))
        counts.append(f"{kind}: {num_different} of {len(blocks[0])} and {len(blocks[1])} frames")
    return ", ".join(counts)


def decoded(path: Path, kind: str) -> list[tuple[int | None, str]]:
    """Return time stamp and SHA-256 of every decoded frame of one kind."""
    with av.open(str(path)) as container:
        if not [stream for stream in container.streams if stream.type == kind]:
            return []
        return [
            (frame.pts, hashlib.sha256(b"".join(map(bytes, frame.planes))).hexdigest())
            for frame in container.decode(**{kind: 0})
        ]


if __name__ == "__main__":
    sys.exit(main())
