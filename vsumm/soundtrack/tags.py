"""What a sound file says of itself: title, artist and licence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import av

LICENCE_TAGS = ("license", "licence", "copyright", "tcop", "wcop", "rights", "cprt")
"""Names of tags that say what may be done with a recording, the most telling first."""
LONGEST = 100
"""Characters of a tag that are shown."""


@dataclass(frozen=True)
class Tags:
    """Tags of a file, each one printable line; empty where the file has none."""

    title: str = ""
    """The piece."""
    artist: str = ""
    """Who made or plays it."""
    licence: str = ""
    """Licence or copyright notice."""

    def __str__(self) -> str:
        """Return them as part of a sentence."""
        named = f'"{self.title}"' if self.title else "no title"
        by = self.artist or "an artist that the file does not name"
        terms = self.licence or "none named in the file: check that you may use it"
        return f"{named} by {by}; licence: {terms}"


def read_tags(path: str | os.PathLike[str]) -> Tags:
    """Read the tags of a file and of its first sound; none where it cannot be read."""
    try:
        with av.open(os.fspath(Path(path)), metadata_errors="replace") as container:
            found = {**container.metadata}
            for stream in container.streams.audio[:1]:
                found.update(stream.metadata)
    except (av.FFmpegError, OSError):
        return Tags()
    tags = {name.lower(): _line(value) for name, value in found.items()}

    def first(*names: str) -> str:
        return next((tags[name] for name in names if tags.get(name)), "")

    return Tags(first("title"), first("artist", "album_artist", "composer"), first(*LICENCE_TAGS))


def _line(text: str) -> str:
    """Return text as one printable line of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
