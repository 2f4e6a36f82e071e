"""Sources of an index: files of a folder or a table, and sentences."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mmva_core.config import MODALITIES, Modality
from mmva_core.errors import DataError
from mmva_core.store import sha256_file

AUDIO_SUFFIXES = frozenset(
    f".{name}"
    for name in "aac aif aiff flac m4a mka mp2 mp3 oga ogg opus wav wma".split()  # noqa: SIM905
)
"""Suffixes of music files."""
IMAGE_SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
"""Suffixes of picture files."""


@dataclass(frozen=True)
class Source:
    """A file or sentence to index."""

    name: str
    """Name of the file relative to the folder or table, or the sentence."""
    modality: Modality
    """Modality of the content."""
    path: Path | None = None
    """Path of the file; None for a sentence."""

    def content_hash(self) -> str:
        """Hash modality and content.

        Raises:
            DataError: the file cannot be read.
        """
        if self.path is None:
            content = self.name
        else:
            try:
                content = sha256_file(self.path)
            except OSError as error:
                raise DataError(f"cannot read {self.path}: {error.strerror}") from error
        return hashlib.sha256(f"{self.modality} {content}".encode()).hexdigest()


def find_sources(folder: Path, modalities: Sequence[Modality] = ("music", "image")) -> list[Source]:
    """List the music and pictures in a folder and its sub-folders by their suffixes, sorted.

    Hidden files and folders are left out, and sub-folders that cannot be read, which
    `closed_folders` names.

    Raises:
        DataError: there is no such folder, it cannot be read, or it holds no such files.
    """
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    if str(folder) in closed_folders(folder):
        raise DataError(f"{folder}: this folder cannot be read: permission denied")
    sources = []
    for path in sorted(folder.rglob("*")):
        modality = modality_of_name(path)
        relative = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in relative.parts)
        if modality in modalities and not is_hidden and path.is_file():
            sources.append(Source(relative.as_posix(), cast(Modality, modality), path))
    if not sources:
        raise DataError(f"{folder} holds no {' and no '.join(modalities)} to index")
    return sources


def closed_folders(folder: Path) -> list[str]:
    """Return the names of those of a folder and its sub-folders that cannot be read."""
    closed: list[OSError] = []
    for _ in os.walk(folder, onerror=closed.append):
        pass
    return [str(error.filename) for error in closed]


def read_sources(table: Path) -> list[Source]:
    """Read a CSV table of sources.

    It has a column `file` (names relative to the table, or absolute), a column `text` (sentences),
    or both; empty cells are skipped. A column `modality` gives the modality of files with other
    suffixes.

    Raises:
        DataError: the table cannot be read, is empty, or names a file of unknown modality.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read the table {table}: {error}") from error
    sources = [source for row in rows for source in _sources_of_row(row, table)]
    if not sources:
        raise DataError(f"{table} names nothing to index: it needs a column 'file' or 'text'")
    return sources


def modality_of_name(path: Path) -> Modality | None:
    """Return the modality of a file by its suffix.

    >>> modality_of_name(Path("song.MP3")), modality_of_name(Path("notes.txt"))
    ('music', None)
    """
    suffix = path.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        return "music"
    return "image" if suffix in IMAGE_SUFFIXES else None


def _sources_of_row(row: Mapping[str, str | None], table: Path) -> Iterator[Source]:
    text, name = (row.get("text") or "").strip(), (row.get("file") or "").strip()
    if text:
        yield Source(text, "caption")
    if name:
        stated = (row.get("modality") or "").strip()
        modality = stated or modality_of_name(Path(name))
        if modality not in MODALITIES or modality == "caption":
            raise DataError(
                f"{table}: cannot tell whether {name} is music or image; say so in the column "
                "'modality'"
            )
        yield Source(name, cast(Modality, modality), table.parent / name)
