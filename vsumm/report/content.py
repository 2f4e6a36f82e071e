"""Everything that the page of a report says, as plain values for its template.

The template escapes all of it. Times that the script reads are written in full precision.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote_from_bytes

import numpy as np

from mmva_core.clock import clock_text
from vsumm.config import SummaryConfig
from vsumm.files import shown
from vsumm.media import DecodeReport, MediaInfo, Segment
from vsumm.report.curves import choose_ticks, draw_curve
from vsumm.report.moments import Moment, scored_by, signals_of_rows, skipped_pieces
from vsumm.score import FloatArray
from vsumm.stretches import stretch_text
from vsumm.summary import Summary
from vsumm.words import counted

Cells: TypeAlias = dict[str, Any]
Fact: TypeAlias = tuple[str, str, bool]
"""A name, a value, and whether the value differs from the default."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of a page, as data URIs."""

    thumbnails: Mapping[float, tuple[str, int, int]]
    """URI, width and height in pixels, by the time in the film."""
    cover: str | None
    """What the player shows before it plays."""


def page_content(
    summary: Summary,
    picks: Sequence[Moment],
    runners_up: Sequence[Moment],
    *,
    pictures: Pictures,
    folder: Path,
    summary_path: Path,
) -> Cells:
    """Return the values of the template's variables, but for style and script.

    Args:
        summary: what to show.
        picks: the runs of the reel.
        runners_up: what was left out.
        pictures: of both.
        folder: where the page will lie; the film is linked relative to it.
        summary_path: where the summary lies as JSON.
    """
    duration = summary.media.duration_seconds
    href = film_href(summary.media.path, folder)
    return {
        "title": shown(summary.media.path.name),
        "lede": _lede(summary, len(picks)),
        "budget_clock": clock_text(summary.budget_seconds),
        "media": {
            "href": href,
            "shown": shown(_relative(summary.media.path, folder)),
            "has_picture": summary.media.video is not None,
            "cover": pictures.cover,
        },
        "headline": _headline(summary, picks),
        "remarks": list(summary.notes),
        "tracks": _tracks(summary),
        "ticks": _ticks(duration),
        "skipped": [_place(piece, duration) for piece in skipped_pieces(summary)],
        "picks": [
            _moment(moment, f"pick-{number}", number, duration, pictures)
            for number, moment in enumerate(picks, 1)
        ],
        "runners_up": [
            _moment(moment, f"next-{number}", None, duration, pictures)
            for number, moment in enumerate(runners_up, 1)
        ],
        "made": _made(summary),
        "document": in_columns(json.loads(summary.to_json())),
        "page": {
            "quoted_summary": shlex.quote(_relative(summary_path, folder)),
            "edited_name": f"{summary_path.stem}.edited.json",
        },
    }


def film_href(film: Path, folder: Path) -> str:
    """Return a relative link to the film, whatever its name holds.

    >>> film_href(Path("/films/a #1: <b>.mp4"), Path("/films/out"))
    '../a%20%231%3A%20%3Cb%3E.mp4'
    """
    return quote_from_bytes(os.fsencode(_relative(film, folder)).replace(b"\\", b"/"))


def in_columns(document: Cells) -> Cells:
    """Return the JSON of a summary with one list per field of its segments, and one per signal.

    Names stand there once instead of once for each segment: of long films they fill most of it.

    >>> rows = [{"score": 0.5, "signals": {"motion": 1}}, {"score": 0.7, "signals": {"motion": 2}}]
    >>> in_columns({"segments": rows})
    {'segments': {'score': [0.5, 0.7], 'signals': {'motion': [1, 2]}}}
    """
    rows = document["segments"]
    columns: Cells = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    if rows:
        signals = columns["signals"]
        columns["signals"] = {name: [row[name] for row in signals] for name in signals[0]}
    return {**document, "segments": columns}


