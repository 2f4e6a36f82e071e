"""What the encoding process is asked for, and what it reports: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vsumm.media import MediaInfo, Segment
from vsumm.reel.compose import Composition


@dataclass(frozen=True)
class EncodeSettings:
    """How the picture is encoded; None takes the default of the container or the encoder."""

    encoder: str | None = None
    """FFmpeg's name of the picture encoder, for example "libx265"."""
    crf: float | None = None
    """Constant rate factor on the encoder's own scale: lower is better and larger."""
    preset: str | None = None
    """Speed preset under the encoder's own names (for VP9: the number of `cpu-used`)."""
    is_fast: bool = False
    """Whether to copy H.264 pictures as they are wherever that is exact, and to encode only the
    edges of runs; what is copied keeps the source's quality, and damage in it."""


@dataclass(frozen=True)
class ReelJob:
    """Everything that is needed to write one reel."""

    info: MediaInfo
    """The source."""
    runs: tuple[Segment, ...]
    """What of it to write: chronological, not overlapping."""
    output: Path
    """The file to write to; it is replaced without a question."""
    target: Path
    """The name that the reel will have, for messages; its extension decides the container."""
    track: int = 0
    """Which of the source's audio tracks to take."""
    settings: EncodeSettings = field(default_factory=EncodeSettings)
    """How the picture is encoded."""
    composition: Composition = field(default_factory=Composition)
    """What is added to the cuts."""
    soundtrack: MediaInfo | None = None
    """The file that `composition` names as soundtrack."""


@dataclass(frozen=True)
class ReelReport:
    """What was written."""

    video_seconds: float
    """Length of the picture; 0 where there is none."""
    audio_seconds: float
    """Length of the sound; 0 where there is none."""
    held_seconds: float
    """How long the last good frame stands in for frames that could not be read."""
    silent_seconds: float
    """How long silence stands in for sound that could not be read."""
    video_encoder: str | None
    """Name of the picture encoder, None where there is no picture."""
    audio_encoder: str | None
    """Name of the sound encoder, None where there is no sound."""
    copied_seconds: float = 0.0
    """How much of the picture was copied as it is."""
    not_copied: str | None = None
    """Why nothing was copied although it was asked for; None otherwise."""
    missing_glyphs: str = ""
    """The characters of the title that its font does not have."""
