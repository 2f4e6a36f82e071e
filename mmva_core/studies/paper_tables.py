"""Print the paper's tables: its figures under their protocols, then ours under theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from mmva_core.published import Figure, PaperTable, read_table
from mmva_core.studies.tables import align

MARKS = {"paper": "the paper's, not measured here", "ours": "ours, measured"}
"""Begin the heading of a block, by who reports its figures."""
MOST_COLUMNS = 6
"""With more columns than this, systems stand side by side and the columns one below another."""


def paper_tables_text(figures: Sequence[Figure]) -> str:
    """Write the figures of whole tables as text, the blocks of each table apart.

    A block holds the figures of one origin, protocol and source, so that no two kinds of figures
    ever stand in one.
    """
    numbers = dict.fromkeys(figure.table for figure in figures)
    return "\n\n".join("\n".join(_lines(read_table(number))) for number in numbers)


def _lines(table: PaperTable) -> Iterator[str]:
    yield f"Table {table.number}: {table.title}"
    columns = list(dict.fromkeys(figure.column for figure in table.figures))
    blocks = dict.fromkeys((f.origin, f.protocol, f.source) for f in table.figures)
    for origin, protocol, source in blocks:
        kind = (origin, protocol, source)
        block = [f for f in table.figures if (f.origin, f.protocol, f.source) == kind]
        yield ""
        yield f"  {MARKS[origin]}: {protocol}"
        yield f"  ({source})"
        yield from (f"    {line}" for line in _grid(block, columns).splitlines())
    yield ""
    yield f"  comparable? {table.comparable}"


def _grid(block: Sequence[Figure], order: Sequence[str]) -> str:
    systems = list(dict.fromkeys(figure.system for figure in block))
    frame = pd.DataFrame({"": systems})
    for column in order:
        printed = {
            figure.system: figure.with_interval for figure in block if figure.column == column
        }
        if printed:
            frame[column] = [printed.get(system, "-") for system in systems]
    if len(frame.columns) > 1 + MOST_COLUMNS:
        frame = frame.set_index("").T.reset_index(names="")
    return align(frame, num_words=1)
