"""Chapters: where the highlights lie, in the reel or in the full film.

reel     one chapter for each clip, without gaps
source   "highlight 1", then "film" up to the next one: to jump to, nothing is cut out; the film's
         own chapters take the place of "film"
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from vsumm.errors import OutputError
from vsumm.files import atomic_output, shown
from vsumm.media import SourceChapter
from vsumm.timeline.model import Timeline

ChaptersFor = Literal["reel", "source"]
FEWEST_FOR_SITES = 3
SHORTEST_FOR_SITES = 10
"""Video sites ignore a list of fewer chapters than three, or with one shorter than ten seconds."""


@dataclass(frozen=True)
class Chapter:
    """A titled stretch."""

    start: Fraction
    """First instant, seconds."""
    end: Fraction
    """First instant after it."""
    title: str
    """One line."""


def chapters_of(
    timeline: Timeline,
    which: ChaptersFor = "reel",
    *,
    duration_seconds: float | None = None,
    of_film: Sequence[SourceChapter] = (),
) -> list[Chapter]:
    """Return the chapters of a timeline, in order, without gaps.

    Args:
        timeline: clips in the order of the film.
        which: chapters of the reel, or of the film that it was cut from.
        duration_seconds: length of the film, for "source"; as the timeline says, if left out.
        of_film: the film's own chapters, for "source".
    """
    if which == "reel":
        return _of_reel(timeline)
    length = timeline.source.num_frames
    last = max((_run(timeline, n)[1] for n in range(len(timeline.clips))), default=Fraction(0))
    end = Fraction(duration_seconds or 0) or (Fraction(length) / timeline.rate if length else last)
    chapters: list[Chapter] = []
    position = Fraction(0)
    for number in range(len(timeline.clips)):
        start, stop = _run(timeline, number)
        chapters += _between(position, start, of_film)
        chapters.append(Chapter(max(start, position), stop, _title(timeline, number)))
        position = stop
    return [*chapters, *_between(position, end, of_film)]


def ffmetadata(chapters: list[Chapter], title: str) -> str:
    r"""Return chapters as FFmpeg reads them: `ffmpeg -i film.mp4 -i this -map_metadata 1 -c copy`.

    >>> print(ffmetadata([Chapter(Fraction(0), Fraction(3, 2), "a=b")], "film"), end="")
    ;FFMETADATA1
    title=film
    [CHAPTER]
    TIMEBASE=1/1000
    START=0
    END=1500
    title=a\=b
    """
    lines = [";FFMETADATA1", f"title={_escaped(title)}"]
    for chapter in chapters:
        lines += ["[CHAPTER]", "TIMEBASE=1/1000"]
        lines += [f"START={_milliseconds(chapter.start)}", f"END={_milliseconds(chapter.end)}"]
        lines.append(f"title={_escaped(chapter.title)}")
    return "\n".join(lines) + "\n"


def webvtt(chapters: list[Chapter]) -> str:
    """Return chapters as a WebVTT file, for `<track kind="chapters">`."""
    cues = []
    for number, chapter in enumerate(chapters, 1):
        title = chapter.title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        span = f"{_clock(chapter.start)} --> {_clock(chapter.end)}"
        cues.append(f"{number}\n{span}\n{title}\n")
    # The word behind WEBVTT tells such a file beside a film from its subtitles.
    return "\n".join(["WEBVTT chapters\n", *cues])


def site_text(chapters: list[Chapter]) -> str:
    """Return chapters as lines "0:00 title", for the description of a film on a video site.

    Chapters shorter than sites accept are joined with the one before them.

    Raises:
        OutputError: fewer chapters are left than sites accept.
    """
    kept: list[Chapter] = []
    for chapter in chapters:
        start = chapter.start // 1
        if not kept or start - kept[-1].start // 1 >= SHORTEST_FOR_SITES:
            kept.append(chapter)
    if kept and chapters[-1].end - kept[-1].start < SHORTEST_FOR_SITES:
        kept.pop()
    if len(kept) < FEWEST_FOR_SITES:
        raise OutputError(
            f"video sites want at least {FEWEST_FOR_SITES} chapters of {SHORTEST_FOR_SITES} s, "
            f"there are {len(kept)}; try {{do}}",
            argument="chapters_for='source'",
            option="--chapters-for source",
        )
    return "".join(f"{_short_clock(chapter.start)} {chapter.title}\n" for chapter in kept)


def write_chapters(
    chapters: list[Chapter],
    title: str,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
) -> Path:
    """Write chapters in the form that the extension names, see `CHAPTER_FORMS`.

    Raises:
        OutputError: no form has this extension, or the file cannot be written.
    """
    target = Path(path)
    form = CHAPTER_FORMS.get(target.suffix.lower())
    if form is None:
        raise OutputError(f"{shown(target)}: chapters are {', '.join(CHAPTER_FORMS)}")
    if form == "ffmetadata":
        text = ffmetadata(chapters, title)
    else:
        text = webvtt(chapters) if form == "webvtt" else site_text(chapters)
    with atomic_output(target, overwrite=overwrite) as partial:
        partial.write_text(text, encoding="utf-8")
    return target


CHAPTER_FORMS = {
    ".ffmeta": "ffmetadata",
    ".ffmetadata": "ffmetadata",
    ".vtt": "webvtt",
    ".txt": "text",
}
"""Forms of chapters by extension, lower case."""


def _of_reel(timeline: Timeline) -> list[Chapter]:
    places = timeline.places()
    starts = [place.start for place in places] + [timeline.num_frames]
    return [
        Chapter(
            starts[number] / timeline.rate,
            starts[number + 1] / timeline.rate,
            _title(timeline, number),
        )
        for number in range(len(places))
    ]


def _between(start: Fraction, end: Fraction, of_film: Sequence[SourceChapter]) -> list[Chapter]:
    """Return what lies between two highlights: the film's own chapters, or one named "film"."""
    found: list[Chapter] = []
    position = start
    for chapter in of_film:
        begin = max(Fraction(chapter.start_seconds), position)
        stop = min(Fraction(chapter.end_seconds), end)
        if begin >= stop:
            continue
        if begin > position:
            found.append(Chapter(position, begin, "film"))
        found.append(Chapter(begin, stop, chapter.title or "film"))
        position = stop
    return [*found, Chapter(position, end, "film")] if end > position else found


def _run(timeline: Timeline, number: int) -> tuple[Fraction, Fraction]:
    clip = timeline.clips[number]
    return clip.run or (clip.start, clip.end)


def _title(timeline: Timeline, number: int) -> str:
    clip = timeline.clips[number]
    name = clip.name or f"highlight {number + 1}"
    return re.sub(r"\s+", " ", f"{name}: {clip.reason}" if clip.reason else name)


def _escaped(text: str) -> str:
    return re.sub(r"([=;#\\\n])", r"\\\1", text)


def _milliseconds(seconds: Fraction) -> int:
    return round(seconds * 1000)


def _clock(seconds: Fraction) -> str:
    minutes, milliseconds = divmod(_milliseconds(seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def _short_clock(seconds: Fraction) -> str:
    minutes, second = divmod(seconds // 1, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"
