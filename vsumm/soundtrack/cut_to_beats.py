"""Move cuts of a reel to beats of its music, by lengthening and shortening its pieces a little.

    piece 0          piece 1      piece 2
    |############|   |########|   |###########|     in the film
    |############|########|###########|             in the reel: two cuts
    .    .    .    .    .    .    .    .    .       beats
    |##############|#########|##########|           piece 0 ends later, piece 2 too early

An edge moves only where that breaks no rule of `vsumm.select.edges`, whose distances hold: not away
from a cut between shots, over one or near one, not into or over a spoken phrase, not near another
piece, and not into what is skipped. The reel gets no longer than its budget. The most cuts on beats
for the least score are found by dynamic programming over the pieces; what is lost of the score is
bounded.

Letters: N pieces, C = N - 1 cuts, S = 2 K + 1 shifts of a cut in the reel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vsumm.borders import find_cuts, find_speech
from vsumm.files import RecordCache
from vsumm.fixed import fix
from vsumm.media import Segment, merge_neighbours, mostly_in
from vsumm.score import FloatArray
from vsumm.select import BESIDE_PHRASE_SECONDS, FLASH_SECONDS, MIN_GAP_SECONDS, Borders
from vsumm.soundtrack.beats import Beats
from vsumm.soundtrack.place import ON_BEAT_SECONDS, STRONG_WORTH, beat_distances
from vsumm.summary import Summary

REACH_SECONDS = 0.5
"""How far an edge moves at most: a beat of a usual tempo."""
STEP_SECONDS = 0.02
"""How finely edges move."""
NUM_SHIFTS = 100
"""K: steps by which a cut may come earlier or later in the reel, moves before it included."""
SLACK_SECONDS = 0.02
"""A cut is brought so much nearer to a beat than it must be: pictures come in frames."""
ON_CUT_SECONDS = 0.06
"""An edge that is no farther from one lies on it, and stays."""
MOST_LOSS = 0.02
"""Share of the reel's score that moving edges may cost."""
MOVE_COST = 1e-3
"""What a second that an edge moves costs, in cuts on beats: no more moves than are of use."""
FIRST_PRICE, NUM_PRICES = 5.0, 12
"""Price of the score in cuts on beats, per share of it; doubled until the loss is within bounds."""

Place = tuple[float, float]
"""Where an edge may lie: from when to when, seconds in the film."""


@dataclass(frozen=True)
class Moved:
    """A reel whose cuts were moved to beats."""

    summary: Summary
    """With the pieces as they are now."""
    loss: float
    """Share of its score that it cost, negative where it gained."""


@dataclass(frozen=True)
class _Choices:
    """What can become of one piece: at most one choice for every change of its length."""

    steps: NDArray[np.intp]
    """Change of length, in steps."""
    starts: FloatArray
    ends: FloatArray
    losses: FloatArray
    """By how much its score gets less, an integral over its seconds; 0 where it gets more."""
    moved_seconds: FloatArray


def cut_to_beats(
    summary: Summary,
    beats: Beats,
    start_seconds: float,
    track_seconds: float,
    *,
    crossfade_seconds: float = 0.0,
    cache: RecordCache | None = None,
) -> Moved:
    """Move cuts of the reel of a summary to beats.

    Args:
        summary: the reel.
        beats: of its music, at least two.
        start_seconds: where in the music it begins.
        track_seconds: how long the music is before it begins again.
        crossfade_seconds: how long each run overlaps the next one.
        cache: where cuts between shots and phrases of the film are kept.
    """
    pieces = summary.runs
    places = _free_places(summary, pieces, cache)
    edges = [row.start_seconds for row in summary.segments] + [summary.segments[-1].end_seconds]
    scores = [row.score or 0.0 for row in summary.segments]
    times = np.array(edges)
    worth = np.concatenate([[0.0], np.cumsum(np.array(scores) * np.diff(times))])
    choices = [
        _choices(piece, *free, times, worth) for piece, free in zip(pieces, places, strict=True)
    ]
    lengths = np.cumsum([piece.duration_seconds - crossfade_seconds for piece in pieces])
    cuts = lengths[:-1] + crossfade_seconds / 2
    shifts = STEP_SECONDS * np.arange(-NUM_SHIFTS, NUM_SHIFTS + 1)
    means = [_worth_of(piece, times, worth) / piece.duration_seconds for piece in pieces]
    rewards = _rewards(
        cuts[:, None] + shifts, np.array(means[1:]), beats, start_seconds, track_seconds
    )
    room = int((summary.budget_seconds - summary.reel_seconds + 1e-9) / STEP_SECONDS)
    before = sum(_worth_of(piece, times, worth) for piece in pieces)
    moved, loss = pieces, 0.0
    for price in FIRST_PRICE * 2.0 ** np.arange(NUM_PRICES):
        picked = _best_choices(choices, rewards, price / max(before, 1e-9), room)
        found = [
            Segment(float(each.starts[k]), float(each.ends[k]))
            for each, k in zip(choices, picked, strict=True)
        ]
        lost = 1 - sum(_worth_of(piece, times, worth) for piece in found) / max(before, 1e-9)
        if lost <= MOST_LOSS:
            moved, loss = found, lost
            break
    by_time = sorted(moved, key=lambda piece: piece.start_seconds)
    flags = mostly_in((row.segment for row in summary.segments), by_time)
    rows = (replace(row, selected=flag) for row, flag in zip(summary.segments, flags, strict=True))
    return Moved(replace(summary, pieces=tuple(by_time), segments=tuple(rows)), loss)


