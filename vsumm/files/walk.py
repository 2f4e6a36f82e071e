"""Find the films in folders."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from vsumm.errors import InputError
from vsumm.files.inputs import shown

FILM_SUFFIXES = {
    ".3g2", ".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".gif", ".m2ts", ".m2v", ".m4v",
    ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".rm", ".rmvb",
    ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
}  # fmt: skip
"""Extensions, lower case, by which films in a folder are told from other files."""
RESULT = ".summary"
"""What names of reels end with before their extension; they are not summarised again."""

_logger = logging.getLogger(__name__)


def walk_films(
    folder: Path, *, leave_out: Collection[Path] = (), with_reels: bool = False
) -> Iterator[Path]:
    """Yield the films in a folder and below, those of every folder in order of name.

    Hidden files and folders and reels of earlier runs are left out. Links to folders are followed;
    no folder is entered twice, however many links lead to it. One that cannot be read is logged.

    Args:
        folder: where to begin.
        leave_out: folders that are not entered.
        with_reels: whether reels of earlier runs are wanted too.

    Raises:
        InputError: `folder` itself cannot be read.
    """
    entered = {_identity(path) for path in leave_out if path.exists()}
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            identity = _identity(here)
            if identity in entered:
                continue
            entered.add(identity)
            with os.scandir(here) as entries:
                visible = sorted(e.name for e in entries if not e.name.startswith("."))
        except OSError as error:
            text = f"{shown(here)}: cannot be read: {(error.strerror or '').lower()}"
            if here == folder:
                raise InputError(text) from error
            _logger.warning("%s", text)
            continue
        folders = []
        for path in (here / name for name in visible):
            is_film = path.suffix.lower() in FILM_SUFFIXES
            is_wanted = is_film and (with_reels or not path.stem.endswith(RESULT))
            # Unlike those of Path these raise nothing where they may not look.
            if is_wanted and os.path.isfile(path):  # noqa: PTH113
                yield path
            elif os.path.isdir(path):  # noqa: PTH112
                folders.append(path)
        waiting.extend(reversed(folders))


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
