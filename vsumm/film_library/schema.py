"""What the tables of a library hold, and how one of an earlier version becomes one of this.

    films      one row per content: where it lies, what it is, its shots
    segments   one row per segment: its place, valence and arousal, every signal, embeddings

Embeddings are unit vectors of half floats; null where there is no picture or no sound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vsumm.score import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 2
"""Version of the tables; raised whenever a program of an earlier one would misread them."""
CHECKED = ("concepts", "picture", "sound")
"""Columns of embeddings: what the picture shows, how it looks and feels, and how it sounds."""
VECTORS = (*CHECKED, "joint")
"""All of them. The last is what `sound` becomes in the model's joint space of music and sentences;
a model may have none."""


def films_schema() -> pa.Schema:
    """Return the columns of the table of films."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("sha256", pa.string(), nullable=False),
            # As the system has it: a name need not be UTF-8.
            pa.field("path", pa.binary(), nullable=False),
            pa.field("num_bytes", pa.int64(), nullable=False),
            pa.field("modified_ns", pa.int64(), nullable=False),
            pa.field("duration_seconds", pa.float64(), nullable=False),
            pa.field("num_segments", pa.int32(), nullable=False),
            pa.field("audio_track", pa.int32()),
            pa.field("title", pa.string()),
            pa.field("recorded", pa.string(), nullable=False),
            pa.field("shots", pa.list_(pa.float64()), nullable=False),
            pa.field("notes", pa.list_(pa.string()), nullable=False),
            pa.field("checksum", pa.string(), nullable=False),
            pa.field("added", pa.string(), nullable=False),
            pa.field("gone_since", pa.string()),
        ]
    )


def segments_schema(signals: Sequence[str], widths: Mapping[str, int]) -> pa.Schema:
    """Return the columns of the table of segments.

    Args:
        signals: names of the signals, one column each.
        widths: sizes of the embeddings, by the names of `VECTORS`.
    """
    import pyarrow as pa

    fields = [
        pa.field("film", pa.string(), nullable=False),
        pa.field("number", pa.int32(), nullable=False),
        pa.field("start_seconds", pa.float64(), nullable=False),
        pa.field("end_seconds", pa.float64(), nullable=False),
        pa.field("recorded", pa.string(), nullable=False),
        pa.field("valence", pa.float32()),
        pa.field("arousal", pa.float32()),
        pa.field("score", pa.float32()),
        pa.field("why", pa.string(), nullable=False),
        *(pa.field(name, pa.float32()) for name in signals),
        *(
            pa.field(name, pa.list_(pa.float16(), widths[name]))
            for name in VECTORS
            if name in widths
        ),
    ]
    return pa.schema(fields)


def vector_column(rows: FloatArray | None, width: int, num_rows: int) -> pa.Array:
    """Return embeddings (N, width) as a column, at length 1; NaN rows and no rows become null."""
    import pyarrow as pa

    if rows is None:
        return pa.nulls(num_rows, pa.list_(pa.float16(), width))
    lengths = np.linalg.norm(rows, axis=1)
    is_known = np.isfinite(lengths) & (lengths > 0)
    unit = np.where(is_known[:, None], rows, 0.0) / np.where(is_known, lengths, 1.0)[:, None]
    flat = pa.array(unit.astype(np.float16).ravel(), pa.float16())
    return pa.FixedSizeListArray.from_arrays(flat, width, mask=pa.array(~is_known))


def number_column(values: FloatArray) -> pa.Array:
    """Return numbers (N,) as a column; NaN becomes null."""
    import pyarrow as pa

    return pa.array(values.astype(np.float32), pa.float32(), from_pandas=True)


def rows_of_vectors(column: Any) -> np.ndarray[Any, np.dtype[np.float16]]:
    """Return a column of embeddings as an array (N, width), zero where it is null."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    width = array.type.list_size
    values = np.zeros((len(array), width), dtype=np.float16)
    is_known = np.asarray(array.is_valid())
    values[is_known] = np.asarray(array.flatten()).reshape(-1, width)
    return values
