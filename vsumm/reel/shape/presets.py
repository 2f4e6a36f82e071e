"""What the places take where reels are shown, by the names of `--for`; figures of late 2026."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from vsumm.media import MAX_ASPECT

MadeFor = Literal["shorts", "story", "square", "web"]

FILM = "film"
"""Stands for the aspect of the film."""


@dataclass(frozen=True)
class Preset:
    """What one place takes."""

    aspect: str
    """Width by height of the picture, as in `vsumm.reel.ReelConfig`."""
    max_width: int
    """Pixels of width that it shows; more are wasted."""
    max_seconds: float | None = None
    """Longest film that it takes; None: longer than any reel."""


PRESETS: Mapping[MadeFor, Preset] = {
    "shorts": Preset("9:16", 1080, 180.0),
    "story": Preset("9:16", 1080, 60.0),
    "square": Preset("1:1", 1080),
    "web": Preset(FILM, 1280),
}
"""YouTube Shorts, TikTok and Reels; stories of Instagram and Facebook; posts in a feed; a page."""


def parse_aspect(text: str) -> Fraction | None:
    """Read the aspect of a picture; None: that of the film.

    Raises:
        ValueError: the text has another form, or one side is more than 16 times the other.

    >>> parse_aspect("9:16"), parse_aspect("film")
    (Fraction(9, 16), None)
    """
    if text == FILM:
        return None
    match = re.fullmatch(r"(\d{1,5})[:x/](\d{1,5})", text.strip())
    if match is None or 0 in (int(match[1]), int(match[2])):
        raise ValueError(f"cannot read the aspect {text!r}: write it like 9:16, or {FILM}")
    aspect = Fraction(int(match[1]), int(match[2]))
    if not Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT:
        raise ValueError(f"the aspect {text!r} must lie between 1:{MAX_ASPECT} and {MAX_ASPECT}:1")
    return aspect
