"""The log of a run: a CSV file with a row for each epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from mmva_core.store import write_whole
from mmva_core.train.validate import Evaluation

VALIDATION_PREFIX = "validation_"


class EpochLog:
    """Append rows to a CSV file; the first validation adds columns.

    Args:
        path: the file; its folder must exist when the first row is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[dict[str, str]] = []

    def keep_until(self, epoch: int) -> None:
        """Read an existing log and drop rows after `epoch`, which a resumed run writes again."""
        if self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self._rows = [row for row in rows if int(row["epoch"]) <= epoch]
            self._write_all()

    def write(
        self,
        epoch: int,
        learning_rate: float,
        losses: Mapping[str, float],
        evaluation: Evaluation | None,
    ) -> None:
        """Add the row of an epoch."""
        row = {"epoch": str(epoch), "learning_rate": repr(learning_rate)}
        row |= {name: repr(value) for name, value in losses.items()}
        if evaluation is not None:
            figures = evaluation.flat().items()
            row |= {VALIDATION_PREFIX + name: repr(value) for name, value in figures}
        known = self._columns()
        self._rows.append(row)
        if len(self._rows) > 1 and set(row) <= set(known):
            with self.path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, known, restval="").writerow(row)
        else:
            self._write_all()

    def _columns(self) -> list[str]:
        return list(dict.fromkeys(name for row in self._rows for name in row))

    def _write_all(self) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns() or ["epoch"], restval="")
        writer.writeheader()
        writer.writerows(self._rows)
        write_whole(
            self.path,
            lambda path: path.write_text(text.getvalue(), encoding="utf-8", newline=""),
        )
