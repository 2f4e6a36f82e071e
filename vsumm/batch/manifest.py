"""The table of a batch: one line per film."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from vsumm.batch.ledger import FilmRecord
from vsumm.files import atomic_output, check_extension

FORMS = (".csv", ".parquet")
COLUMNS = ("file", "hash", "state", "seconds", "film_seconds", "reel", "notes")


def check_manifest(path: Path) -> None:
    """Check the extension of a table of films.

    Raises:
        OutputError: it is neither .csv nor .parquet.
    """
    check_extension(path, FORMS, said="the table of a batch is written as")


def write_manifest(records: Iterable[FilmRecord], path: Path) -> None:
    """Write the table of films over the one that is there.

    Raises:
        OutputError: it cannot be written.
    """
    rows = [
        (
            # Names that are no UTF-8 have no place in a table.
            os.fsencode(record.path).decode(errors="replace"),
            record.sha256,
            record.state,
            round(record.seconds, 3),
            round(record.film_seconds, 3),
            record.reel,
            "; ".join(record.notes),
        )
        for record in records
    ]
    with atomic_output(path, overwrite=True) as partial:
        if path.suffix.lower() == ".csv":
            with partial.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
        else:
            import pandas as pd  # here, since it costs 0.2 s

            pd.DataFrame(rows, columns=list(COLUMNS)).to_parquet(partial, index=False)
