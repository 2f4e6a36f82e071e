"""Bring a library of an earlier version to this one.

    version 2   has the column "joint", computed from "sound"

The rows are copied into a new table; the header then names it, in one step, and the old one is
removed. Who is killed before that has changed nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmva_core import retrieval
from mmva_core.errors import CheckpointError
from vsumm.files import shown
from vsumm.film_library.header import Header, load_lancedb, locked, read_header, write_header
from vsumm.film_library.schema import SCHEMA_VERSION, rows_of_vectors, vector_column
from vsumm.score import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

    from mmva_core.retrieval import JointHead

_logger = logging.getLogger(__name__)


def migrate(folder: Path, header: Header) -> Header:
    """Return the header of a library once it is of this version.

    Args:
        folder: the library.
        header: its header, of this version or an earlier one.

    Raises:
        LibraryError: it cannot be written.
    """
    if header.schema_version == SCHEMA_VERSION:
        return header
    with locked(folder):
        header = read_header(folder)  # another process may have been faster
        while header.schema_version < SCHEMA_VERSION:
            _logger.warning("%s: brought to version %d", shown(folder), header.schema_version + 1)
            header = _STEPS[header.schema_version](folder, header)
    return header


def joint_width(model: str) -> int | None:
    """Return the size of a model's joint space; None where it has none."""
    try:
        return int(retrieval.load_joint_head(model).maps["music"].shape[1])
    except CheckpointError:
        return None


def joint_rows(sound: FloatArray, head: JointHead) -> FloatArray:
    """Return the places (N, W) of embeddings of sound (N, D) in the joint space; NaN stays."""
    lengths = np.linalg.norm(sound, axis=1, keepdims=True)
    is_known = (np.isfinite(lengths) & (lengths > 0))[:, 0]
    rows = np.full((len(sound), head.maps["music"].shape[1]), np.nan)
    rows[is_known] = head.place("music", sound[is_known] / lengths[is_known])
    return rows


def _add_joint(folder: Path, header: Header) -> Header:
    """Go from version 1 to 2."""
    width = joint_width(header.model)
    if width is None:
        header = replace(header, schema_version=2)
        write_header(folder, header)
        return header
    head = retrieval.load_joint_head(header.model)

    def with_joint(batch: Any) -> pa.RecordBatch:
        sound = rows_of_vectors(batch.column("sound")).astype(np.float64)
        column = vector_column(joint_rows(sound, head), width, batch.num_rows)
        return batch.append_column("joint", column)

    before = header.segments
    _copy(folder, before, "segments-2", with_joint)
    widths = {**header.widths, "joint": width}
    header = replace(header, schema_version=2, widths=widths, segments="segments-2")
    write_header(folder, header)
    with suppress(OSError, ValueError, RuntimeError):  # it is in nobody's way
        load_lancedb().connect(folder).drop_table(before)
    return header


def _copy(folder: Path, name: str, new_name: str, change: Callable[[Any], pa.RecordBatch]) -> None:
    import pyarrow as pa

    database = load_lancedb().connect(folder)
    old = database.open_table(name)
    empty = change(pa.RecordBatch.from_pylist([], old.schema))
    table = database.create_table(new_name, schema=empty.schema, mode="overwrite")
    for batch in old.search().limit(None).to_batches():
        table.add(pa.Table.from_batches([change(batch)]))


_STEPS: dict[int, Callable[[Path, Header], Header]] = {1: _add_joint}
"""What brings a library from each earlier version to the next one."""
