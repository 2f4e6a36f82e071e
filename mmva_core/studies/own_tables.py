"""Put what `mmva evaluate` measured into our side of the paper's tables.

In: the CSV that `mmva evaluate --preset mmva-lite` or `mmva evaluate retrieval --preset mmva-lite`
printed. Out: figures of Tables 1 and 3, or of 2 and 5, under the headings of the paper.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from mmva_core.errors import DataError
from mmva_core.published import Figure
from mmva_core.studies.baselines import BASELINES
from mmva_core.studies.folds import ABLATIONS
from mmva_core.studies.lite_folds import SPLIT, baseline_source, copies_of
from mmva_core.studies.report import Row
from mmva_core.studies.retrieval import CHANCE, HEADINGS, RetrievalRow
from mmva_core.studies.retrieval import FIGURES as RETRIEVAL_FIGURES

FULL = "mmva-lite"
"""The full method in our tables; the ablations have the short names of `ABLATIONS`."""
CONSTANT = "constant"
ERRORS_PROTOCOL = "OASIS, 4QAED and Emotify, copies without each of 4 folds by theme and artist"
ERRORS_SOURCE = "mmva evaluate --preset mmva-lite --data DATA --ablations --baselines, seed 0"
RETRIEVAL_SOURCE = (
    "mmva evaluate retrieval --preset mmva-lite --data DATA --ablations --baselines, seed 0"
)

Cells = Mapping[str, str]
"""One line of a CSV file, by column."""


def own_figures(path: Path) -> dict[int, list[Figure]]:
    """Read the CSV of an evaluation: what `ERRORS_SOURCE` or `RETRIEVAL_SOURCE` printed.

    Returns:
        Our figures by number of the table.

    Raises:
        DataError: it cannot be read, or is no such CSV.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns, lines = set(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if columns == {field.name for field in fields(Row)}:
        figures = {1: _errors(lines, 1), 3: _errors(lines, 3)}
    elif columns == {field.name for field in fields(RetrievalRow)}:
        figures = {2: _retrieval(lines, 2), 5: _retrieval(lines, 5)}
    else:
        raise DataError(f"{path} is not what mmva evaluate prints with --format csv")
    if not any(figures.values()):
        raise DataError(f"{path} holds no figures of mmva-lite's copies; use --preset mmva-lite")
    return {number: rows for number, rows in figures.items() if rows}


def _errors(lines: Sequence[Cells], table: int) -> list[Figure]:
    systems = {copies_of(ablation): ablation.name for ablation in ABLATIONS}
    systems[copies_of(ABLATIONS[0])] = FULL
    shown = {copies_of(ABLATIONS[0]): FULL} if table == 1 else systems
    if table == 1:
        shown |= {baseline_source(name): name for name in BASELINES}
    rows = [line for line in lines if line["source"] in shown and line["split"] == SPLIT]
    figures = [f for row in rows for f in _error_cells(table, row, shown[row["source"]])]
    constants = {f.column: f for row in rows for f in _constant_cells(table, row)}
    return [*figures, *constants.values()]


def _error_cells(table: int, row: Cells, system: str) -> Iterator[Figure]:
    for name in ("mse", "mae"):
        ends = (row[f"{name}_low"], row[f"{name}_high"])
        low, high = (_decimals(end, 4) if end else "" for end in ends)
        yield _figure(table, system, row, name, row[name], low, high)


def _constant_cells(table: int, row: Cells) -> Iterator[Figure]:
    for name in ("mse", "mae"):
        yield _figure(table, CONSTANT, row, name, row[f"constant_{name}"])


def _figure(
    table: int, system: str, row: Cells, name: str, value: str, low: str = "", high: str = ""
) -> Figure:
    column = f"{row['target']} {row['dimension']} {name.upper()}"
    return _own(
        table, system, column, _decimals(value, 4), ERRORS_PROTOCOL, ERRORS_SOURCE, low, high
    )


def _own(
    table: int,
    system: str,
    column: str,
    printed: str,
    protocol: str,
    source: str,
    low: str,
    high: str,
) -> Figure:
    return Figure(
        table, "ours", system, column, float(printed), printed, protocol, source, low, high
    )


def _retrieval(lines: Sequence[Cells], table: int) -> list[Figure]:
    figures = []
    for line in lines:
        system = _searcher(line, table)
        if system is None or line["direction"] != "caption to music":
            continue
        protocol = f"{line['data']}, {line['num_items']} on average"
        for name, heading in zip(RETRIEVAL_FIGURES, HEADINGS, strict=True):
            ends = (line.get(f"{name}_low"), line.get(f"{name}_high"))
            low, high = (_per_cent(end) if end else "" for end in ends)
            column = heading.replace("mAP@10", "mAP10")
            value = _per_cent(line[name])
            figures.append(
                _own(table, system, column, value, protocol, RETRIEVAL_SOURCE, low, high)
            )
    return figures


def _searcher(line: Cells, table: int) -> str | None:
    """Return the name of a row of retrieval in a table, None where it has no place there."""
    if line["source"] == CHANCE:
        return CHANCE
    ways = {"va": "by valence and arousal", "cosine": "by cosine", "joint": "in the joint space"}
    way = ways.get(line["by"])
    if table == 5:
        names = {ablation.paper_name: ablation.name for ablation in ABLATIONS}
        names[ABLATIONS[0].paper_name] = FULL
        return names.get(line["source"]) if line["by"] == "va" else None
    if way is None:
        return line["source"].removesuffix(" (our reading)")
    of_full = line["source"].partition(",")[0] == ABLATIONS[0].paper_name
    return f"{FULL}, {way}" if of_full else None


def _decimals(value: str, number: int) -> str:
    return f"{float(value):.{number}f}"


def _per_cent(value: str) -> str:
    return f"{100 * float(value):.1f}"
