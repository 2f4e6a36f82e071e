"""Indexes of a large library: approximate ones of embeddings, exact ones of what is filtered by.

Two kinds of index keep all segments in partitions by k-means, and shortened copies of embeddings in
each. Hits are ranked by the copies, then compared exactly (`search.py`), so that the copies may be
rough:

    IVF_SQ   a byte per number, for narrow embeddings
    IVF_RQ   a bit per number after a random rotation (RaBitQ, Gao and Long, SIGMOD 2024), for wide
             ones, of which the sum of many bits is exact enough
"""

from __future__ import annotations

from typing import Any

from vsumm.film_library.schema import VECTORS
from vsumm.film_library.store import Library

INDEX_FROM = 200_000
"""Rows from which on indexes are made; fewer are all compared in no more time."""
WIDEST_OF_BYTES = 128
"""Numbers of an embedding up to which its copy has a byte per number, and from which on a bit."""
TRAINING_ITERATIONS, TRAINING_ROWS = 15, 64
"""Iterations of k-means, and rows per centroid, that partitions are found by; with LanceDB's own 50
and 256 it takes several times as long, for the same recall."""
FILTERED = ("valence", "arousal", "recorded", "film")
"""Columns with an index by value: those of moods, days, and the films of segments."""


def is_behind(library: Library) -> bool:
    """Return whether many segments are in no index."""
    table = library.segments_table
    num_rows: int = table.count_rows()
    missing: list[int] = [
        table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()
    ]
    return max(missing, default=num_rows) >= INDEX_FROM


def make_indexes(library: Library) -> None:
    """Make the indexes that the number of rows asks for, unless they are there.

    One of another kind, as an earlier version made them, is replaced.
    """
    table = library.segments_table
    if table.count_rows() < INDEX_FROM:
        return
    kinds = {index.columns[0]: index.index_type for index in table.list_indices()}
    for name in (name for name in VECTORS if name in library.header.widths):
        wanted = type(vector_index(library.header.widths[name])).__name__
        if kinds.get(name) != wanted and table.count_rows(f"{name} IS NOT NULL") >= INDEX_FROM:
            make_vector_index(library, name)
    for name in FILTERED:
        if name not in kinds:
            make_value_index(library, name)


def make_vector_index(library: Library, name: str) -> None:
    """Make the index of a column of embeddings, whatever its number of rows."""
    config = vector_index(library.header.widths[name])
    library.segments_table.create_index(name, config=config)


def make_value_index(library: Library, name: str) -> None:
    """Make the index of a column of plain values, whatever its number of rows."""
    from lancedb.index import BTree

    library.segments_table.create_index(name, config=BTree())


def vector_index(width: int) -> Any:
    """Return the index of LanceDB for embeddings of a number of values."""
    from lancedb.index import IvfRq, IvfSq

    kind = IvfSq if width <= WIDEST_OF_BYTES else IvfRq
    return kind(
        distance_type="cosine", max_iterations=TRAINING_ITERATIONS, sample_rate=TRAINING_ROWS
    )
