"""Average the valence and arousal of a film over stretches of it.

The input is the JSON file of `vsumm summarize --no-reel FILM`, with valence and arousal of short
segments. These fields are read:

    segments[].start_seconds, .end_seconds               seconds from the start, ascending
    segments[].signals.image_valence, .image_arousal     in [0, 1], or null without a picture
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mmva_core.errors import DataError


@dataclass(frozen=True)
class FilmSignals:
    """Signals of a short piece of a film; other signals are ignored."""

    image_valence: float | None = None
    """In [0, 1]; None without a picture."""
    image_arousal: float | None = None
    """In [0, 1]; None without a picture."""

    def __post_init__(self) -> None:
        for value in (self.image_valence, self.image_arousal):
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"valence and arousal must lie in [0, 1], got {value}")


@dataclass(frozen=True)
class FilmSegment:
    """A short piece of a film; other fields of the file are ignored."""

    start_seconds: float
    """Start."""
    end_seconds: float
    """End, exclusive."""
    signals: FilmSignals = FilmSignals()
    """Valence and arousal of the picture."""

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds < self.end_seconds < math.inf:
            raise ValueError(f"no segment from {self.start_seconds} to {self.end_seconds} s")


@dataclass(frozen=True)
class Stretch:
    """A part of a film with a prompt of its own."""

    start_seconds: float
    """Start."""
    end_seconds: float
    """End, exclusive."""
    valence: float
    """Mean over the pictures of the stretch, by their length."""
    arousal: float
    """Mean over the pictures of the stretch, by their length."""


@dataclass(frozen=True)
class _Summary:
    segments: tuple[FilmSegment, ...]


def read_film_curve(path: str | Path) -> tuple[FilmSegment, ...]:
    """Read the segments of a film from the JSON file that `vsumm summarize` writes.

    Raises:
        DataError: the file is missing, of another form, or has no values for pictures.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    return parse_film_curve(content, str(path))


def parse_film_curve(content: str | bytes, source: str) -> tuple[FilmSegment, ...]:
    """Read the segments of a film from JSON; `source` names it in messages.

    Raises:
        DataError: the JSON is of another form, or has no values for pictures.
    """
    try:
        segments = msgspec.json.decode(content, type=_Summary).segments
    except (msgspec.DecodeError, ValueError) as error:
        raise DataError(f"{source} is no summary of vsumm: {error}") from error
    if all(segment.signals.image_arousal is None for segment in segments):
        raise DataError(
            f"{source} knows nothing of the pictures: summarise the film by image or by both"
        )
    return segments


def stretches_of(segments: Sequence[FilmSegment], every_seconds: float) -> Iterator[Stretch]:
    """Average the curve over stretches of one length, counted from the start of the film.

    A segment belongs to the stretch that contains its middle. Stretches without a picture are left
    out.

    Args:
        segments: the film, in order.
        every_seconds: length of a stretch; the last may be shorter.

    Raises:
        ValueError: the length is not positive.
    """
    if not every_seconds > 0:
        raise ValueError(f"every_seconds must be positive, got {every_seconds}")
    film_end = max(segment.end_seconds for segment in segments)
    for number in range(math.ceil(film_end / every_seconds)):
        start, end = number * every_seconds, min((number + 1) * every_seconds, film_end)
        inside = [
            (segment.end_seconds - segment.start_seconds, valence, arousal)
            for segment in segments
            if start <= (segment.start_seconds + segment.end_seconds) / 2 < end
            and (valence := segment.signals.image_valence) is not None
            and (arousal := segment.signals.image_arousal) is not None
        ]
        total = sum(length for length, _, _ in inside)
        if total > 0:
            yield Stretch(
                start,
                end,
                sum(length * valence for length, valence, _ in inside) / total,
                sum(length * arousal for length, _, arousal in inside) / total,
            )
