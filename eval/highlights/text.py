"""Print figures on labelled films: a table for each film, then means with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from eval.highlights.run import FilmFigures
from eval.protocol import bootstrap_mean

COLUMNS = {
    "auc": "AUC",
    "share": "share",
    "moments_hit": "moments",
    "num_moments": "of",
    "num_runs": "runs",
    "credits_seconds": "credits s",
}


def to_table(found: Sequence[FilmFigures]) -> pd.DataFrame:
    """Return one row per film and scorer, with the fields of `Figures` as columns."""
    rows = [{"film": row.film, "scorer": row.scorer, **asdict(row.figures)} for row in found]
    return pd.DataFrame(rows)


def format_figures(found: Sequence[FilmFigures]) -> str:
    """Return the tables as text: AUC and share with 95 % intervals over films, the rest as sums."""
    table = to_table(found)
    parts = [_format_film(str(name), rows) for name, rows in table.groupby("film", sort=False)]
    if table["film"].nunique() > 1:
        parts.append(_format_means(table))
    return "\n\n".join(parts)


def _format_film(name: str, rows: pd.DataFrame) -> str:
    shown = rows.drop(columns="film").set_index("scorer").rename(columns=COLUMNS)
    shown.index.name = name
    return shown.to_string(float_format="{:.2f}".format, na_rep="-")


def _format_means(table: pd.DataFrame) -> str:
    num_films = table["film"].nunique()
    rows = []
    for scorer, found in table.groupby("scorer", sort=False):
        row: dict[str, object] = {"scorer": scorer, "films": len(found)}
        for name in ("auc", "share"):
            known = found[name][np.isfinite(found[name])]
            if len(known):
                mean = bootstrap_mean(known)
                row[COLUMNS[name]] = f"{mean.mean:.2f} ({mean.low:.2f} to {mean.high:.2f})"
        for name in ("moments_hit", "num_moments", "num_runs", "credits_seconds"):
            row[COLUMNS[name]] = f"{found[name].sum():.1f}".removesuffix(".0")
        rows.append(row)
    shown = pd.DataFrame(rows).set_index("scorer")
    shown.index.name = f"{num_films} films, means with 95 % intervals, sums"
    return shown.to_string(na_rep="-")
