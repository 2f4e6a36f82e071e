"""Find the stretches of films that fit a query best.

Segments are ranked by the cosine of their embedding and the query, or by their distance on the
plane. Hits of one film that touch make one stretch, up to a length; hits are taken in order until
there are enough stretches.

Letters: N segments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vsumm.errors import LibraryError
from vsumm.film_library.query import PLANE, Query, Vector
from vsumm.film_library.store import FilmRow, Library
from vsumm.media import Segment

if TYPE_CHECKING:
    import pyarrow as pa

HITS_PER_STRETCH = 20
"""Segments that are looked at for each stretch that is wanted; several may touch."""
LEAST_HITS = 200
"""Segments that are looked at at least: a mood ranks them again."""
LONGEST_SECONDS = 20.0
"""Hits that touch make a stretch up to this length, seconds."""
ROWS_PER_PROBE, LEAST_PROBES = 100_000, 20
"""Partitions of the index, of some 8,000 rows each, that are searched: so many of the rows ask for
one more, and so many at least."""
REFINED = 4
"""Times as many hits of the index as are wanted are compared exactly."""
SQUARES = (0.02, 0.04, 0.08, 0.16, 0.32)
"""Half the sides of the squares of the plane that are read one after another."""
CELLS = ["film", "number", "start_seconds", "end_seconds", "valence", "arousal", "why"]
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True)
class Found:
    """A stretch of a film that fits."""

    film: FilmRow
    """The film that it lies in."""
    segment: Segment
    """Where."""
    closeness: float
    """Of its best segment: a cosine in [-1, 1], or the distance on the plane, negative."""
    best_seconds: float
    """The middle of that segment: where to take a picture from."""
    valence: float | None
    """Of that segment, in [0, 1]."""
    arousal: float | None
    """Of that segment, in [0, 1]."""
    why: str
    """What it has in common with the query, and what stands out in it."""


@dataclass(frozen=True)
class _Hit:
    """A segment that fits."""

    film: str
    number: int
    segment: Segment
    closeness: float
    valence: float | None
    arousal: float | None
    why: str


def search(
    library: Library,
    query: Query | None,
    *,
    k: int = 10,
    mood: tuple[float, float] | None = None,
    min_seconds: float = 0.0,
    since: str | None = None,
    until: str | None = None,
    where: str | None = None,
    is_exact: bool = False,
) -> list[Found]:
    """Find the k stretches that fit best.

    Args:
        library: where.
        query: what is looked for; None: the mood alone.
        k: how many stretches.
        mood: valence and arousal in [0, 1]: of the segments that fit the query, those nearest to
            it come first. Rank by the query and rank by nearness count the same.
        min_seconds: stretches that are shorter are widened; films that are shorter are left out.
        since: only films recorded on this day or later: "2019", "2019-05" or "2019-05-31".
        until: only films recorded on this day, in this month or year, or earlier.
        where: a condition in SQL on the columns of the segments, such as "motion > 1".
        is_exact: whether to compare every segment, even where there is an index.

    Returns:
        Stretches, best first.

    Raises:
        LibraryError: a condition or a day cannot be read.
    """
    if query is None:
        if mood is None:
            raise LibraryError(
                "there is nothing to look for: give words, a file, va:0.8,0.7, or a mood"
            )
        query, mood = _of_mood(mood), None
    condition = _condition(since, until, where)
    num_hits = max(LEAST_HITS, HITS_PER_STRETCH * k)
    try:
        if query.column == PLANE:
            hits = _near(library, query, num_hits, condition)
        else:
            hits = _alike(library, query, num_hits, condition, is_exact=is_exact)
    except (OSError, RuntimeError, ValueError) as error:
        raise LibraryError(f"cannot search: {str(error).splitlines()[0]}") from error
    if mood is not None:
        hits = _nearest_first(hits, mood)
    films = library.films({hit.film for hit in hits})
    known = [hit for hit in hits if hit.film in films]
    return _stretches(known, films, query, k, min_seconds)


def _of_mood(mood: tuple[float, float]) -> Query:
    said = f"near valence {mood[0]:g}, arousal {mood[1]:g}"
    return Query(PLANE, np.array(mood, dtype=np.float32), said)


def _condition(since: str | None, until: str | None, where: str | None) -> str | None:
    for day in (since, until):
        if day is not None and not _DAY.fullmatch(day):
            raise LibraryError(f"cannot read the day {day!r}: write 2019, 2019-05 or 2019-05-31")
    parts = [f"recorded >= '{since}'"] if since else []
    # "2019-05" comes before every day of that month, "2019-05~" behind all of them.
    parts += [f"recorded <= '{until}~'"] if until else []
    parts += [f"({where})"] if where else []
    return " AND ".join(parts) or None


def _alike(
    library: Library, query: Query, num_hits: int, condition: str | None, *, is_exact: bool
) -> list[_Hit]:
    """Return the segments with the highest cosines."""
    table = library.segments_table
    search = (
        table.search(query.vector, vector_column_name=query.column)
        .distance_type("cosine")
        .nprobes(max(LEAST_PROBES, table.count_rows() // ROWS_PER_PROBE))
        .refine_factor(REFINED)
        .limit(num_hits)
        .select([*CELLS, "_distance"])
    )
    if is_exact:
        search = search.bypass_vector_index()
    if condition:
        search = search.where(condition, prefilter=True)
    rows = search.to_arrow().to_pylist()
    hits = [_hit(row, 1.0 - row["_distance"]) for row in rows if row["_distance"] is not None]
    return sorted(hits, key=_order)


def _near(library: Library, query: Query, num_hits: int, condition: str | None) -> list[_Hit]:
    """Return the segments nearest on the plane, exactly.

    Squares around the point are read, larger and larger, until one holds a circle with enough of
    them; and all there is in the end, or at once where no index finds what lies in a square.
    """
    table = library.segments_table
    indexed = {column for index in table.list_indices() for column in index.columns}
    for radius in (*(SQUARES if {"valence", "arousal"} <= indexed else ()), np.inf):
        places = _within(table, query.vector, radius, condition)
        plane = np.stack([places[name].to_numpy() for name in ("valence", "arousal")], axis=1)
        distances = np.linalg.norm(plane - query.vector, axis=1)
        if np.count_nonzero(distances <= radius) >= num_hits:
            break
    chosen = np.flatnonzero(np.isfinite(distances))
    if len(chosen) > num_hits:
        chosen = chosen[np.argpartition(distances[chosen], num_hits)[:num_hits]]
    row_ids = places["_rowid"].to_numpy()[chosen]
    of_row = dict(zip(row_ids.tolist(), distances[chosen].tolist(), strict=True))
    if not of_row:
        return []
    rows = table.take_row_ids(list(of_row)).select(CELLS).with_row_id().to_arrow().to_pylist()
    return sorted((_hit(row, -of_row[row["_rowid"]]) for row in rows), key=_order)


def _within(table: Any, point: Vector, radius: float, condition: str | None) -> pa.Table:
    """Return valence, arousal and row of the segments in a square around a point; inf: of all."""
    parts = [condition] if condition else []
    if np.isfinite(radius):
        radius *= 1.001  # what lies on the edge is inside, however numbers are rounded
        parts += [
            f"{name} BETWEEN {middle - radius:.9f} AND {middle + radius:.9f}"
            for name, middle in zip(("valence", "arousal"), point.tolist(), strict=True)
        ]
    search = table.search().select(["valence", "arousal"]).with_row_id(True).limit(None)
    return (search.where(" AND ".join(parts)) if parts else search).to_arrow()


def _hit(row: dict[str, Any], closeness: float) -> _Hit:
    segment = Segment(row["start_seconds"], row["end_seconds"])
    place = (row["valence"], row["arousal"])
    return _Hit(row["film"], row["number"], segment, closeness, *place, row["why"])


def _order(hit: _Hit) -> tuple[float, str, int]:
    """Order by closeness, equal ones by film and place, whatever order the store has."""
    return -hit.closeness, hit.film, hit.number


def _nearest_first(hits: Sequence[_Hit], mood: tuple[float, float]) -> list[_Hit]:
    """Rank hits, best first, again: half by their rank, half by that of nearness to a mood."""
    placed = [hit for hit in hits if hit.valence is not None and hit.arousal is not None]
    plane = np.array([(hit.valence, hit.arousal) for hit in placed], dtype=np.float64)
    far = np.linalg.norm(plane.reshape(-1, 2) - mood, axis=1)
    ranks = np.empty(len(placed))
    ranks[np.argsort(far, kind="stable")] = np.arange(len(placed))
    order = np.argsort(ranks + np.arange(len(placed)), kind="stable")
    return [placed[index] for index in order]


def _stretches(
    hits: Iterable[_Hit],
    films: dict[str, FilmRow],
    query: Query,
    k: int,
    min_seconds: float,
) -> list[Found]:
    """Join hits, best first, that touch, until there are k stretches."""
    found: list[Found] = []
    for hit in hits:
        film = films[hit.film]
        if film.duration_seconds < min_seconds:
            continue
        near = next((f for f in found if f.film is film and _touch(f.segment, hit.segment)), None)
        if near is None:
            if len(found) == k:
                break
            found.append(_found(hit, film, query, min_seconds))
            continue
        joined = Segment(
            min(near.segment.start_seconds, hit.segment.start_seconds),
            max(near.segment.end_seconds, hit.segment.end_seconds),
        )
        if joined.duration_seconds <= max(LONGEST_SECONDS, min_seconds):
            found[found.index(near)] = replace(near, segment=joined)
    return found


def _touch(one: Segment, other: Segment) -> bool:
    return one.start_seconds <= other.end_seconds and other.start_seconds <= one.end_seconds


def _found(hit: _Hit, film: FilmRow, query: Query, min_seconds: float) -> Found:
    near = f"{-hit.closeness if query.column == PLANE else hit.closeness:.2f}"
    return Found(
        film=film,
        segment=_widened(hit.segment, film.duration_seconds, min_seconds),
        closeness=hit.closeness,
        best_seconds=hit.segment.centre_seconds,
        valence=hit.valence,
        arousal=hit.arousal,
        why=", ".join(filter(None, [f"{query.said} ({near})", hit.why])),
    )


def _widened(segment: Segment, duration_seconds: float, min_seconds: float) -> Segment:
    """Widen a piece of a film evenly on both sides; at an end of the film on the other one.

    >>> _widened(Segment(2.0, 4.0), 60.0, 5.0), _widened(Segment(0.0, 2.0), 60.0, 3.0)
    (Segment(start_seconds=0.5, end_seconds=5.5), Segment(start_seconds=0.0, end_seconds=3.0))
    """
    missing = min_seconds - segment.duration_seconds
    if missing <= 0:
        return segment
    start = min(max(0.0, segment.start_seconds - missing / 2), duration_seconds - min_seconds)
    return Segment(start, start + min_seconds)
