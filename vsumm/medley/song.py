"""The course of a song over the places of a reel, as ranks within the song."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

from mmva_core.errors import MmvaError
from mmva_core.retrieval import Floats, load_index
from vsumm.errors import InputError
from vsumm.files import shown
from vsumm.mood import arc_course
from vsumm.score import FloatArray, ranks
from vsumm.soundtrack import open_library

START_STEP_SECONDS = 1.0
"""How far apart the starts are that are tried where the reel is shorter than the song."""


@dataclass(frozen=True, eq=False)
class Song:
    """Valence and arousal of a song over time."""

    path: Path
    """The file."""
    windows: Floats
    """(W, 4) valence, arousal, start and end in seconds, ascending."""

    @property
    def length_seconds(self) -> float:
        """How long it lasts."""
        return float(self.windows[-1, 3])

    def starts(self, seconds: float) -> FloatArray:
        """Return where in the song a reel of that length may begin, (S,) seconds."""
        last = max(0.0, self.length_seconds - seconds)
        return np.arange(0.0, last + 1e-6, START_STEP_SECONDS)

    def course(self, start_seconds: float, times: FloatArray) -> FloatArray:
        """Return ranks of valence and arousal within the song at times of the reel.

        Args:
            start_seconds: where in the song the reel begins.
            times: (K,) seconds from the beginning of the reel.

        Returns:
            (K, 2) in [0, 1].
        """
        middles = (self.windows[:, 2] + self.windows[:, 3]) / 2
        columns = [ranks(self.windows[:, column].astype(np.float64)) for column in (0, 1)]
        return np.stack([np.interp(start_seconds + times, middles, c) for c in columns], axis=1)


def open_song(path: Path, model: str, *, progress: bool = False) -> Song:
    """Listen to a song, or remember what was heard of it.

    Raises:
        InputError: it is missing, cannot be read, is no sound file, or is speech.
        ModelError: the model cannot be loaded.
        OutputError: the user's cache cannot be written.
    """
    if path.is_dir():
        raise InputError(f"{shown(path)}: this is a folder; name one song")
    library = open_library(path, model, progress=progress)
    try:
        index = load_index(library.index)
    except MmvaError as error:
        raise InputError(str(error)) from error
    if len(index) > 1:
        raise InputError(f"{shown(path)}: these are several tracks; name one song")
    return Song(path, np.array(index.va))


def arc_of(arc: str, num_places: int) -> FloatArray:
    """Return the ranks of arousal that an arc asks for at the places of a reel, (K,)."""
    return np.array([arc_course(arc, (k + 0.5) / num_places) for k in range(num_places)])


def num_places(seconds: float, segment_seconds: float) -> int:
    """Return how many segments a reel of that length shows; the last one may be cut short.

    >>> num_places(60.0, 2.0), num_places(60.5, 2.0)
    (30, 31)
    """
    return max(1, ceil(seconds / segment_seconds - 1e-6))
