"""What a sound file says of itself: title, artist and licence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vsumm.errors import InputError
from vsumm.workers import WorkerLostError, run_in_worker

JOB = "vsumm.soundtrack.tags_job:run_tags"
"""The job that opens the file: not in this process, which a damaged one could crash."""
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
        (answer,) = run_in_worker(JOB, path=str(Path(path).absolute()))
    except (InputError, WorkerLostError):
        return Tags()
    tags = {name: _line(value) for name, value in answer.header["found"].items()}

    def first(*names: str) -> str:
        return next((tags[name] for name in names if tags.get(name)), "")

    return Tags(first("title"), first("artist", "album_artist", "composer"), first(*LICENCE_TAGS))


def _line(text: str) -> str:
    """Return text as one printable line of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
