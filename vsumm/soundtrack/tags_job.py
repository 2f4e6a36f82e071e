"""The job that reads the tags of a sound file.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinytag import TinyTag, TinyTagException

from vsumm.decode import open_media, tags_of

if TYPE_CHECKING:
    from vsumm.workers import Messages

WITH_ID3 = ("mp3", "aac", "aiff", "wav")
"""Containers whose tags may be ID3: FFmpeg reads its texts, but no address, so no WCOP, which names
the licence."""


def run_tags(messages: Messages, *, path: str) -> None:
    """Send one "tags" message: the tags of a file and of its first sound, by name in lower case."""
    with open_media(path) as container:
        found = tags_of(container)
        for stream in container.streams.audio[:1]:
            found |= tags_of(stream)
        if container.format.name in WITH_ID3:
            found |= _licence(path)
    messages.send("tags", found=found)


def _licence(path: str) -> dict[str, str]:
    """Return what an ID3 tag names as licence, text or address, under "license"."""
    try:
        named = TinyTag.get(path, duration=False).other.get("license")
    except (TinyTagException, OSError, ValueError, LookupError):  # damaged: FFmpeg's will do
        return {}
    return {"license": named[0]} if named else {}
