"""Move the edges of a selection to borders of shots: look for these, then choose.

The selection itself is made on the grid of segments before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vsumm.borders import Looks, find_cuts
from vsumm.files import RecordCache
from vsumm.media import Segment
from vsumm.score import Arrays, Film, FloatArray
from vsumm.select import Borders, competing_runs, place_edges, places_to_search


def move_edges(
    film: Film,
    arrays: Arrays,
    scores: FloatArray,
    selected: Sequence[bool],
    *,
    budget_seconds: float,
    content: str,
    cache: RecordCache | None = None,
) -> tuple[list[Segment], list[str]]:
    """Return the pieces that a selection becomes, and what went wrong, one line each.

    Args:
        film: the film, its N segments, and the settings.
        arrays: what was measured of it.
        scores: (N,), NaN where there is no signal.
        selected: N flags.
        budget_seconds: the greatest total length of the pieces.
        content: SHA-256 of the film.
        cache: where found cuts are kept.
    """
    runs = competing_runs(film.segments, scores, selected)
    found = find_cuts(
        film.info, places_to_search(runs), _looks(arrays), content=content, cache=cache
    )
    pieces = place_edges(
        runs,
        film.segments,
        scores,
        Borders(found.cuts, film.segments[-1].end_seconds),
        budget_seconds=budget_seconds,
        min_run_seconds=film.config.min_run_seconds,
    )
    notes = [f"not all cuts between shots could be found: {found.problem}"] if found.problem else []
    return pieces, notes


def _looks(arrays: Arrays) -> Looks | None:
    """Return the frames that motion was measured on; None where it was not measured."""
    if "look_seconds" not in arrays:
        return None
    seconds, changes = arrays["look_seconds"].ravel(), arrays["look_changes"].ravel()
    is_seen = np.isfinite(seconds)
    return Looks(seconds[is_seen], changes[is_seen])
