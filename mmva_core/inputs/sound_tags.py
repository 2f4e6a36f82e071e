"""Read what a sound file says of itself."""

from __future__ import annotations

import os
from collections.abc import Mapping

import av
from tinytag import TinyTag, TinyTagException

from mmva_core.inputs.audio_file import METADATA
from mmva_core.inputs.tags import Tags

LICENCE_TAGS = ("license", "licence", "copyright", "tcop", "wcop", "rights", "cprt")
"""Names of tags that say what may be done with a recording, the most telling first."""
WITH_ID3 = ("mp3", "aac", "aiff", "wav")
"""Containers whose tags may be ID3: FFmpeg reads its texts, but no address, so no WCOP, which names
the licence."""
LONGEST = 100
"""Characters of a tag that are shown."""


def read_sound_tags(path: str | os.PathLike[str]) -> Tags:
    """Read the tags of a file and of its first sound; none where it cannot be read."""
    found: dict[str, str] = {}
    try:
        with av.open(os.fspath(path), **METADATA) as container:
            for opened in (container, *container.streams.audio[:1]):
                found |= {name.lower(): text for name, text in opened.metadata.items()}
            has_id3 = container.format.name in WITH_ID3
    except (av.FFmpegError, OSError):
        return Tags()
    return _tags(found | (_licence(path) if has_id3 else {}))


def _tags(found: Mapping[str, str]) -> Tags:
    lines = {name: _line(text) for name, text in found.items()}

    def first(*names: str) -> str:
        return next((lines[name] for name in names if lines.get(name)), "")

    return Tags(first("title"), first("artist", "album_artist", "composer"), first(*LICENCE_TAGS))


def _licence(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return what an ID3 tag names as licence, text or address, under "license"."""
    try:
        named = TinyTag.get(path, duration=False).other.get("license")
    except (TinyTagException, OSError, ValueError, LookupError):  # damaged: FFmpeg's will do
        return {}
    return {"license": named[0]} if named else {}


def _line(text: str) -> str:
    """Return text as one printable line of bounded length; what is no UTF-8 shows as U+FFFD."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
