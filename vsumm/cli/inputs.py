"""Which files the arguments of the command line mean."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from vsumm.errors import InputError
from vsumm.files import shown, walk_films


def input_path(text: str) -> Path:
    """Read an argument that names a file or a folder.

    Raises:
        ArgumentTypeError: it names standard input or an address; the message says what to do.
    """
    if text == "-":
        raise argparse.ArgumentTypeError(
            "a film is read more than once, which standard input does not allow: "
            "write it to a file first"
        )
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        raise argparse.ArgumentTypeError(
            f"{text} is an address, and only files are read: download it first, "
            "for example with curl -O or yt-dlp"
        )
    return Path(text)


def add_exclude_option(parser: argparse.ArgumentParser) -> None:
    """Add `--exclude`."""
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out files by name, like '*.ts'; may be given again",
    )


def find_films(named: Sequence[Path], *, exclude: Sequence[str] = ()) -> list[Path]:
    """Return the named files, and of folders the films in them and below, in order of name.

    Hidden files and folders and reels of earlier runs are left out.

    Args:
        named: files and folders.
        exclude: patterns like "*.ts" or "raw/*"; a file whose name, or whose path in its folder,
            matches one is left out.

    Raises:
        InputError: a folder has no films in it, or nothing is left.
    """
    films = [path for name in named for path in _films_of(name, exclude)]
    if not films:
        raise InputError(f"--exclude leaves nothing of {', '.join(map(shown, named))}")
    return films


def _films_of(path: Path, exclude: Sequence[str]) -> Iterator[Path]:
    if not path.is_dir():
        found = {Path(path.name): path}
    else:
        found = {file.relative_to(path): file for file in sorted(walk_films(path))}
        if not found:
            raise InputError(f"{shown(path)}: there are no films in this folder")
    for inside, file in found.items():
        names = (inside.name, inside.as_posix())
        if not any(fnmatchcase(name, pattern) for name in names for pattern in exclude):
            yield file
