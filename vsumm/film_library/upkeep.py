"""Keep a library small, fast and whole: old versions, small files, indexes, and what is damaged."""

from __future__ import annotations

from datetime import timedelta

from vsumm.files import shown
from vsumm.film_library.broken import BrokenFiles
from vsumm.film_library.header import reason
from vsumm.film_library.indexes import is_behind, make_indexes
from vsumm.film_library.store import Library, checksum_of

KEPT_VERSIONS = timedelta(minutes=10)
"""How long versions are kept that were replaced: a search that goes on may read them."""
MANY_PARTS = 100
"""Files of a table, one per film that was added, above which they are joined."""


def tidy(library: Library) -> None:
    """Do what `vacuum` does, where many films were added since.

    Raises:
        LibraryError: it cannot be written.
    """
    num_parts = library.segments_table.stats()["fragment_stats"]["num_fragments"]
    if num_parts > MANY_PARTS or is_behind(library):
        vacuum(library)


def vacuum(library: Library) -> None:
    """Remove what is no longer needed, join small files, make or extend the indexes.

    Raises:
        LibraryError: it cannot be written.
    """
    with library.writing():
        library.clear_up()
        for sha256 in _orphans(library):
            library.segments_table.delete(f"film = '{sha256}'")
        for table in (library.films_table, library.segments_table):
            table.optimize(cleanup_older_than=KEPT_VERSIONS)
        make_indexes(library)
        BrokenFiles(library.folder).forget_changed()


def verify(library: Library) -> list[str]:
    """Read everything, and return what is wrong, one line each."""
    problems = []
    if orphans := _orphans(library):
        problems.append(
            f"segments of {len(orphans)} films that were not added to the end: run vacuum"
        )
    for film in library.films().values():
        try:
            rows = library.rows_of(film.sha256)
        except (OSError, RuntimeError, ValueError) as error:
            problems.append(f"{shown(film.path)}: cannot be read: {reason(error)}")
            continue
        if rows.num_rows != film.num_segments:
            there = f"{rows.num_rows} of {film.num_segments}"
            problems.append(f"{shown(film.path)}: {there} segments are there")
        elif checksum_of(rows) != film.checksum:
            problems.append(f"{shown(film.path)}: its segments have changed since it was added")
    return problems


def _orphans(library: Library) -> set[str]:
    """Return the films of segments that are not among the films."""
    batches = library.segments_table.search().select(["film"]).limit(None).to_batches()
    named = {film for batch in batches for film in batch.column("film").unique().to_pylist()}
    return named - library.films().keys()
