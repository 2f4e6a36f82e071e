"""Keep a library small, fast and whole: old versions, small files, indexes, and what is damaged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from vsumm.files import shown
from vsumm.film_library.header import reason
from vsumm.film_library.schema import VECTORS
from vsumm.film_library.store import Library, checksum_of

KEPT_VERSIONS = timedelta(minutes=10)
"""How long versions are kept that were replaced: a search that goes on may read them."""
INDEX_FROM = 200_000
"""Rows from which on an approximate index is made; fewer are searched exactly in no more time."""
TRAINING_ITERATIONS, TRAINING_ROWS = 15, 64
"""Iterations of k-means, and rows per centroid, that an index is trained by. Hits are compared
exactly in the end, so a rough one is good enough; with LanceDB's own 50 and 256 it takes twice as
long to make, for the same recall."""
MANY_PARTS = 100
"""Files of a table, one per film that was added, above which they are joined."""


def tidy(library: Library) -> None:
    """Do what `vacuum` does, where many films were added since.

    Raises:
        LibraryError: it cannot be written.
    """
    table = library.segments_table
    indexes = table.list_indices()
    behind = [table.index_stats(index.name).num_unindexed_rows for index in indexes]
    num_behind = max(behind, default=table.count_rows())
    num_parts = table.stats()["fragment_stats"]["num_fragments"]
    if num_parts > MANY_PARTS or num_behind >= INDEX_FROM:
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
        _make_indexes(library, library.segments_table)


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


def make_index(library: Library, name: str) -> None:
    """Make the index of a column of embeddings, whatever its number of rows; takes minutes."""
    from lancedb.index import IvfPq

    config = IvfPq(
        distance_type="cosine",
        num_sub_vectors=max(1, library.header.widths[name] // 8),
        max_iterations=TRAINING_ITERATIONS,
        sample_rate=TRAINING_ROWS,
    )
    library.segments_table.create_index(name, config=config)


def _make_indexes(library: Library, table: Any) -> None:
    """Make the indexes that the number of rows asks for, unless they are there."""
    if table.count_rows() < INDEX_FROM:
        return
    there = {column for index in table.list_indices() for column in index.columns}
    for name in (name for name in VECTORS if name in library.header.widths):
        if name not in there and table.count_rows(f"{name} IS NOT NULL") >= INDEX_FROM:
            make_index(library, name)
