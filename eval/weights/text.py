"""Print what leaving one film out gave."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eval.protocol import bootstrap_mean
from eval.weights.choose import LeftOut

COLUMNS = {
    "by_others": "chosen on the others",
    "by_default": "default",
    "by_itself": "best on itself",
    "by_chance": "mean of all",
}


def format_left_out(found: Sequence[LeftOut]) -> str:
    """Return a table: a row per film, then means with 95 % intervals over films."""
    rows = [
        {"film": row.film, **{said: f"{getattr(row, name):.3f}" for name, said in COLUMNS.items()}}
        | {"weights": " ".join(f"{name}={weight:g}" for name, weight in row.weights.items())}
        for row in found
    ]
    table = pd.DataFrame(rows).set_index("film").to_string()
    means = []
    for name, said in COLUMNS.items():
        mean = bootstrap_mean([getattr(row, name) for row in found])
        means.append(f"{said}: {mean.mean:.3f} ({mean.low:.3f} to {mean.high:.3f})")
    note = "tau-b with people, or 2 AUC - 1 of labelled zones; 0 is chance"
    return "\n".join([table, "", f"means over {len(found)} films ({note})", *means])
