"""Write rows of figures as text, CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import pandas as pd

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Format = Literal["text", "csv", "json"]
"""Output format of a table."""
FORMATS: tuple[Format, ...] = get_args(Format)

AnyRow = TypeVar("AnyRow", bound="DataclassInstance")


def render(
    rows: Sequence[AnyRow],
    form: Format,
    as_text: Callable[[Sequence[AnyRow]], str],
    *,
    decimals: int | None = None,
) -> str:
    """Write rows, dataclasses of one kind, in a format.

    Args:
        rows: the rows.
        form: output format.
        as_text: writes the format "text".
        decimals: digits after the point in CSV; all digits by default.
    """
    if form == "text":
        return as_text(rows)
    if form == "json":
        return json.dumps([asdict(row) for row in rows], indent=2)
    cells = [{name: _cell(value, decimals) for name, value in asdict(row).items()} for row in rows]
    return pd.DataFrame(cells).to_csv(index=False, lineterminator="\n").rstrip("\n")


def align(frame: pd.DataFrame, num_words: int) -> str:
    """Write a table of texts in columns.

    Args:
        frame: texts; the names of the columns become the header.
        num_words: the first so many columns are flush left, the others flush right.
    """
    columns = []
    for place, name in enumerate(frame.columns):
        column = pd.Series([str(name), *frame[name]])
        width = int(column.str.len().max())
        is_flush_left = place < num_words
        columns.append(column.str.ljust(width) if is_flush_left else column.str.rjust(width))
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def _cell(value: object, decimals: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if decimals is None else f"{value:.{decimals}f}"
    return str(value)
