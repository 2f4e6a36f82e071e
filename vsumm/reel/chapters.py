"""Chapters of a reel: one for each run, or those of the film where the reel shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mmva_core.clock import clock_text
from vsumm.media import SourceChapter
from vsumm.reel.layout import PlacedRun

SHORTEST_SECONDS = Fraction(1, 2)
"""A chapter of the film of which the reel shows less, at its place, gets none there."""
MILLISECONDS = Fraction(1000)
"""Resolution of chapters, in a second."""


@dataclass(frozen=True)
class ReelChapter:
    """A titled stretch of the reel."""

    start: Fraction
    """First instant, seconds."""
    end: Fraction
    """First instant after it."""
    title: str
    """One line; may be empty."""


def chapters_of_runs(
    runs: Sequence[PlacedRun], chapters: Sequence[SourceChapter]
) -> list[ReelChapter]:
    """Return one chapter for each run, without gaps, named after its time in the film.

    The title of the film's chapter that a run begins in follows that time.
    """
    starts = [*(run.reel_start for run in runs), runs[-1].reel_end]
    named = []
    for run, start, end in zip(runs, starts, starts[1:], strict=False):
        title = f"{clock_text(float(run.source_start))} of the film"
        within = _title_at(chapters, run.source_start)
        named.append(ReelChapter(start, end, f"{title}: {within}" if within else title))
    return named


def chapters_of_film(
    runs: Sequence[PlacedRun], chapters: Sequence[SourceChapter]
) -> list[ReelChapter]:
    """Return the film's chapters at the times at which the reel shows them.

    A chapter ends where the next one begins; what no chapter covers in the film has none.

    >>> from vsumm.media import Segment
    >>> from vsumm.reel.layout import lay_out
    >>> film = [SourceChapter(0, 5, "a"), SourceChapter(5, 9, "b"), SourceChapter(9, 20, "c")]
    >>> mapped = chapters_of_film(lay_out([Segment(2, 4), Segment(10, 13)]), film)
    >>> [(float(each.start), float(each.end), each.title) for each in mapped]
    [(0.0, 2.0, 'a'), (2.0, 5.0, 'c')]
    """
    pieces = []
    for run in runs:
        for number, chapter in enumerate(chapters):
            begin = max(Fraction(chapter.start_seconds), run.source_start)
            end = min(Fraction(chapter.end_seconds), run.source_end)
            if end - begin >= SHORTEST_SECONDS:
                pieces.append((run.to_reel(begin), run.to_reel(end), number))
    mapped: list[ReelChapter] = []
    last = None
    for start, end, number in pieces:
        if mapped and start < mapped[-1].end:  # a cross-fade
            mapped[-1] = ReelChapter(mapped[-1].start, start, mapped[-1].title)
        if number == last:
            mapped[-1] = ReelChapter(mapped[-1].start, end, mapped[-1].title)
        else:
            mapped.append(ReelChapter(start, end, chapters[number].title))
        last = number
    return mapped


def to_pyav(chapters: Sequence[ReelChapter]) -> list[Any]:
    """Return chapters in the form of PyAV."""
    return [
        {
            "id": number,
            "start": round(chapter.start * MILLISECONDS),
            "end": round(chapter.end * MILLISECONDS),
            "time_base": 1 / MILLISECONDS,
            "metadata": {"title": chapter.title} if chapter.title else {},
        }
        for number, chapter in enumerate(chapters)
    ]


def _title_at(chapters: Sequence[SourceChapter], instant: Fraction) -> str:
    titles = (c.title for c in chapters if c.start_seconds <= instant < c.end_seconds)
    return next(titles, "")
