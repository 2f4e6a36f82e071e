"""The table of a batch: one line per film."""

from __future__ import annotations

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
    import pandas as pd  # here, since it costs half a second

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
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    with atomic_output(path, overwrite=True) as partial:
        if path.suffix.lower() == ".csv":
            frame.to_csv(partial, index=False, lineterminator="\n")
        else:
            frame.to_parquet(partial, index=False)
