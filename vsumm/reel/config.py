"""What may be added to a reel beyond its cuts: cross-fades, a title, a soundtrack.

    run 0  ═══════════╗╲                 a cross-fade overlaps neighbouring runs: the reel is
    run 1           ╲╚════════════       shorter than the selection, never longer
    title  ▔▔▔▔▔▔                        over the first seconds of the picture: takes no time
    music  ♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪       as long as the reel: repeated or cut off

None of it makes a reel longer than its budget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vsumm.errors import NoSignalError, OutputError
from vsumm.files import shown
from vsumm.media import MediaInfo, Segment, probe
from vsumm.reel.formats import ReelFormat

SoundtrackMode = Literal["replace", "duck"]


@dataclass(frozen=True)
class Composition:
    """What is added to a reel.

    Raises:
        ValueError: a field is out of range.
    """

    crossfade_seconds: float = 0.0
    """How long each run fades over into the next one, seconds; 0 cuts. The reel becomes shorter
    by this for every cut."""
    title: str | None = None
    """Text over the first seconds of the picture."""
    title_font: Path | None = None
    """TrueType or OpenType font of the title; Roboto if left out."""
    soundtrack: Path | None = None
    """Sound file or film whose first audio track is laid under the reel, repeated to its end."""
    soundtrack_mode: SoundtrackMode = "replace"
    """Whether the soundtrack replaces the film's sound, or ducks: is turned down where the film
    itself can be heard."""

    def __post_init__(self) -> None:
        if not 0 <= self.crossfade_seconds < math.inf:
            raise ValueError(
                f"crossfade_seconds must be at least 0 and finite, got {self.crossfade_seconds}"
            )
        if self.title is not None and not self.title.strip():
            raise ValueError("title must not be empty")
        if self.soundtrack_mode not in ("replace", "duck"):
            raise ValueError(
                f"soundtrack_mode must be replace or duck, got {self.soundtrack_mode!r}"
            )

    @property
    def changes_picture(self) -> bool:
        """Whether pictures are blended or drawn upon."""
        return self.crossfade_seconds > 0 or self.title is not None

    @property
    def files(self) -> list[Path]:
        """The files that it is made from, which no reel may replace."""
        return [path for path in (self.soundtrack, self.title_font) if path is not None]


def find_soundtrack(composition: Composition) -> MediaInfo | None:
    """Probe the soundtrack; None where there is none to lay under.

    Raises:
        InputError: it is missing or cannot be read.
        NoSignalError: it holds no sound.
    """
    if composition.soundtrack is None:
        return None
    info = probe(composition.soundtrack)
    if not info.audio:
        raise NoSignalError(f"{shown(info.path)}: there is no sound in it for a soundtrack")
    return info


def check_composition(
    composition: Composition, info: MediaInfo, chosen: ReelFormat, target: Path
) -> None:
    """Say before the work starts what a film or a container has no place for.

    Raises:
        OutputError: a title without picture, or a soundtrack in a container without sound.
    """
    if composition.title is not None and (info.video is None or chosen.video_encoder is None):
        raise OutputError(f"{target}: there is no picture to put a title on")
    if composition.soundtrack is not None and chosen.audio_encoder is None:
        raise OutputError(f"{target}: a {target.suffix.lower()} holds no sound: no soundtrack")


def check_crossfade(composition: Composition, runs: Sequence[Segment]) -> None:
    """Check that no run is so short that its two cross-fades meet.

    Raises:
        OutputError: one is.
    """
    if len(runs) < 2:
        return
    ends = [runs[0].duration_seconds, runs[-1].duration_seconds]
    longest = min(ends + [run.duration_seconds / 2 for run in runs[1:-1]])
    if composition.crossfade_seconds > longest:
        raise OutputError(
            f"a cross-fade of {composition.crossfade_seconds:g} s is too long for these runs; "
            f"at most {math.floor(longest * 1000) / 1000:g} s"
        )
