"""What was picked, what nearly was, and why, in words.

picks        the runs of the reel: "much motion, intense pictures"
runners-up   the best pieces that were left out, with what kept them out:
             "0.03 below the lowest pick, 1.2 s over the budget"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from vsumm.media import SLACK_SECONDS, Segment
from vsumm.score import FloatArray, contributions, find_topic, reasons, used_weights
from vsumm.select import MOST_FAMILIAR
from vsumm.summary import Summary

LEAST_RUNNERS_UP, MOST_RUNNERS_UP = 4, 24
"""As many runners-up are shown as there are picks, within these limits."""


@dataclass(frozen=True)
class Moment:
    """A piece of the film: a run of the reel, or neighbouring segments."""

    segment: Segment
    """Where it lies."""
    score: float
    """Mean score of its segments, in [0, 1]."""
    rank: int
    """Place of its score among those of its kind, picks or runners-up; 1 is the highest."""
    best_seconds: float
    """The middle of what it shows of its segment with the highest score: where to take its picture
    from."""
    reasons: tuple[str, ...]
    """What its segments have more of than the film on average, such as "much motion"."""
    dropped: tuple[str, ...] = ()
    """Why it was left out, such as "0.8 s over the budget"; nothing for a pick."""

    @property
    def why(self) -> str:
        """The reasons as one text."""
        return ", ".join(self.reasons) or "no signal stands out"


def picks_of(summary: Summary) -> list[Moment]:
    """Return the runs of the reel, in its order."""
    return _moments(summary, summary.runs, _rows_of_runs(summary), are_picks=True)


def runners_up_of(summary: Summary) -> list[Moment]:
    """Return the best pieces that were left out, chronological.

    Segments enter in the order of their scores, as many as there are picks; neighbours among them
    make one piece.
    """
    scored = [
        (-row.score, index)
        for index, row in enumerate(summary.segments)
        if row.score is not None and not row.selected
    ]
    count = min(max(len(summary.runs), LEAST_RUNNERS_UP), MOST_RUNNERS_UP)
    rows = sorted(index for _, index in sorted(scored)[:count])
    groups = _neighbours(summary, rows)
    spans = [_span(summary, rows) for rows in groups]
    return _moments(summary, spans, groups, are_picks=False)


def signals_of_rows(summary: Summary) -> dict[str, FloatArray]:
    """Return every signal as an array, shape (N,), NaN where there is nothing to say."""
    return {
        name: np.array([row.signals[name] for row in summary.segments], dtype=np.float64)
        for name in summary.signal_names
    }


def scored_by(summary: Summary) -> str:
    """Return what scored the segments, like 'highlights, about "Car repair" (its title)'."""
    config = summary.config
    if config.query:
        return f'the query "{config.query}"'
    closeness = signals_of_rows(summary).get("about", np.zeros(1))
    topic = find_topic(summary.media, config.about) if np.nan_to_num(closeness).any() else None
    if summary.by != "highlights" or topic is None or "about" not in used_weights(config.weights):
        return summary.by
    source = {"stated": "", "title": " (its title)", "name": " (its file name)"}[topic.source]
    return f'{summary.by}, about "{topic.text}"{source}'


def _neighbours(summary: Summary, rows: Iterable[int]) -> list[list[int]]:
    """Group indices, ascending, of segments that touch."""
    groups: list[list[int]] = []
    for index in rows:
        start = summary.segments[index].start_seconds
        if groups and summary.segments[groups[-1][-1]].end_seconds >= start:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _rows_of_runs(summary: Summary) -> list[list[int]]:
    """Return for each run the segments that it mostly shows, or the one it shows most of."""
    starts = np.array([row.start_seconds for row in summary.segments])
    ends = np.array([row.end_seconds for row in summary.segments])
    groups = []
    for run in summary.runs:
        shown = np.minimum(ends, run.end_seconds) - np.maximum(starts, run.start_seconds)
        rows = np.flatnonzero(shown > (ends - starts) / 2).tolist()
        groups.append(rows or [int(np.argmax(shown))])
    return groups


def _moments(
    summary: Summary,
    pieces: Sequence[Segment],
    groups: Sequence[list[int]],
    *,
    are_picks: bool,
) -> list[Moment]:
    """Describe pieces of the film, each with the indices of the segments that it shows."""
    if not groups:
        return []
    parts = contributions(signals_of_rows(summary), summary.config, by=summary.by)
    scores = np.array([row.score for row in summary.segments], dtype=np.float64)
    scores = np.nan_to_num(scores)  # a summary from elsewhere may pick what has no score
    means = [float(np.mean(scores[rows])) for rows in groups]
    return [
        Moment(
            segment=piece,
            score=mean,
            rank=1 + sum(other > mean for other in means),
            best_seconds=_middle_of(
                piece, summary.segments[max(rows, key=lambda i: scores[i])].segment
            ),
            reasons=_reasons(summary, parts, rows),
            dropped=() if are_picks else _dropped(summary, rows, mean),
        )
        for piece, rows, mean in zip(pieces, groups, means, strict=True)
    ]


def _middle_of(piece: Segment, segment: Segment) -> float:
    """Return the middle of the part of a segment that a piece shows."""
    start = max(piece.start_seconds, segment.start_seconds)
    return (start + min(piece.end_seconds, segment.end_seconds)) / 2


def _reasons(summary: Summary, parts: Mapping[str, FloatArray], rows: list[int]) -> tuple[str, ...]:
    phrases = reasons(parts, rows)
    if summary.config.query:
        return tuple(f'looks like "{summary.config.query}"' for _ in phrases)
    return tuple(phrases)


def _span(summary: Summary, rows: list[int]) -> Segment:
    return Segment(summary.segments[rows[0]].start_seconds, summary.segments[rows[-1]].end_seconds)


def _dropped(summary: Summary, rows: list[int], score: float) -> tuple[str, ...]:
    """Return what kept neighbouring segments out of the reel."""
    lowest = min((row.score or 0.0 for row in summary.segments if row.selected), default=None)
    over = (
        summary.selected_seconds
        + sum(summary.segments[index].segment.duration_seconds for index in rows)
        - summary.budget_seconds
    )
    causes = []
    if lowest is not None and round(lowest - score, 2) > 0:
        causes.append(f"{lowest - score:.2f} below the lowest pick")
    elif summary.by == "highlights" and summary.config.spread and _is_near_a_pick(summary, rows):
        causes.append("near another pick")
    if over > SLACK_SECONDS:
        amount = f"{over:.1f} s" if over >= 0.05 else f"{max(1, round(1000 * over))} ms"
        causes.append(f"{amount} over the budget")
    return tuple(causes) or ("other segments fill the budget better",)


def _is_near_a_pick(summary: Summary, rows: list[int]) -> bool:
    """Return whether a pick lies so close that the place counts as familiar."""
    first, last = max(0, rows[0] - MOST_FAMILIAR), rows[-1] + 1 + MOST_FAMILIAR
    return any(row.selected for row in summary.segments[first:last])


def skipped_pieces(summary: Summary) -> list[Segment]:
    """Return the pieces without a score, chronological: skipped, black, silent or unreadable."""
    pieces = []
    for is_scored, rows in groupby(summary.segments, key=lambda row: row.score is not None):
        if not is_scored:
            group = list(rows)
            pieces.append(Segment(group[0].start_seconds, group[-1].end_seconds))
    return pieces
