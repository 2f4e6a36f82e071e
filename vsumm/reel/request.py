"""What goes to the encoding process, and what comes back: plain data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from vsumm.reel.layout import PlacedRun
from vsumm.reel.plan import ReelPlan
from vsumm.reel.shape import Shot
from vsumm.reel.subtitles import CutTrack

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class EncodeRequest:
    """Everything that is needed to encode one reel."""

    plan: ReelPlan
    """What the reel will be, but for its runs."""
    runs: tuple[PlacedRun, ...]
    """Its runs, in order."""
    output: Path
    """The file to write to, in the end renamed to the plan's target; it is replaced."""
    subtitles: tuple[CutTrack, ...] = ()
    """Subtitles for its container."""
    shots: tuple[Shot, ...] = ()
    """What it shows of the film's shots, by their beginnings; empty if nothing moves."""
    split_runs: tuple[PlacedRun, ...] = ()
    """What is heard of its runs; empty where the sound is cut with the picture."""

    @property
    def heard_runs(self) -> tuple[PlacedRun, ...]:
        """What is heard, in order, as long together as the runs."""
        return self.split_runs or self.runs

    def to_plain(self) -> Any:
        """Return the request as dictionaries, lists, numbers and text."""
        return to_plain(self)

    @classmethod
    def from_plain(cls, plain: Any) -> EncodeRequest:
        """Return the request that `to_plain` made `plain` of."""
        return from_plain(plain, cls)


@dataclass(frozen=True)
class EncodeReport:
    """What was written."""

    video_seconds: float
    """Length of the picture; 0 where there is none."""
    audio_seconds: float
    """Length of the sound; 0 where there is none."""
    held_seconds: float
    """How long the last good frame replaces frames that could not be read."""
    silent_seconds: float
    """How long silence replaces sound that could not be read."""
    video_encoder: str | None
    """Name of the picture encoder, None where there is no picture."""
    audio_encoder: str | None
    """Name of the sound encoder, None where there is no sound."""
    copied_seconds: float = 0.0
    """How much of the picture was copied unchanged."""
    not_copied: str | None = None
    """Why nothing was copied although `is_fast` asked for it; None otherwise."""
    missing_glyphs: str = ""
    """The characters of the title that its font does not have."""
    sound_note: str | None = None
    """Why the sound is not as loud as it was asked for; None otherwise."""
    lost: tuple[str, ...] = ()
    """What the encoded picture does not tell that the film's does."""


def to_plain(value: object) -> Any:
    """Return a dataclass as dictionaries, lists, numbers and text."""
    return msgspec.to_builtins(value, enc_hook=_to_text)


def from_plain(plain: Any, kind: type[Kind]) -> Kind:
    """Return the dataclass that `to_plain` made `plain` of."""
    return msgspec.convert(plain, kind, dec_hook=_from_text)


def _to_text(value: object) -> str:
    if isinstance(value, Path):
        return os.fspath(value)
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(f"no plain form for {type(value)}")


def _from_text(kind: type, value: Any) -> Any:
    if kind in (Path, Fraction):
        return kind(value)
    raise NotImplementedError(f"no {kind} from {value!r}")
