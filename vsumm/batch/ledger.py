"""What has become of every film, kept in the folder of the results.

    OUT/.vsumm/records/ab/abcd....json   one record per film, by its content and the settings
    OUT/.vsumm/seen.jsonl                what the content of which file is, to hash it only once
    OUT/.vsumm/locks                     one byte per film, locked by the process that works on it

Records are written whole or not at all, after the results that they name. The kernel releases a
lock when its process ends, however that happens. So whatever is killed, a film with a record is
done, and one without is neither lost nor half done.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from vsumm.errors import OutputError
from vsumm.files import atomic_output, make_folder, shown

State = Literal["done", "broken", "failed", "busy", "waiting"]
"""Done; cannot be summarised; could not be this time, for reasons that may pass; another batch is
working on it; nobody is yet."""

VERSION = 1
"""Of the form of records; raised when an earlier program would misread them."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FilmRecord:
    """What has become of one film."""

    path: str
    """The film, as an absolute path."""
    state: State
    """How it ended."""
    key: str = ""
    """SHA-256 of content and settings; empty where the film cannot be read."""
    sha256: str = ""
    """SHA-256 of its content; empty where it cannot be read."""
    num_bytes: int = 0
    """Its size."""
    seconds: float = 0.0
    """How long it took."""
    film_seconds: float = 0.0
    """How long it lasts; 0 where that is not known."""
    num_jobs: int = 1
    """How many films were worked on at the same time."""
    reel: str | None = None
    """The reel, relative to the folder of results."""
    summary: str | None = None
    """The summary, relative to the folder of results."""
    notes: tuple[str, ...] = ()
    """Why it is not done, or what is not as it was asked for; one line each."""


class FileFacts(NamedTuple):
    """What tells a file from the one that was there before."""

    num_bytes: int
    modified_ns: int
    inode: int


@dataclass(frozen=True)
class Seen:
    """What is known of a file without reading it again."""

    facts: FileFacts
    """The file when it was read."""
    sha256: str | None = None
    """SHA-256 of its content, once that was needed."""
    film_seconds: float | None = None
    """Its length, once that was needed; 0 where it cannot be read."""


class Ledger:
    """Records, hashes and locks of a folder of results."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self._folder = output / ".vsumm"

    def records(self) -> Iterator[FilmRecord]:
        """Yield all records; damaged ones are logged and left out."""
        for path in sorted((self._folder / "records").glob("??/*.json")):
            if record := _read(path):
                yield record

    def record(self, key: str) -> FilmRecord | None:
        """Return the record of a film, or None where there is none or its results are gone."""
        record = _read(self._path(key))
        return record if record and self.holds(record) else None

    def holds(self, record: FilmRecord) -> bool:
        """Return whether the results that a record names are there."""
        results = [name for name in (record.reel, record.summary) if name is not None]
        return all((self.output / name).is_file() for name in results)

    def write(self, record: FilmRecord) -> None:
        """Keep a record.

        Raises:
            OutputError: it cannot be written.
        """
        path = self._path(record.key)
        make_folder(path.parent)
        with atomic_output(path, overwrite=True) as partial:
            partial.write_text(write_record(record), encoding="utf-8")

    @contextmanager
    def locked(self, key: str) -> Iterator[bool]:
        """Keep other processes away from a film; yield False where one is working on it.

        Raises:
            OutputError: the file system has no locks.
        """
        make_folder(self._folder)
        with (self._folder / "locks").open("ab") as file:
            try:
                # A range of one byte, far behind the end: nothing is ever written.
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(key[:15], 16))
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    text = f"{self.output}: two batches cannot be kept apart here: {error.strerror}"
                    raise OutputError(text) from error
                yield False
            else:
                yield True

    def seen(self) -> dict[str, Seen]:
        """Return what is known of files, by their paths."""
        with suppress(FileNotFoundError), (self._folder / "seen.jsonl").open("rb") as lines:
            return read_seen(lines)
        return {}

    def see(self, path: str, seen: Seen) -> None:
        """Remember what is known of a file.

        Raises:
            OutputError: it cannot be written.
        """
        make_folder(self._folder)
        target = self._folder / "seen.jsonl"
        try:
            # The empty line ends one that was cut off; a single write does not mix with others'.
            with target.open("ab", buffering=0) as file:
                file.write(f"\n{seen_line(path, seen)}".encode())
        except OSError as error:
            raise OutputError(f"{target}: cannot be written: {error.strerror}") from error

    def _path(self, key: str) -> Path:
        return self._folder / "records" / key[:2] / f"{key}.json"


def read_record(content: bytes) -> FilmRecord:
    """Read a record.

    Raises:
        ValueError: it is damaged.
        OutputError: a later version of vsumm has written it.
    """
    document = json.loads(content)
    if isinstance(document, dict) and document.get("version", VERSION) != VERSION:
        raise OutputError(
            f"a record has version {document['version']}, this program reads {VERSION}: a later "
            "vsumm has written to this folder of results; go on with that, or name another folder"
        )
    return msgspec.convert(document, FilmRecord)


def write_record(record: FilmRecord) -> str:
    """Return the text that `read_record` reads."""
    return json.dumps({"version": VERSION, **asdict(record)})


def read_seen(lines: Iterable[bytes]) -> dict[str, Seen]:
    """Read what is known of files, by their paths; what comes later holds."""
    known: dict[str, Seen] = {}
    for line in lines:
        with suppress(ValueError):  # the last line before the power failed, for example
            path, facts, sha256, seconds = json.loads(line)
            known[path] = Seen(FileFacts(*facts), sha256, seconds)
    return known


def seen_line(path: str, seen: Seen) -> str:
    """Return a line that `read_seen` reads."""
    return json.dumps([path, seen.facts, seen.sha256, seen.film_seconds]) + "\n"


def key_of(sha256: str, settings: dict[str, Any]) -> str:
    """Return the key of a film by its content and by all that its results depend on."""
    text = json.dumps([sha256, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def facts_of(status: os.stat_result) -> FileFacts:
    """Return what tells a file from the one that was there before."""
    return FileFacts(status.st_size, status.st_mtime_ns, status.st_ino)


def _read(path: Path) -> FilmRecord | None:
    try:
        return read_record(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _logger.warning("%s: damaged record, its film is done again (%s)", shown(path), error)
        return None
