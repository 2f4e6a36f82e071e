"""What is in a film beside picture and sound: subtitles, chapters, attachments, data.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from av.codec.codec import Properties
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream

LONGEST_TITLE = 200
"""Characters of a title that are kept."""
FONT_TYPES = (
    "font/ttf", "font/otf", "font/sfnt", "font/collection", "application/x-truetype-font",
    "application/x-font-ttf", "application/x-font-otf", "application/x-font",
    "application/vnd.ms-opentype", "application/font-sfnt",
)  # fmt: skip
"""Media types of fonts, as Matroska files name them."""
MOST_CHAPTERS = 10_000
"""Chapters of a film that are looked at."""


def describe_others(
    container: InputContainer, start: Fraction, used: Sequence[Stream | None]
) -> dict[str, Any]:
    """Return the last fields of `MediaInfo` as JSON-able data.

    Args:
        container: an open film.
        start: start of the presentation on the container's clock, seconds.
        used: the streams of picture and sound that are described elsewhere.
    """
    # What FFmpeg itself discards is the track that QuickTime keeps the titles of chapters in.
    others = [s for s in container.streams if s not in used and s.discard != Discard.all]
    tracks = [stream for stream in others if stream.type == "subtitle"]
    return {
        "subtitles": [_describe_subtitles(track) for track in tracks],
        "chapters": _chapters(container, start),
        "other_streams": [_kind(stream) for stream in others if stream.type != "subtitle"],
    }


def _describe_subtitles(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    codec = context.codec if context is not None else None
    tags = {name.lower(): text for name, text in stream.metadata.items()}
    language = tags.get("language")
    return {
        "index": stream.index,
        "codec": codec.canonical_name if codec else "unknown",
        "is_text": codec is not None and bool(codec.properties & Properties.TEXT_SUB.value),
        "language": None if language in (None, "", "und") else one_line(language),
        # MP4 keeps the title of a track under another name.
        "title": one_line(tags.get("title") or tags.get("name") or "") or None,
        "flags": [flag.name for flag in Disposition if flag & stream.disposition],
    }


def _chapters(container: InputContainer, start: Fraction) -> list[dict[str, Any]]:
    chapters = []
    for chapter in container.chapters()[:MOST_CHAPTERS]:
        base = chapter["time_base"] or Fraction(1, 1000)
        begin, end = (float(chapter[name] * base - start) for name in ("start", "end"))
        if end > max(begin, 0.0):
            title = one_line(chapter["metadata"].get("title", ""))
            chapters.append({"start_seconds": max(begin, 0.0), "end_seconds": end, "title": title})
    return sorted(chapters, key=lambda chapter: chapter["start_seconds"])


def is_font(stream: Any) -> bool:
    """Return whether a stream is a font that is attached for subtitles."""
    mimetype = stream.mimetype if stream.type == "attachment" else None
    return mimetype is not None and mimetype.lower() in FONT_TYPES


def _kind(stream: Stream) -> str:
    if is_font(stream):
        return "font"
    if stream.type == "video":
        is_cover = stream.disposition & Disposition.attached_pic
        return "cover picture" if is_cover else "further picture"
    names = {"audio": "unreadable sound track", "data": "data track", "attachment": "attachment"}
    return names.get(stream.type, "stream of unknown kind")


def one_line(text: str) -> str:
    """Return a tag in one line of moderate length; what is no UTF-8 shows as U+FFFD."""
    known = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(known.split())[:LONGEST_TITLE]
