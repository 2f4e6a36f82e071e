"""LosslessCut's project files, .llc: JSON5 with one segment for each clip, in seconds.

Its clock starts with the presentation, as ours does, and its seconds are exact. It knows no
cross-fades, no soundtrack and no frame rate.
"""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from vsumm.errors import ScoresError
from vsumm.timeline.json5 import parse_json5
from vsumm.timeline.model import Clip, Source, Timeline
from vsumm.timeline.one_film import NamedClip, choose_film

VERSION = 1
COUNTS = Fraction(1_000_000)
"""Resolution of a timeline read from here: microseconds, since no frame rate is in the file."""
_TO_THE_END = 10**9
"""End of a segment that has none, seconds: it is shortened to the film."""


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of an .llc file."""
    film = os.path.relpath(timeline.source.path, folder)
    lines = [
        "{",
        f"  version: {VERSION},",
        f"  mediaFileName: {_quoted(film)},",
        "  cutSegments: [",
    ]
    for clip in timeline.clips:
        start, end = clip.run or (clip.start, clip.end)
        name = ": ".join(part for part in (clip.name, clip.comment) if part)
        lines += ["    {", f"      start: {_seconds(start)},", f"      end: {_seconds(end)},"]
        lines += [f"      name: {_quoted(name)},", *_tags(clip), "    },"]
    return "\n".join([*lines, "  ],", "}"]) + "\n"


def read(text: str) -> Timeline:
    """Read the segments of a project.

    Raises:
        ScoresError: it is no project of LosslessCut, or has no segments.
    """
    try:
        project = parse_json5(text)
    except ValueError as error:
        raise ScoresError(f"no LosslessCut project: {error}") from error
    segments = project.get("cutSegments") if isinstance(project, dict) else None
    if not isinstance(segments, list):
        raise ScoresError("no LosslessCut project: there are no cutSegments")
    name = project.get("mediaFileName")
    if not isinstance(name, str) or not name:
        raise ScoresError(
            "the LosslessCut project names no film; name it with {do}",
            argument="media=...",
            option="--media",
        )
    source = Source(Path(name), COUNTS, relative_path=name)
    chosen = [segment for segment in segments if _is_chosen(segment)]
    clips, _, _ = choose_film([NamedClip(_clip(segment), source) for segment in chosen])
    num_markers = len(segments) - len(chosen)
    notes = [f"{num_markers} markers or deselected segments are left out"] if num_markers else []
    return Timeline(Path(name).stem, source, clips, notes=tuple(notes))


def _is_chosen(segment: Any) -> bool:
    if not isinstance(segment, dict):
        raise ScoresError("no LosslessCut project: a segment is no object")
    # Since version 2 of the form a segment without an end is a marker.
    is_marker = segment.get("end") is None and segment.get("start") is not None
    return not is_marker and segment.get("selected", True) is not False


def _clip(segment: dict[str, Any]) -> Clip:
    start, end = segment.get("start") or 0, segment.get("end")
    end = _TO_THE_END if end is None else end
    for time in (start, end):
        if isinstance(time, bool) or not isinstance(time, (int, float)) or not 0 <= time < 1e12:
            raise ScoresError(f"no time in seconds: {time!r}")
    if start >= end:
        raise ScoresError(f"a segment ends before it begins, at {end} s")
    run = Fraction(start), Fraction(end)
    tags = segment.get("tags")
    facts = tags if isinstance(tags, dict) else {}
    score = str(facts.get("score", ""))
    return Clip(
        *run,
        run=run,
        name=str(segment.get("name") or ""),
        score=float(score) if re.fullmatch(r"[\d.]+", score) else None,
        reason=str(facts.get("reason", "")),
    )


def _tags(clip: Clip) -> list[str]:
    tags = [f"reason: {_quoted(clip.reason)}"] if clip.reason else []
    if clip.score is not None:
        tags.append(f"score: {_quoted(str(clip.score))}")
    return [f"      tags: {{ {', '.join(tags)} }},"] if tags else []


def _quoted(text: str) -> str:
    inside = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inside}'"


def _seconds(seconds: Fraction) -> str:
    return repr(float(seconds)).removesuffix(".0")
