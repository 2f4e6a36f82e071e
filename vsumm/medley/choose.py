"""Choose the segments of films that go along with a song.

    closeness  = 1 - (2 |A - a| + |V - v|) / 3
    value      = (score + MOOD_WEIGHT x closeness) / (1 + MOOD_WEIGHT)

A and V are ranks of a segment's arousal and valence among those of all films, smoothed as for
`--by image`; a and v those of the song at the place of the reel, among its windows: predictions of
pictures and of music keep near the middle of the plane, each on its own scale. Arousal counts
twice because it is predicted better: the products of both towers' held-out r are .51 and .24. With
an arc the arousal that it asks for stands for the song's, and valence counts nothing. Title cards
and black pictures are close to nothing.

The sum of the values over all places is the greatest there is with no segment twice and no run
shorter than `LEAST_RUN_SECONDS`: in the order of the films and of time exactly; in any order, with
a run for each part of the song of that length, to the stated gap. See `vsumm.select.follow`.

Letters: N segments of all films, K places of the reel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vsumm.errors import NoSignalError
from vsumm.media import TOLERANCE_SECONDS, Segment
from vsumm.medley.song import Song, arc_of, num_places
from vsumm.score import MOOD_WEIGHT, FloatArray, arousal_score, ranks, smooth
from vsumm.select import Following, follow_in_order, follow_in_parts
from vsumm.summary import Summary

LEAST_RUN_SECONDS = 4.0
"""No run is shorter, nor shorter than `--min-run`: a picture is seen before the next one comes."""
AROUSAL_SHARE = 2 / 3
"""What arousal counts for in closeness; valence counts for the rest."""


@dataclass(frozen=True)
class Choice:
    """What the reel shows."""

    runs: tuple[tuple[int, Segment], ...]
    """Number of the film and stretch of it, in the order of the reel."""
    start_seconds: float
    """Where in the song the reel begins."""
    seconds: float
    """How long the reel is."""
    gap: float
    """By which share of the best choice this one may be worse; 0 where it is the best one."""
    mean_score: float
    """Mean score of the segments that are shown."""
    correlation: float
    """Of the arousal of what is shown with the course over time, in [-1, 1]."""
    spread_correlation: float
    """The same of as many segments spread evenly over the films, in their order."""


@dataclass(frozen=True, eq=False)
class Footage:
    """The whole segments of all films, film after film."""

    film: FloatArray
    """(N,) number of the film of each."""
    start: FloatArray
    """(N,) when it begins in its film, seconds."""
    follows: NDArray[np.bool_]
    """(N,) whether it follows on the one before."""
    score: FloatArray
    """(N,) NaN where it must not be shown."""
    va: FloatArray
    """(N, 2) ranks of valence and arousal among all; NaN where the picture is black."""
    card: FloatArray
    """(N,) probability of a title card."""
    segment_seconds: float
    """Length of each."""


def footage_of(summaries: Sequence[Summary]) -> Footage:
    """Collect the segments of films; the shorter ones at their ends are left out.

    Raises:
        NoSignalError: no film has a segment of full length, or none has a picture.
    """
    length = max(row.segment.duration_seconds for each in summaries for row in each.segments)
    columns: dict[str, list[FloatArray]] = {}
    for number, summary in enumerate(summaries):
        for name, values in _columns(summary, number, length).items():
            columns.setdefault(name, []).append(values)
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    if not np.isfinite(joined["arousal"]).any():
        raise NoSignalError("none of the films has a picture that could follow a song")
    goes_on = np.abs(np.diff(joined["start"]) - length) < float(TOLERANCE_SECONDS)
    goes_on &= np.diff(joined["film"]) == 0
    return Footage(
        joined["film"],
        joined["start"],
        np.concatenate([np.zeros(1, np.bool_), goes_on]),
        joined["score"],
        np.stack([ranks(joined["valence"]), ranks(joined["arousal"])], axis=1),
        joined["card"],
        length,
    )


def choose(
    footage: Footage,
    song: Song,
    seconds: float,
    *,
    arc: str | None = None,
    min_run_seconds: float = LEAST_RUN_SECONDS,
    reorder: bool = False,
) -> Choice:
    """Choose what a reel of a length shows to a song, and where in the song it begins.

    Where the reel is shorter than the song it begins where the choice in order is worth the most.

    Args:
        footage: the segments of all films.
        song: what is followed.
        seconds: how long the reel shall be; it is shorter where there is too little footage.
        arc: a course of arousal to follow instead of the song's, see `vsumm.mood`.
        min_run_seconds: no run is shorter, nor shorter than `LEAST_RUN_SECONDS`.
        reorder: whether segments may come in another order than in their films.

    Raises:
        NoSignalError: there is no run that is long enough.
    """
    step = footage.segment_seconds
    min_run = round(np.ceil(max(min_run_seconds, LEAST_RUN_SECONDS) / step - 1e-6))
    seconds = min(seconds, song.length_seconds)
    min_run = min(min_run, num_places(seconds, step))
    seconds = min(seconds, int(np.isfinite(footage.score).sum()) * step)
    while seconds > 0:
        found = _best_start(footage, song, seconds, arc=arc, min_run=min_run)
        if found is not None:
            break
        seconds = (num_places(seconds, step) - 1) * step  # what is left is in too short pieces
    else:
        raise NoSignalError(f"no film has a run of {min_run * step:g} s that may be shown")
    start_seconds, following = found
    course = _course(song, start_seconds, num_places(seconds, step), step, arc=arc)
    values = _values(footage, course)
    if reorder:
        following = _reordered(footage, values, following, min_run=min_run)
    runs = _runs(footage, following.items, seconds)
    spread = np.linspace(0, len(footage.start) - 1, len(course)).round().astype(int)
    return Choice(
        runs,
        start_seconds,
        seconds,
        following.gap,
        float(np.mean(footage.score[following.items])),
        _correlation(footage.va[following.items, 1], course[:, 1]),
        _correlation(footage.va[spread, 1], course[:, 1]),
    )


def _columns(summary: Summary, number: int, length: float) -> dict[str, FloatArray]:
    """Return what is known of the segments of full length of one film."""
    rows = summary.segments

    def column(name: str) -> FloatArray:
        return np.array([row.signals.get(name) for row in rows], dtype=np.float64)

    names = ("image_arousal", "image_valence", "motion", "card")
    known = {name: column(name) for name in names}
    width = summary.config.smoothing_segments
    is_whole = [row.segment.duration_seconds > length - float(TOLERANCE_SECONDS) for row in rows]
    columns = {
        "film": np.full(len(rows), float(number)),
        "start": np.array([row.start_seconds for row in rows]),
        "score": np.array([row.score for row in rows], dtype=np.float64),
        "arousal": arousal_score(known, summary.config, by="image"),
        "valence": smooth(known["image_valence"], width=width),
        "card": np.nan_to_num(known["card"]),
    }
    return {name: values[is_whole] for name, values in columns.items()}


def _course(
    song: Song, start_seconds: float, count: int, step: float, *, arc: str | None
) -> FloatArray:
    """Return the ranks of valence and arousal that are asked for, (K, 2); NaN where none is."""
    if arc is not None:
        return np.stack([np.full(count, np.nan), arc_of(arc, count)], axis=1)
    times = (np.arange(count, dtype=np.float64) + 0.5) * step
    return song.course(start_seconds, times)


def _values(footage: Footage, course: FloatArray) -> FloatArray:
    """Return what each segment is worth at each place, (N, K); NaN where it must not be shown."""
    away = np.abs(footage.va[:, None] - course[None])
    has_valence = np.isfinite(course[:, 0]).all()
    arousal_share = AROUSAL_SHARE if has_valence else 1.0
    far = arousal_share * away[..., 1]
    if has_valence:
        far = far + (1 - arousal_share) * away[..., 0]
    closeness = np.nan_to_num(1 - far) * (1 - footage.card[:, None])
    return np.asarray((footage.score[:, None] + MOOD_WEIGHT * closeness) / (1 + MOOD_WEIGHT))


def _best_start(
    footage: Footage, song: Song, seconds: float, *, arc: str | None, min_run: int
) -> tuple[float, Following] | None:
    """Return where in the song the choice in order is worth the most, and that choice."""
    count = num_places(seconds, footage.segment_seconds)
    starts = song.starts(seconds) if arc is None else [0.0]
    best: tuple[float, Following] | None = None
    for start in starts:
        course = _course(song, float(start), count, footage.segment_seconds, arc=arc)
        values = _values(footage, course)
        found = follow_in_order(values, footage.follows, min_run=min_run)
        if found is not None and (best is None or found.value > best[1].value + 1e-9):
            best = float(start), found
    return best


def _reordered(
    footage: Footage, values: FloatArray, in_order: Following, *, min_run: int
) -> Following:
    """Return the best choice in any order that is found, or the one in order where none is."""
    borders = list(range(0, values.shape[1], min_run))
    if len(borders) > 1 and values.shape[1] - borders[-1] < min_run:
        borders.pop()  # the rest belongs to the part before it
    borders.append(values.shape[1])
    counts = [last - first for first, last in pairwise(borders)]
    found = follow_in_parts(values, counts, footage.follows)
    if found is None:
        return replace(in_order, bound=float(np.nanmax(values, axis=0).sum()))
    return found


def _runs(
    footage: Footage, items: Sequence[int], seconds: float
) -> tuple[tuple[int, Segment], ...]:
    """Join segments that follow on each other; the last run ends with the reel."""
    step = footage.segment_seconds
    runs: list[tuple[int, float, float]] = []
    for before, item in zip([-2, *items], items, strict=False):
        film, start = int(footage.film[item]), float(footage.start[item])
        if item == before + 1 and footage.follows[item]:
            runs[-1] = (film, runs[-1][1], start + step)
        else:
            runs.append((film, start, start + step))
    film, start, end = runs[-1]
    runs[-1] = (film, start, end - (len(items) * step - seconds))
    return tuple((film, Segment(start, end)) for film, start, end in runs)


def _correlation(shown: FloatArray, course: FloatArray) -> float:
    """Return Pearson's r of what is known; 0 where one of both does not vary."""
    is_known = np.isfinite(shown) & np.isfinite(course)
    shown, course = shown[is_known], course[is_known]
    if len(shown) < 2 or shown.std() < 1e-9 or course.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(shown, course)[0, 1])
