"""Films with labelled zones and moments: what a person would call intense, and must not miss.

A film `NAME.mp4` is labelled by `NAME.json` beside it:

    {"zones": [[0, 30, "calm"], [185, 225, "intense"], [485, 580, "credits"]],
     "moments": [[203, 206, "the tree falls"]]}

Times are seconds from the start of the presentation. A zone called "intense" counts as intense,
one called "credits" or "titles" as credits, one called "unclear" is not judged, and every other
label counts as not intense. What lies in no zone is not judged. A moment is hit by a reel that
shows any part of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vsumm.errors import InputError
from vsumm.media import Segment

CREDITS = ("credits", "titles")
UNCLEAR = "unclear"
INTENSE = "intense"
VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".ts", ".m4v", ".mpg", ".ogv", ".flv")


@dataclass(frozen=True)
class Span:
    """A labelled piece of a film, half-open."""

    start_seconds: float
    """First instant."""
    end_seconds: float
    """First instant that no longer belongs to it."""
    label: str
    """What it is called."""

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds < self.end_seconds < math.inf:
            raise ValueError(f"no piece from {self.start_seconds} to {self.end_seconds} s")


@dataclass(frozen=True)
class LabelledFilm:
    """A film and what was said about it before any program ran."""

    path: Path
    """The film."""
    zones: tuple[Span, ...]
    """Pieces with a label, in any order."""
    moments: tuple[Span, ...] = ()
    """Pieces that a reel must not miss."""

    def is_intense(self, segments: Sequence[Segment]) -> npt.NDArray[np.float64]:
        """Return 1 for segments whose centre lies in an intense zone, 0 in another, NaN in none."""
        labels = [self._label_at(segment.centre_seconds) for segment in segments]
        return np.array(
            [np.nan if label in (None, UNCLEAR) else label == INTENSE for label in labels]
        )

    def _label_at(self, seconds: float) -> str | None:
        for zone in self.zones:
            if zone.start_seconds <= seconds < zone.end_seconds:
                return zone.label
        return None


def find_labelled_films(folder: Path) -> list[LabelledFilm]:
    """Return the films of a folder that have a label file beside them, by name.

    Raises:
        InputError: the folder does not exist, no film in it is labelled, or a label file is of
            another form.
    """
    if not folder.is_dir():
        raise InputError(f"no such folder: {folder}")
    films = [
        read_labels(path)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in VIDEO_SUFFIXES and path.with_suffix(".json").is_file()
    ]
    if not films:
        raise InputError(
            f"{folder}: no film has labels; write NAME.json beside NAME.mp4, like "
            '{"zones": [[0, 30, "calm"], [30, 45, "intense"]]}'
        )
    return films


def read_labels(path: Path) -> LabelledFilm:
    """Read the labels beside a film.

    Raises:
        InputError: the file is missing or of another form.
    """
    file = path.with_suffix(".json")
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        zones = document["zones"] if "zones" in document else document["segments"]
        moments = document.get("moments", [])
        return LabelledFilm(path, tuple(map(_span, zones)), tuple(map(_span, moments)))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{file}: not labels of a film: {error}") from error


def _span(entry: Any) -> Span:
    """Read [start, end, label, ...] or {"start": ..., "end": ..., "label": ...}."""
    start, end, label = (
        (entry["start"], entry["end"], entry["label"]) if isinstance(entry, dict) else entry[:3]
    )
    return Span(float(start), float(end), str(label))
