"""Files that could not be added: remembered, so that they are not opened again every time.

    LIB/broken.jsonl      a line per file: its path, what it was like, and why it is broken

A file is tried again once it was changed, replaced or given other rights, or by another version of
vsumm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from vsumm._version import __version__
from vsumm.files import atomic_output
from vsumm.film_library.header import as_library_error

BROKEN_NAME = "broken.jsonl"

Stamp = list[int | str]
"""Inode, size, times of the last change of content and of status, version of vsumm."""


class BrokenFiles:
    """The files that could not be added to a library."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / BROKEN_NAME
        self._stamps: dict[Path, Stamp | None] = {}
        self._known: dict[Path, tuple[Stamp, str]] = {}
        with as_library_error(folder):
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        for line in lines:
            try:
                name, stamp, note = json.loads(line)
            except ValueError:  # a line that a process that was killed has not finished
                continue
            self._known[Path(name)] = stamp, note

    def why(self, path: Path) -> str | None:
        """Return why a file cannot be read; None where that is not known of the file as it is."""
        stamp = self._stamps[path] = _stamp(path)
        known, note = self._known.get(path, (None, None))
        return note if stamp == known else None

    def remember(self, path: Path, note: str) -> None:
        """Keep why a file could not be read that was as `why` saw it.

        Raises:
            NoRoomError: the disk is full.
            LibraryError: it cannot be written.
        """
        if (stamp := self._stamps[path]) is None:
            return
        self._known[path] = stamp, note
        with as_library_error(self._folder), self._path.open("ab", buffering=0) as file:
            # The first newline ends a line that was cut off; one write does not mix with others'.
            file.write(b"\n" + _line(path, stamp, note))

    def forget_changed(self) -> None:
        """Keep in the file only what still holds; for whoever has locked the library."""
        kept = {path: known for path, known in self._known.items() if _stamp(path) == known[0]}
        if self._path.exists():
            with as_library_error(self._folder), atomic_output(self._path, overwrite=True) as new:
                new.write_bytes(_text(kept.items()))


def _text(known: Iterable[tuple[Path, tuple[Stamp, str]]]) -> bytes:
    return b"".join(_line(path, stamp, note) for path, (stamp, note) in known)


def _line(path: Path, stamp: Stamp, note: str) -> bytes:
    return json.dumps([str(path), stamp, note]).encode("ascii") + b"\n"


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    times = [status.st_mtime_ns, status.st_ctime_ns]
    return [status.st_ino, status.st_size, *times, __version__]