def ordinal(number: int) -> str:
    """Write a rank.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffix}"


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path.absolute(), folder.absolute())


def _lede(summary: Summary, num_picks: int) -> str:
    """Return in one line what came out."""
    whole = clock_text(summary.media.duration_seconds)
    if not num_picks:
        return f"nothing of {whole} was picked, by {scored_by(summary)}"
    length = clock_text(summary.selected_seconds)
    return f"{length} of {whole} in {counted(num_picks, 'pick')}, by {scored_by(summary)}"


def _headline(summary: Summary, picks: Sequence[Moment]) -> list[Fact]:
    share = summary.selected_seconds / summary.media.duration_seconds
    facts = [
        ("Reel", f"{clock_text(summary.selected_seconds)}, {share:.0%} of the film"),
        ("Budget", clock_text(summary.budget_seconds)),
        ("Picks", str(len(picks))),
        ("Scored by", scored_by(summary)),
        ("Model", summary.model),
        ("Film", clock_text(summary.media.duration_seconds)),
    ]
    if video := summary.media.video:
        facts.append(
            ("Picture", f"{video.width} × {video.height}, {video.frame_rate:.4g} frames/s")
        )
    return [(name, value, False) for name, value in facts]


def _moment(
    moment: Moment, name: str, number: int | None, duration: float, pictures: Pictures
) -> Cells:
    start, end = moment.segment.start_seconds, moment.segment.end_seconds
    clock = f"{clock_text(start)} – {clock_text(end)}"
    image, width, height = pictures.thumbnails.get(moment.best_seconds, (None, 0, 0))
    return {
        "id": name,
        "number": number,
        "start": repr(start),
        "end": repr(end),
        "clock": clock,
        "label": f"{clock_text(start)} to {clock_text(end)}",
        "seconds": moment.segment.duration_seconds,
        "score": moment.score,
        "percent": round(100 * moment.score),
        "rank": "highest" if moment.rank == 1 else f"{ordinal(moment.rank)} highest",
        "why": moment.why,
        "dropped": ", ".join(moment.dropped),
        "image": image,
        "image_width": width,
        "image_height": height,
        **_place(moment.segment, duration),
    }


def _place(piece: Segment, duration_seconds: float) -> Cells:
    """Return where a piece lies on the time axis, per cent."""
    return {
        "left": f"{100 * piece.start_seconds / duration_seconds:.3f}",
        "width": f"{100 * piece.duration_seconds / duration_seconds:.3f}",
    }


def _ticks(duration_seconds: float) -> list[Cells]:
    cells = []
    for time in choose_ticks(duration_seconds):
        share = time / duration_seconds
        place = " first" if share < 0.02 else " last" if share > 0.98 else ""
        text = clock_text(time, with_tenths=False)
        cells.append({"left": f"{100 * share:.3f}", "text": text, "place": place})
    return cells


def _tracks(summary: Summary) -> list[Cells]:
    """Return the curves of the score and of every signal that has a value anywhere."""
    if not summary.segments:
        return []
    scores = np.array([row.score for row in summary.segments], dtype=np.float64)
    tracks = [_track(summary, "score", scores, low=0.0, high=1.0)]
    for name, values in signals_of_rows(summary).items():
        if np.isfinite(values).any():
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            tracks.append(_track(summary, name.replace("_", " "), values, low=low, high=high))
    return tracks


def _track(summary: Summary, name: str, values: FloatArray, *, low: float, high: float) -> Cells:
    segments = [row.segment for row in summary.segments]
    curve = draw_curve(
        segments,
        values,
        duration_seconds=summary.media.duration_seconds,
        low=low,
        high=high,
    )
    label = f"{name}: no value anywhere"
    if np.isfinite(values).any():
        least, most = float(np.nanmin(values)), float(np.nanmax(values))
        peak = segments[int(np.nanargmax(values))].start_seconds
        label = f"{name}: {least:.2f} to {most:.2f}, highest at {clock_text(peak)}"
    is_score = name == "score"
    return {
        "name": name,
        "label": label,
        "line": curve.line,
        "area": curve.area if is_score else "",
        "range": f"{_short(low)} – {_short(high)}",
    }


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _made(summary: Summary) -> list[tuple[str, list[Fact]]]:
    return [
        ("Film", [(name, value, False) for name, value in _film_facts(summary)]),
        ("Reading", [(name, value, False) for name, value in _reading_facts(summary)]),
        ("Settings", _settings(summary.config)),
    ]


def _film_facts(summary: Summary) -> list[tuple[str, str]]:
    media = summary.media
    facts = [
        ("File", shown(media.path)),
        ("SHA-256", summary.input_sha256),
        ("Container", media.container),
        *_stream_facts(media),
    ]
    facts += [("Problem", problem) for problem in media.problems]
    return facts


def _stream_facts(media: MediaInfo) -> list[tuple[str, str]]:
    facts = []
    if video := media.video:
        facts.append(("Picture", f"{video.codec}, {video.pixel_format}"))
    for number, track in enumerate(media.audio):
        language = f", {track.language}" if track.language else ""
        channels = counted(track.num_channels, "channel")
        facts.append(
            (f"Sound {number}", f"{track.codec}, {track.sample_rate} Hz, {channels}{language}")
        )
    return facts


def _reading_facts(summary: Summary) -> list[tuple[str, str]]:
    reports = (("Picture", summary.image_report), ("Sound", summary.music_report))
    facts = [(name, _reading(report)) for name, report in reports if report is not None]
    facts.append(("Segments", str(len(summary.segments))))
    facts.append(("Schema", f"version {summary.schema_version}"))
    return facts


def _reading(report: DecodeReport) -> str:
    lost = report.unreadable_seconds
    amount = f"{report.wanted_seconds:.1f} s by {report.decoder or 'no decoder'}"
    if not lost:
        return f"{amount}, nothing lost"
    return (
        f"{amount}; {lost:.2f} s ({report.unreadable_share:.1%}) lost: {', '.join(report.reasons)}"
    )


def _settings(config: SummaryConfig) -> list[Fact]:
    defaults = asdict(SummaryConfig())
    return [
        (name.replace("_", " "), _value(value), value != defaults[name])
        for name, value in asdict(config).items()
    ]


def _value(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        parts = (stretch_text(*v) if isinstance(v, tuple) else _value(v) for v in value)
        return ", ".join(parts) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{key} {number:g}" for key, number in value.items()) or "as built in"
    return f"{value:g}" if isinstance(value, float) else str(value)
