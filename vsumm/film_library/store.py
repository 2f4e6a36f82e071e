"""The store: two tables of LanceDB in a folder, an embedded database that needs no server.

    LIB/library.json      version of the tables, and the model that measured
    LIB/lock              locked by the process that writes
    LIB/adding            the film that is being added: if nobody holds the lock, not to the end
    LIB/broken.jsonl      files that could not be added, see `vsumm.film_library.broken`
    LIB/films.lance       see `vsumm.film_library.schema`
    LIB/segments.lance

LanceDB writes new files and then, in one step, a list of those that count: who is killed before
that has changed nothing. A film counts once it is among the films, which is written last; segments
of a film that is not there are never shown, and are removed when it is added or by `upkeep.py`.
Writers take turns by a lock, which the kernel releases when one dies; readers need none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmva_core.errors import MmvaError
from mmva_core.store import model_fingerprint
from vsumm.errors import LibraryError, ModelError
from vsumm.files import make_folder, shown
from vsumm.film_library.header import (
    HEADER_NAME,
    Header,
    as_library_error,
    load_lancedb,
    locked,
    read_header,
    write_header,
)
from vsumm.film_library.migrate import migrate
from vsumm.film_library.schema import (
    CHECKED,
    SCHEMA_VERSION,
    films_schema,
    rows_of_vectors,
    segments_schema,
)

if TYPE_CHECKING:
    import pyarrow as pa

MARKER_NAME = "adding"


@dataclass(frozen=True)
class FilmRow:
    """One film of a library."""

    sha256: str
    """SHA-256 of its content."""
    path: Path
    """Where it was seen last, absolute."""
    num_bytes: int
    """Its size."""
    modified_ns: int
    """When the file was changed last, nanoseconds since 1970."""
    duration_seconds: float
    """How long it lasts."""
    num_segments: int
    """How many segments it has."""
    audio_track: int | None
    """Which audio track was heard; None where there is none."""
    title: str | None
    """Title tag of the container, where there is one."""
    recorded: str
    """Day on which it was recorded, "2019-05-01": by the container, or else by the file."""
    shots: tuple[float, ...]
    """First instants of its shots but the first, seconds."""
    notes: tuple[str, ...]
    """What a reader should know, one line each."""
    checksum: str
    """Of its segments, see `checksum_of`."""
    added: str
    """When it was added, UTC."""
    gone_since: str | None = None
    """When it was missed first, UTC; None: it is there."""


class Library:
    """A library that is open; see `open_library`."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.header = header
        always = timedelta(0)  # every read sees what other processes have written
        self._database = load_lancedb().connect(folder, read_consistency_interval=always)

    @cached_property
    def films_table(self) -> Any:
        """The table of films."""
        return self._database.open_table("films")

    @cached_property
    def segments_table(self) -> Any:
        """The table of segments."""
        return self._database.open_table(self.header.segments)

    def films(self, among: Collection[str] | None = None) -> dict[str, FilmRow]:
        """Return films by SHA-256: all of them, or those among some hashes that are there."""
        search = self.films_table.search().limit(None)
        if among is not None:
            hashes = ", ".join(f"'{sha256}'" for sha256 in sorted(among))
            search = search.where(f"sha256 IN ({hashes or 'NULL'})")
        return {row["sha256"]: _film_of(row) for row in search.to_arrow().to_pylist()}

    def add(self, film: FilmRow, segments: pa.Table) -> bool:
        """Keep a film with its segments; return False where another process was faster.

        Raises:
            NoRoomError: the disk is full.
            LibraryError: it cannot be written.
        """
        with self.writing():
            self.clear_up()
            if self.films_table.count_rows(f"sha256 = '{film.sha256}'"):
                return False
            self._add_signals(self.segments_table, segments.schema)
            marker = self.folder / MARKER_NAME
            marker.write_text(film.sha256, encoding="ascii")
            self.segments_table.add(segments)
            self.films_table.add(_films_arrow([film]))
            marker.unlink()
        return True

    def update(self, films: Sequence[FilmRow]) -> None:
        """Replace the rows of films that are there.

        Raises:
            NoRoomError: the disk is full.
            LibraryError: it cannot be written.
        """
        if films:
            with self.writing():
                merge = self.films_table.merge_insert("sha256").when_matched_update_all()
                merge.execute(_films_arrow(films))

    def remove(self, sha256s: Sequence[str]) -> None:
        """Forget films, the films first, so that half of one is never shown."""
        for sha256 in sha256s:
            with self.writing():
                self.films_table.delete(f"sha256 = '{sha256}'")
                self.segments_table.delete(f"film = '{sha256}'")

    def clear_up(self) -> None:
        """Remove the segments that a process that was killed added without their film."""
        marker = self.folder / MARKER_NAME
        with suppress(FileNotFoundError):
            sha256 = marker.read_text(encoding="ascii")
            if not self.films_table.count_rows(f"sha256 = '{sha256}'"):
                self.segments_table.delete(f"film = '{sha256}'")
            marker.unlink()

    def _add_signals(self, table: Any, schema: pa.Schema) -> None:
        """Add the columns of signals that there were not when the library was made."""
        known = set(table.schema.names)
        fields = [field for field in schema if field.name not in known]
        if fields:
            table.add_columns(fields)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers away, and turn errors of the store into one line.

        Raises:
            NoRoomError: the disk is full.
            LibraryError: it cannot be written.
        """
        with locked(self.folder), as_library_error(self.folder):
            read_header(self.folder)  # a later program may have migrated it
            yield

    def rows_of(self, sha256: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the segments of a film, chronological."""
        search = self.segments_table.search().where(f"film = '{sha256}'").limit(None)
        if columns is not None:
            search = search.select([*columns])
        return search.to_arrow().sort_by("number")

    @property
    def num_bytes(self) -> int:
        """How much room its files take."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def open_library(folder: str | os.PathLike[str]) -> Library:
    """Open a library.

    Raises:
        LibraryError: there is none, it is damaged, or it is of a later version.
    """
    path = Path(folder)
    with as_library_error(path):
        return Library(path, migrate(path, read_header(path)))


def make_library(
    folder: str | os.PathLike[str], *, model: str, widths: Mapping[str, int], signals: Sequence[str]
) -> Library:
    """Open a library, or make it where there is none.

    Args:
        folder: where; made if it is missing.
        model: name or folder of the model that measures.
        widths: sizes of the embeddings, by the names of `VECTORS`.
        signals: names of the signals.

    Raises:
        LibraryError: it is damaged, of a later version, or was made with another model.
        ModelError: there is no such model.
    """
    path = Path(folder)
    try:
        fingerprint = model_fingerprint(model)
    except MmvaError as error:
        raise ModelError(str(error)) from error
    make_folder(path)
    with locked(path), as_library_error(path):
        if not (path / HEADER_NAME).exists():
            others = {file.name for file in path.iterdir()} - _OURS
            if others:
                raise LibraryError(f"{shown(path)}: this folder holds something else, no library")
            database = load_lancedb().connect(path)
            schemas = {"films": films_schema(), "segments": segments_schema(signals, widths)}
            for name, schema in schemas.items():
                database.create_table(name, schema=schema, mode="overwrite")
            header = Header(SCHEMA_VERSION, model, fingerprint, dict(widths))
            write_header(path, header)
    library = open_library(path)
    if library.header.fingerprint != fingerprint:
        raise LibraryError(
            f"{shown(path)}: it was made with another model ({library.header.model}): embeddings "
            f"of two models cannot be compared"
        )
    return library


_OURS = {"lock", "films.lance", "segments.lance"}
"""What a process that was killed leaves of a library that it was making."""


def checksum_of(segments: pa.Table) -> str:
    """Return what tells whether times or embeddings of a film, chronological, were changed."""
    digest = hashlib.sha256()
    for name in ("number", "start_seconds", "end_seconds"):
        digest.update(segments[name].to_numpy().tobytes())
    for name in CHECKED:
        digest.update(rows_of_vectors(segments[name]).tobytes())
    return digest.hexdigest()


def now() -> str:
    """Return the time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _film_of(row: dict[str, Any]) -> FilmRow:
    row["path"] = Path(os.fsdecode(row["path"]))
    row["shots"], row["notes"] = tuple(row["shots"]), tuple(row["notes"])
    return FilmRow(**row)


def _films_arrow(films: Sequence[FilmRow]) -> pa.Table:
    import pyarrow as pa

    rows = [{**vars(film), "path": os.fsencode(film.path)} for film in films]
    return pa.Table.from_pylist(rows, schema=films_schema())