def _free_places(
    summary: Summary, pieces: Sequence[Segment], cache: RecordCache | None
) -> list[tuple[Place, Place]]:
    """Return where the start and the end of every piece may lie."""
    info, config = summary.media, summary.config
    fixed = fix(info, config)
    margin = REACH_SECONDS + FLASH_SECONDS
    edges = (time for piece in pieces for time in (piece.start_seconds, piece.end_seconds))
    around = merge_neighbours(
        Segment(max(0.0, time - margin), min(info.duration_seconds, time + margin))
        for time in edges
    )
    content = summary.input_sha256
    track = config.audio_track or 0
    borders = Borders(
        find_cuts(info, around, None, content=content, cache=cache).cuts,
        summary.segments[-1].end_seconds,
        find_speech(info, around, track=track, content=content, cache=cache).phrases,
        [*fixed.kept, *fixed.skipped],
    )
    has_shift = [False, *(shift != 0 for shift in summary.sound_shifts), False]
    has_shift = has_shift if summary.sound_shifts else [False] * (len(pieces) + 1)
    by_time = summary.runs_by_time
    gaps = [b.start_seconds - a.end_seconds for a, b in pairwise(by_time)]
    rooms = [np.inf, *(max(0.0, (gap - MIN_GAP_SECONDS) / 2) for gap in gaps), np.inf]
    before, after = (dict(zip(by_time, each, strict=True)) for each in (rooms[:-1], rooms[1:]))
    return [
        (
            _free_place(p.start_seconds, -before[p], np.inf, borders, is_fixed=has_shift[k]),
            _free_place(p.end_seconds, -np.inf, after[p], borders, is_fixed=has_shift[k + 1]),
        )
        for k, p in enumerate(pieces)
    ]


def _free_place(
    time: float, earlier: float, later: float, borders: Borders, *, is_fixed: bool
) -> Place:
    """Return the stretch in which an edge may lie; only itself where it may not move.

    Args:
        time: where it is, seconds.
        earlier: by how much it may move at most towards the beginning, at most 0.
        later: and towards the end.
        borders: cuts and phrases of the film around it.
        is_fixed: whether it may not move at all.
    """
    seams = borders.seams
    is_spoken = bool(borders.are_spoken(np.array([time]))[0])
    if is_fixed or is_spoken or np.abs(seams - time).min() <= ON_CUT_SECONDS:
        return time, time
    phrases = [(phrase.start_seconds, phrase.end_seconds) for phrase in borders.phrases]
    floors = [time - REACH_SECONDS, time + earlier]
    floors += [seam + FLASH_SECONDS for seam in seams if seam < time]
    floors += [end + BESIDE_PHRASE_SECONDS for _, end in phrases if end <= time]
    ceilings = [time + REACH_SECONDS, time + later]
    ceilings += [seam - FLASH_SECONDS for seam in seams if seam > time]
    ceilings += [start - BESIDE_PHRASE_SECONDS for start, _ in phrases if start >= time]
    return min(time, max(floors)), max(time, min(ceilings))


