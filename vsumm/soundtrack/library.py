"""Find music: in an index, in a folder, in a playlist or in one file.

An index is used as it is. The others are indexed once, into the user's cache; as long
as the names, sizes and times of their files stay, neither a file is read again nor torch loaded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from mmva_core.errors import CheckpointError, MmvaError
from mmva_core.retrieval import (
    HEADER_NAME,
    RetrievalIndex,
    Source,
    build_index,
    closed_folders,
    find_sources,
    load_index,
    modality_of_name,
)
from mmva_core.store import model_fingerprint
from vsumm.errors import InputError, ModelError, OutputError
from vsumm.files import MusicCache, atomic_output, default_cache_folder, shown
from vsumm.words import counted

PLAYLIST_SUFFIXES = (".m3u", ".m3u8")
MOST_NAMED = 3
"""Files that a line names."""


@dataclass(frozen=True)
class Library:
    """Music that can be chosen from."""

    index: Path
    """Folder of its index."""
    notes: tuple[str, ...] = ()
    """What of it cannot be chosen, and why, one line each."""


def open_library(path: Path, model: str, *, progress: bool = False) -> Library:
    """Open an index of music, or make one of a folder, a playlist or one track.

    Args:
        path: a folder that `mmva index` made; a folder of music; a playlist, .m3u or .m3u8; or a
            sound file.
        model: name of the model that pictures are judged by.
        progress: whether to show a bar on stderr while music is encoded.

    Raises:
        InputError: there is no music, it cannot be read, or the index is of another model.
        ModelError: the model cannot be loaded.
        OutputError: the index cannot be written.
    """
    problems: tuple[str, ...] = ()
    try:
        fingerprint = model_fingerprint(model)
        if (path / HEADER_NAME).is_file():
            folder = path
            index = load_index(path)
            if index.header.fingerprint != fingerprint:
                raise InputError(
                    f"{shown(path)}: this index was made with another model than {model!r} is "
                    "now: run mmva index again"
                )
        else:
            folder, problems = _indexed(path, model, fingerprint, progress=progress)
            index = load_index(folder)
    except CheckpointError as error:
        raise ModelError(str(error)) from error
    except MmvaError as error:
        raise InputError(str(error)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{shown(error.filename or path)}: cannot be written: {reason}"
        ) from error
    return Library(folder, (*problems, *_check(path, index)))


def read_library(folder: Path) -> RetrievalIndex:
    """Read an index of music; that which was read last only if it was written anew.

    Raises:
        InputError: there is none, or it is damaged.
    """
    try:
        return _read(folder, _identity(folder / HEADER_NAME))
    except MmvaError as error:
        raise InputError(str(error)) from error


def tracks_in(index: RetrievalIndex, folder: Path) -> list[int]:
    """Return the positions of the tracks that can be chosen.

    Args:
        index: music.
        folder: where the index lies.

    Raises:
        InputError: none of its files is there any more.
    """
    root = Path(index.header.root)
    positions = [
        position
        for position, item in enumerate(index.items)
        if item.modality == "music" and not item.is_speech
        # A third of what Path takes, for thousands of tracks and every film of a batch.
        if os.path.isfile(os.path.join(root, item.name))  # noqa: PTH113, PTH118
    ]
    if not positions:
        raise InputError(f"{shown(root)}: none of the music of the index {shown(folder)} is there")
    return positions


def library_fingerprint(folder: Path) -> str:
    """Return a hash of all in an index that the choice of music depends on.

    It tells the tracks that are there, where they lie, what they contain, and their curves.

    Raises:
        InputError: the index cannot be read, or none of its files is there any more.
    """
    index = read_library(folder)
    return _fingerprint(index, tuple(tracks_in(index, folder)))


def _check(path: Path, index: RetrievalIndex) -> list[str]:
    """Check that there is music in an index; return what cannot be chosen."""
    tracks = [item for item in index.items if item.modality == "music"]
    spoken = [item.name for item in tracks if item.is_speech]
    if len(spoken) == len(tracks):
        what = "only speech" if spoken else "no music"
        raise InputError(f"{shown(path)}: there is {what} in it")
    notes = [f"{shown(path)}: left out, speech: {_named(spoken)}"] if spoken else []
    if any(item.speech is None for item in tracks):
        notes.append(
            f"{shown(path)}: this index does not tell speech from music; run mmva index again"
        )
    return notes


def _indexed(
    path: Path, model: str, fingerprint: str, *, progress: bool
) -> tuple[Path, tuple[str, ...]]:
    """Return the index of a folder or playlist in the cache, and what is not in it."""
    sources, notes = _sources(path)
    root = path if path.is_dir() else path.parent
    listing = [_facts(source) for source in sources]
    key = hashlib.sha256(f"{path.resolve()} {fingerprint}".encode("utf-8", "surrogateescape"))
    folder, memory = MusicCache(default_cache_folder()).place_of(key.hexdigest())
    known = _remembered(memory)
    if known is None or known.listing != listing or not (folder / HEADER_NAME).is_file():
        report = build_index(sources, folder, model, root=root, device="auto", progress=progress)
        known = _Memory(listing, list(report.problems))
        with atomic_output(memory, overwrite=True) as partial:
            partial.write_bytes(msgspec.json.encode(known))
    if known.problems:
        broken = [problem.partition(": ")[0] for problem in known.problems]
        notes.append(f"{shown(path)}: left out, cannot be read: {_named(broken)}")
    return folder, tuple(notes)


class _Memory(msgspec.Struct):
    """What an index in the cache was made of."""

    listing: list[tuple[str, int, int]]
    problems: list[str]


def _remembered(memory: Path) -> _Memory | None:
    try:
        return msgspec.json.decode(memory.read_bytes(), type=_Memory)
    except (OSError, msgspec.DecodeError):
        return None


def _facts(source: Source) -> tuple[str, int, int]:
    """Return the name of a file, its size and its time; zeros where there is no such file."""
    assert source.path is not None, "music lies in files"
    try:
        status = source.path.stat()
    except OSError:
        return source.name, 0, 0
    return source.name, status.st_size, status.st_mtime_ns


def _sources(path: Path) -> tuple[list[Source], list[str]]:
    """Return the music of a folder or playlist, and what cannot be read."""
    if path.suffix.lower() in PLAYLIST_SUFFIXES and not path.is_dir():
        return _read_playlist(path)
    if path.is_file() and modality_of_name(path) == "music":
        return [Source(path.name, "music", path)], []
    if not path.is_dir():
        what = "is no sound file, folder, index or playlist (.m3u, .m3u8)"
        what = what if path.exists() else "is missing"
        raise InputError(f"{shown(path)}: {what}; name music to choose from")
    sources, names = find_sources(path, ("music",)), closed_folders(path)
    notes = [f"{shown(path)}: folders that cannot be read: {_named(names)}"] if names else []
    return sources, notes


def _read_playlist(path: Path) -> tuple[list[Source], list[str]]:
    """Read the files that a playlist names, relative to it or absolute, each once."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{shown(path)}: cannot be read: {reason}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # what .m3u was before .m3u8 was made for UTF-8
    lines = (line.strip() for line in text.splitlines())
    names = dict.fromkeys(line for line in lines if line and not line.startswith("#"))
    streams = [name for name in names if "://" in name]
    files = [Source(name, "music", path.parent / name) for name in names if "://" not in name]
    if not files:
        raise InputError(f"{shown(path)}: this playlist names no file")
    notes = [f"{shown(path)}: left out, no files: {_named(streams)}"] if streams else []
    return files, notes


def _named(names: Sequence[str]) -> str:
    """Return the first names, and how many there are more."""
    rest = len(names) - MOST_NAMED
    first = ", ".join(map(shown, names[:MOST_NAMED]))
    return f"{first} and {counted(rest, 'more file')}" if rest > 0 else first


@lru_cache(maxsize=1)
def _read(folder: Path, identity: tuple[int, ...] | None) -> RetrievalIndex:
    return load_index(folder)


def _identity(path: Path) -> tuple[int, ...] | None:
    """Return what tells a file from the one that replaces it; None where it cannot be looked at."""
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return None


@lru_cache(maxsize=1)
def _fingerprint(index: RetrievalIndex, positions: tuple[int, ...]) -> str:
    header = (index.header.root, index.header.fingerprint, index.header.sigma)
    items = [index.items[position] for position in positions]
    content = hashlib.sha256(msgspec.json.encode((header, items)))
    for position in positions:
        content.update(index.va[slice(*index.offsets[position : position + 2])].tobytes())
    return content.hexdigest()
