"""Read the figures of the paper's Tables 1 to 5 and ours beside them.

The paper is Choi, Kim, Kang 2025 (arXiv:2501.01094). Its figures were not measured here. Ours name
the command that measured them, its data and its seed.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Origin = Literal["paper", "ours"]
"""Who reports a figure."""
TABLES = (1, 2, 3, 4, 5)
"""Numbers of the paper's tables."""

_FOLDER = Path(__file__).parent
_COLUMNS = ("system", "column", "figure", "protocol", "source", "low", "high")


@dataclass(frozen=True)
class Figure:
    """One number of a table."""

    table: int
    """Number of the table in the paper."""
    origin: Origin
    """The paper, or us."""
    system: str
    """What was measured."""
    column: str
    """Heading of the column, such as "R@10" or "image arousal MSE"."""
    figure: float
    """The number: per cent in Tables 2, 4 and 5, an error on [0, 1] in Tables 1 and 3."""
    printed: str
    """The same with as many digits as its source gives."""
    protocol: str
    """Data and split. Figures of two protocols do not compare."""
    source: str
    """Where it is printed; of ours, the command and the seed."""
    low: str = ""
    """Lower end of the 95 % interval as printed; empty where there is none."""
    high: str = ""
    """Upper end of the interval."""

    @property
    def with_interval(self) -> str:
        """The number as printed, with its interval if it has one."""
        return f"{self.printed} ({self.low} to {self.high})" if self.low else self.printed


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper."""

    number: int
    """Its number."""
    title: str
    """What it shows."""
    comparable: str
    """What makes its figures and ours comparable, or not."""
    figures: tuple[Figure, ...]
    """The paper's first, in its order, then ours."""

    def of(self, origin: Origin) -> tuple[Figure, ...]:
        """Return the paper's figures, or ours."""
        return tuple(figure for figure in self.figures if figure.origin == origin)


def read_table(number: int) -> PaperTable:
    """Read one of the `TABLES`.

    Raises:
        ValueError: the paper has no such table.

    >>> [f.figure for f in read_table(4).of("paper") if f.system == "MMVA"]
    [58.2]
    """
    if number not in TABLES:
        raise ValueError(f"number must be one of {', '.join(map(str, TABLES))}, got {number}")
    about = tomllib.loads((_FOLDER / "tables.toml").read_text(encoding="utf-8"))[str(number)]
    figures = (*_read(number, "paper"), *_read(number, "ours"))
    return PaperTable(number, about["title"], about["comparable"], figures)


def ours_path(number: int) -> Path:
    """Return the file of our figures for a table."""
    return _FOLDER / "ours" / f"table-{number}.csv"


def replace_ours(number: int, figures: Sequence[Figure]) -> str:
    """Return the text of `ours_path` with these figures, to be written there.

    A figure takes the place of that of its system, column and protocol; whatever else is in the
    file stays, before them.

    Args:
        number: number of the table.
        figures: ours.
    """
    measured = {(f.system, f.column, f.protocol) for f in figures}
    old = _read(number, "ours")
    kept = [f for f in old if (f.system, f.column, f.protocol) not in measured]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for f in (*kept, *figures):
        writer.writerow([f.system, f.column, f.printed, f.protocol, f.source, f.low, f.high])
    return text.getvalue()


def _read(number: int, origin: Origin) -> tuple[Figure, ...]:
    path = ours_path(number) if origin == "ours" else _FOLDER / origin / f"table-{number}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Figure(
                number,
                origin,
                row["system"],
                row["column"],
                float(row["figure"]),
                row["figure"],
                row["protocol"],
                row["source"],
                row.get("low") or "",
                row.get("high") or "",
            )
            for row in csv.DictReader(file)
        )