def _choices(
    piece: Segment, start: Place, end: Place, times: FloatArray, worth: FloatArray
) -> _Choices:
    """Return the best way to change the length of a piece by each number of steps."""
    first = _steps(start, piece.start_seconds)
    last = _steps(end, piece.end_seconds)
    starts = piece.start_seconds + STEP_SECONDS * first.astype(np.float64)
    ends = piece.end_seconds + STEP_SECONDS * last.astype(np.float64)
    values = np.interp(ends, times, worth) - np.interp(starts, times, worth)[:, None]
    losses = np.maximum(0, _worth_of(piece, times, worth) - values)
    moved = STEP_SECONDS * (np.abs(first)[:, None] + np.abs(last))
    steps = last - first[:, None]
    is_long = (ends - starts[:, None]) >= min(2 * FLASH_SECONDS, piece.duration_seconds)
    order = np.lexsort((moved.ravel(), losses.ravel(), steps.ravel()))
    order = order[is_long.ravel()[order]]
    _, at = np.unique(steps.ravel()[order], return_index=True)
    rows, columns = np.unravel_index(order[at], steps.shape)
    return _Choices(
        steps[rows, columns],
        starts[rows],
        ends[columns],
        losses[rows, columns],
        moved[rows, columns],
    )


def _steps(place: Place, time: float) -> NDArray[np.intp]:
    """Return the moves of an edge that stay in its place, in steps."""
    first = int((place[0] - time) / STEP_SECONDS)
    last = int((place[1] - time) / STEP_SECONDS)
    return np.arange(first, last + 1)


def _rewards(
    cuts: FloatArray, means: FloatArray, beats: Beats, start_seconds: float, track_seconds: float
) -> FloatArray:
    """Return what it is worth where each cut comes at each shift, (C, S).

    Args:
        cuts: (C, S) its times in the reel.
        means: (C,) mean scores of the pieces behind the cuts; the better half is strong.
        beats: of the music.
        start_seconds: where in it the reel begins.
        track_seconds: how long it is.
    """
    seconds = (start_seconds + cuts) % track_seconds
    nearest = ON_BEAT_SECONDS - SLACK_SECONDS
    rewards = (beat_distances(seconds, beats.seconds) <= nearest).astype(float)
    if len(beats.bars) > 1:
        is_strong = means >= np.median(means) if len(means) else np.zeros(0, bool)
        on_bar = beat_distances(seconds, beats.bars) <= nearest
        rewards += STRONG_WORTH * (on_bar & is_strong[:, None])
    return rewards


def _best_choices(
    choices: Sequence[_Choices], rewards: FloatArray, price: float, room: int
) -> list[int]:
    """Choose for every piece: the greatest reward of all cuts less the price of the score lost.

    Args:
        choices: of the N pieces.
        rewards: (C, S) of each cut at each shift.
        price: of a unit of score.
        room: steps by which the reel may get longer.
    """
    totals = np.full(rewards.shape[1] if len(rewards) else 2 * NUM_SHIFTS + 1, -np.inf)
    totals[NUM_SHIFTS] = 0.0
    came_from = []
    for number, each in enumerate(choices):
        reached = np.full((len(each.steps), len(totals)), -np.inf)
        for row, step in enumerate(each.steps):
            cost = price * each.losses[row] + MOVE_COST * each.moved_seconds[row]
            inside = slice(max(0, step), len(totals) + min(0, step))
            source = slice(max(0, -step), len(totals) - max(0, step))
            reached[row, inside] = totals[source] - cost
        came_from.append(reached.argmax(axis=0))
        totals = reached.max(axis=0)
        if number < len(rewards):
            totals = totals + rewards[number]
    totals[NUM_SHIFTS + room + 1 :] = -np.inf
    shift = int(totals.argmax())
    picked = []
    for each, rows in zip(reversed(choices), reversed(came_from), strict=True):
        picked.append(int(rows[shift]))
        shift -= int(each.steps[rows[shift]])
    return picked[::-1]


def _worth_of(piece: Segment, times: FloatArray, worth: FloatArray) -> float:
    """Return the score of a piece, an integral over its seconds."""
    ends = np.interp([piece.start_seconds, piece.end_seconds], times, worth)
    return float(ends[1] - ends[0])
