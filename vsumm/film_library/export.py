"""Write a library to a file that other programs read."""

from __future__ import annotations

import os

from vsumm.files import atomic_output, check_extension
from vsumm.film_library.store import Library

ROWS_AT_ONCE = 8192
"""Segments that are written at once."""


def export(library: Library, path: str | os.PathLike[str], *, overwrite: bool = False) -> int:
    """Write all segments with the paths of their films to a Parquet file.

    Returns:
        The number of segments.

    Raises:
        LibraryError: the library cannot be read.
        OutputError: the extension is another one, or the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_extension(path, (".parquet",), said="a library is written as")
    films = library.films()
    names = {sha: os.fsencode(f.path).decode("utf-8", "replace") for sha, f in films.items()}
    table = library.segments_table
    schema = table.schema.insert(0, pa.field("path", pa.string()))
    num_rows = 0
    with (
        atomic_output(path, overwrite=overwrite) as partial,
        pq.ParquetWriter(partial, schema) as out,
    ):
        for batch in table.search().limit(None).to_batches(batch_size=ROWS_AT_ONCE):
            rows = pa.table(batch)
            rows = rows.filter(pa.array([film in names for film in rows["film"].to_pylist()]))
            paths = pa.array([names[film] for film in rows["film"].to_pylist()], pa.string())
            out.write_table(rows.add_column(0, schema.field(0), paths).select(schema.names))
            num_rows += rows.num_rows
    return num_rows
