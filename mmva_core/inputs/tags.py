"""What a sound file says of itself: title, artist and licence. Nothing here reads files."""

from __future__ import annotations

from dataclasses import dataclass


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
