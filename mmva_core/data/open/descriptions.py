"""What people say of the music of the open sets: a genre and words for its mood.

In contrast to `captions.py`, no network takes part: 4QAED names AllMusic's genres and mood words of
a song, Emotify a genre and how many listeners picked each of nine feelings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmva_core.data.open.sets import OpenSet, load_4qaed, load_emotify, read_table

FEELINGS = {
    "amazement": "amazing", "solemnity": "solemn", "tenderness": "tender", "nostalgia": "nostalgic",
    "calmness": "calm", "power": "powerful", "joyful_activation": "joyful", "tension": "tense",
    "sadness": "sad",
}  # fmt: skip
"""Emotify's feelings, with their words for music."""
MOST_MOODS = 3
"""Mood words in a sentence."""
NUM_FEELINGS = 2
"""Feelings that describe a song of Emotify: those that most listeners picked."""


@dataclass(frozen=True)
class DescribedClip:
    """A clip of music in the words of people."""

    name: str
    """Set and file, "set/file"."""
    group: str
    """Artist, not to be split between training and testing."""
    genre: str
    """Genre, in lower case."""
    moods: tuple[str, ...]
    """Words for the mood, at least one, in lower case."""
    va: NDArray[np.float32]
    """(2,) valence and arousal of the clip on the plane."""


def load_described_clips(root: Path) -> list[DescribedClip]:
    """Read the clips of 4QAED, then those of Emotify.

    Labels and words of a set are not independent: 4QAED's classes were made of the mood words by a
    list of norms, Emotify's sums of the shares of feelings.

    Args:
        root: folder that holds `music/4qaed` and `music/emotify`.

    Raises:
        DataError: a file or column is missing.
    """
    qaed, emotify = load_4qaed(root), load_emotify(root)
    words = read_table(root / "music" / "4qaed" / "labels.csv", ("genres", "mood_tags"))
    shares = read_table(root / "music" / "emotify" / "labels.csv", ("genre", *FEELINGS))
    picked = np.argsort(-shares[list(FEELINGS)].to_numpy(np.float64), axis=1, kind="stable")
    feelings = list(FEELINGS.values())
    moods = [tuple(feelings[place] for place in row[:NUM_FEELINGS]) for row in picked]
    return [
        *_described(
            qaed,
            [_first_word(text.split(";")[0]) for text in words["genres"]],
            [tuple(_first_word(w) for w in text.split(";")) for text in words["mood_tags"]],
        ),
        *_described(emotify, [str(genre) for genre in shares["genre"]], moods),
    ]


def people_captions(clips: Iterable[DescribedClip]) -> dict[tuple[str, str], str]:
    """Put people's words for clips into a sentence each, by (name of the set, file name)."""
    captions = {}
    for clip in clips:
        name, _, file = clip.name.partition("/")
        moods = " and ".join(clip.moods[:MOST_MOODS])
        captions[name, file] = f"{moods.capitalize()} {clip.genre}."
    return captions


def _described(
    items: OpenSet, genres: list[str], moods: list[tuple[str, ...]]
) -> list[DescribedClip]:
    columns = zip(items.ids, items.groups, genres, moods, items.va, strict=True)
    return [DescribedClip(f"{items.name}/{name}", *rest) for name, *rest in columns]


def _first_word(text: str) -> str:
    """Return the first of several names of one thing, such as "Calm/Peaceful"."""
    return text.split("/")[0].strip().lower()
