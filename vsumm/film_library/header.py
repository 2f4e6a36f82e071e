"""The folder of a library: its header, its lock, and how errors of its store are told."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import msgspec

from vsumm.errors import LibraryError, NoRoomError, VsummError
from vsumm.files import atomic_output, is_no_room, shown
from vsumm.film_library.schema import SCHEMA_VERSION

HEADER_NAME = "library.json"


@dataclass(frozen=True)
class Header:
    """What a library was made with."""

    schema_version: int
    """`SCHEMA_VERSION` at the time of writing."""
    model: str
    """Name or folder of the model."""
    fingerprint: str
    """`mmva_core.store.model_fingerprint` of the model."""
    widths: dict[str, int]
    """Sizes of the embeddings."""
    segments: str = "segments"
    """Name of the table of segments: a new one where the library was migrated."""


def load_lancedb() -> ModuleType:
    """Return the store's package, which is an extra."""
    os.environ.setdefault("LANCEDB_LOG", "error")  # or it tells of every table that it makes
    import lancedb  # here, since it is an extra and costs half a second

    return lancedb


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process writes to a library, and keep others from it.

    Raises:
        NoRoomError: the disk is full.
        LibraryError: the file system has no locks, or the folder cannot be written to.
    """
    try:
        with (folder / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise _told(folder, error, "cannot be written: ") from error


@contextmanager
def as_library_error(folder: Path) -> Iterator[None]:
    """Turn errors of the store, which are OSError, ValueError or RuntimeError, into one line.

    Raises:
        NoRoomError: the disk is full.
        LibraryError: anything else.
    """
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        raise _told(folder, error) from error


def _told(folder: Path, error: Exception, what: str = "") -> VsummError:
    # LanceDB tells errors of the system as text.
    numbers = map(int, re.findall(r"\(os error (\d+)\)", str(error)))
    if any(map(is_no_room, (getattr(error, "errno", None), *numbers))):
        return NoRoomError(f"{shown(folder)}: cannot be written: no space left for it")
    return LibraryError(f"{shown(folder)}: {what}{reason(error)}")


def reason(error: Exception) -> str:
    """Return in one line what went wrong."""
    text = getattr(error, "strerror", None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__


def read_header(folder: Path) -> Header:
    """Return what a library was made with.

    Raises:
        LibraryError: there is none, it is damaged, or it is of a later version.
    """
    path = folder / HEADER_NAME
    try:
        header = msgspec.json.decode(path.read_bytes(), type=Header)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LibraryError(
            f"{shown(folder)}: there is no library; make one with vsumm library add"
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise LibraryError(f"{shown(path)}: damaged: {reason(error)}") from error
    if header.schema_version > SCHEMA_VERSION:
        raise LibraryError(
            f"{shown(folder)}: its version is {header.schema_version}, this program knows up to "
            f"{SCHEMA_VERSION}: update vsumm"
        )
    return header


def write_header(folder: Path, header: Header) -> None:
    """Replace the header of a library in one step."""
    with atomic_output(folder / HEADER_NAME, overwrite=True) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(header), indent=2))
