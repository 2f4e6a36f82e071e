"""Results on an object store, by fsspec: s3://, gs://, az:// and whatever else it reaches.

    film ──> results in a temporary folder ──> put ──> and last, put its record

An object is there whole or not at all, and a record comes after the results that it names: so a
film with a record is done, as on a disk, and whatever is killed, none is half done. But object
stores have no locks. Two batches on one URL do films twice, and the later results, which are the
same, replace the earlier ones.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from vsumm.batch.ledger import FilmRecord, Seen, read_record, read_seen, seen_line, write_record
from vsumm.errors import OutputError

RECORDS, SEEN = ".vsumm/records", ".vsumm/seen.jsonl"
"""Where records and what is known of files lie, as `Ledger` has them."""

_logger = logging.getLogger(__name__)


def url_of(output: str) -> str | None:
    """Return a folder of results as the URL of a store, or None where it is a path.

    >>> url_of("s3://bucket/reels/"), url_of("reels"), url_of("file:///tmp/reels")
    ('s3://bucket/reels', None, None)
    """
    is_path = "://" not in output or output.startswith("file://")
    return None if is_path else output.rstrip("/")


def path_of(output: str) -> Path:
    """Return a folder of results as a path.

    >>> path_of("file:///tmp/my%20reels")
    PosixPath('/tmp/my reels')
    """
    return Path(unquote(urlsplit(output).path) if output.startswith("file://") else output)


class Store:
    """Records and results of a folder on an object store.

    Args:
        url: of the folder.

    Raises:
        OutputError: there is no such store, or what reaches it is not installed.
    """

    def __init__(self, url: str) -> None:
        import fsspec  # here, since a folder of this machine does not need it

        self.url = url
        self._new: dict[str, Seen] = {}
        try:
            with self._told("cannot be reached"):
                self._fs, self._root = fsspec.core.url_to_fs(url)
        except ImportError as error:  # fsspec says which package is missing
            raise OutputError(f"{url}: {error}") from error

    def records(self) -> Iterator[FilmRecord]:
        """Yield all records; damaged ones are logged and left out."""
        with self._told("cannot be read"):
            names = [name for name in self._names if name.startswith(f"{RECORDS}/")]
            paths = {f"{self._root}/{name}": name for name in sorted(names)}
            contents = self._fs.cat(list(paths)) if paths else {}
        for path, name in paths.items():
            try:
                yield read_record(contents[path])
            except ValueError as error:
                _logger.warning("%s: damaged record, its film is done again (%s)", name, error)

    def holds(self, record: FilmRecord) -> bool:
        """Return whether the results that a record names were there at first sight."""
        return {record.reel, record.summary} - {None} <= self._names

    def seen(self) -> dict[str, Seen]:
        """Return what is known of files, by their paths."""
        with self._told("cannot be read"):
            is_there = SEEN in self._names
            content = self._fs.cat_file(f"{self._root}/{SEEN}") if is_there else b""
        return read_seen(content.splitlines()) | self._new

    def see(self, path: str, seen: Seen) -> None:
        """Remember what is known of a file, until `save` puts it on the store."""
        self._new[path] = seen

    def save(self) -> None:
        """Put what is known of files on the store.

        Raises:
            OutputError: it cannot be written.
        """
        lines = [seen_line(path, seen) for path, seen in self.seen().items()]
        with self._told("cannot be written"):
            self._put(SEEN, "".join(lines).encode())

    def put(self, folder: Path, record: FilmRecord) -> None:
        """Put the results of a film on the store, then its record.

        Args:
            folder: what lies in it, but for what is hidden, are its results.
            record: what became of it.

        Raises:
            OutputError: they cannot be written.
        """
        with self._told("cannot be written"):
            for path in sorted(folder.glob("[!.]*/**/*")):
                if path.is_file():
                    target = f"{self._root}/{path.relative_to(folder).as_posix()}"
                    self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
                    self._fs.put_file(str(path), target)
            content = write_record(record).encode()
            self._put(f"{RECORDS}/{record.key[:2]}/{record.key}.json", content)

    def put_file(self, path: Path) -> None:
        """Put a file in the folder, under its own name.

        Raises:
            OutputError: it cannot be written.
        """
        with self._told("cannot be written"):
            self._put(path.name, path.read_bytes())

    @cached_property
    def _names(self) -> set[str]:
        """The names of all objects in the folder."""
        self._fs.invalidate_cache()  # it may know a list from before other processes wrote
        names = self._fs.find(self._root)
        return {name.removeprefix(f"{self._root}/") for name in names}

    def _put(self, name: str, content: bytes) -> None:
        target = f"{self._root}/{name}"
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._fs.pipe_file(target, content)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn errors of a store, each of which has its own kinds, into one line."""
        try:
            yield
        except (ImportError, OutputError):
            raise
        except Exception as error:
            raise OutputError(f"{self.url}: {what}: {_first_line(error)}") from error


def _first_line(error: Any) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
