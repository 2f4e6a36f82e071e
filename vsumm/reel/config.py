"""The settings of a reel; every option of `vsumm summarize` about the reel sets one field.

    run 0  ═══════════╗╲                 a cross-fade overlaps neighbouring runs: the reel is
    run 1           ╲╚════════════       shorter than the selection, never longer
    title  ▔▔▔▔▔▔                        over the first seconds of the picture: takes no time
    music  ♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪♪       as long as the reel: repeated or cut off
    all    ▁▃▃▅▃▁▃▅▃▃▃▁▃▅▃▃▁▃▃▅▃▃▃       brought to a loudness in the end

No setting makes a reel longer than its budget.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from vsumm.config import check_type, is_number
from vsumm.media import VideoStream
from vsumm.reel.shape import FILM, PRESETS, Fit, Geometry, MadeFor, lay_out_picture, parse_aspect

SoundtrackMode = Literal["replace", "duck", "auto"]
USUAL_FADE_SECONDS = 2.0
"""How long a soundtrack fades out, unless something else is asked for."""
LEAST_WIDTH = 16
"""Pixels; encoders refuse much smaller pictures."""
MIN_LUFS, MAX_LUFS = -70.0, -5.0
"""Range of loudness that may be asked for: from the absolute gate of its measurement on."""


@dataclass(frozen=True)
class ReelConfig:
    """How a reel is encoded, and what is added to it.

    Raises:
        TypeError: a field is of another type.
        ValueError: a field is out of range.
    """

    encoder: str | None = None
    """FFmpeg's name of the picture encoder, for example "libx265"; None: the container's usual."""
    crf: float | None = None
    """Constant rate factor on the encoder's own scale: lower is better and larger. None: the
    encoder's default."""
    preset: str | None = None
    """Speed preset by the encoder's own names (for VP9: the number of `cpu-used`). None: the
    encoder's default."""
    is_fast: bool = False
    """Whether to copy H.264 pictures unchanged where that is exact, and to encode only the edges
    of runs. Copied pictures keep the source's quality, and damage in it."""
    made_for: MadeFor | None = None
    """Where the reel will be shown, see `vsumm.reel.presets`: gives `aspect` and `max_width` where
    they are None."""
    aspect: str | None = None
    """Width by height of the picture, for example "9:16", or "film" for that of the film, which is
    also what None stands for."""
    max_width: int | None = None
    """Most pixels that the picture may be wide; it is never enlarged. None: as wide as it comes."""
    fit: Fit = "crop"
    """How another `aspect` is filled: by a part of the picture that follows faces and motion, or by
    all of it between blurred bars."""
    crossfade_seconds: float = 0.0
    """Length of the cross-fade between two runs, seconds; 0 cuts. The reel becomes shorter by this
    for every cut."""
    title: str | None = None
    """Text over the first seconds of the picture."""
    title_font: Path | None = None
    """TrueType or OpenType font of the title; None: Roboto."""
    soundtrack: Path | None = None
    """Sound file or film whose first audio track plays under the reel, repeated to its end."""
    soundtrack_start_seconds: float = 0.0
    """Where in the soundtrack the reel begins; behind its end it goes on from its beginning."""
    soundtrack_fade_seconds: float | None = None
    """How long the soundtrack fades out at the end of the reel; None: `USUAL_FADE_SECONDS`, or from
    a bar of the music on where it is chosen."""
    soundtrack_mode: SoundtrackMode = "replace"
    """What becomes of the film's sound: "replace" leaves it out; "duck" keeps it, and turns the
    soundtrack down where somebody speaks; "auto" keeps it only where somebody speaks."""
    loudness: float | Literal["off"] = "off"
    """Integrated loudness of the reel's sound (EBU R128), LUFS in [-70, -5], with a true peak of at
    most -1 dBTP; "off": as in the film."""

    with_chapters: bool = False
    """Whether every run is a chapter of the reel, named after its time in the film."""
    without_subtitles: bool = False
    """Whether the film's subtitles are left out of the reel."""

    def __post_init__(self) -> None:
        self._check_types()
        if not 0 <= self.crossfade_seconds < math.inf:
            raise ValueError(
                f"crossfade_seconds must be at least 0 and finite, got {self.crossfade_seconds}"
            )
        for name in ("soundtrack_start_seconds", "soundtrack_fade_seconds"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"{name} must be at least 0 and finite, got {value}")
        if self.aspect is not None:
            parse_aspect(self.aspect)
        if self.max_width is not None and self.max_width < LEAST_WIDTH:
            raise ValueError(f"max_width must be at least {LEAST_WIDTH}, got {self.max_width}")
        if self.made_for not in (None, *PRESETS):
            raise ValueError(f"made_for must be one of {', '.join(PRESETS)}, got {self.made_for!r}")
        if self.fit not in ("crop", "blur"):
            raise ValueError(f"fit must be crop or blur, got {self.fit!r}")
        if self.title is not None and not self.title.strip():
            raise ValueError("title must not be empty")
        if self.soundtrack_mode not in get_args(SoundtrackMode):
            raise ValueError(
                f"soundtrack_mode must be replace, duck or auto, got {self.soundtrack_mode!r}"
            )

        if self.loudness != "off" and not MIN_LUFS <= self.loudness <= MAX_LUFS:
            raise ValueError(
                f"loudness must be off or in [{MIN_LUFS:g}, {MAX_LUFS:g}] LUFS, got {self.loudness}"
            )

    def _check_types(self) -> None:
        for name in ("encoder", "preset", "made_for", "aspect", "fit", "title", "soundtrack_mode"):
            value = getattr(self, name)
            is_text = isinstance(value, str)
            may_lack = name not in ("fit", "soundtrack_mode")
            check_type(name, value, is_text or (value is None and may_lack), "a text")
        for name in (
            "crf",
            "crossfade_seconds",
            "soundtrack_start_seconds",
            "soundtrack_fade_seconds",
        ):
            value = getattr(self, name)
            is_valid = is_number(value) or (
                value is None and name in ("crf", "soundtrack_fade_seconds")
            )
            check_type(name, value, is_valid, "a number")
        width = self.max_width
        is_width = width is None or (isinstance(width, int) and not isinstance(width, bool))
        check_type("max_width", width, is_width, "a whole number")
        is_valid = is_number(self.loudness) or self.loudness == "off"
        check_type("loudness", self.loudness, is_valid, 'a number or "off"')
        for name in ("title_font", "soundtrack"):
            value = getattr(self, name)
            is_path = value is None or isinstance(value, str | os.PathLike)
            check_type(name, value, is_path, "a str or os.PathLike")
            if isinstance(value, str):
                object.__setattr__(self, name, Path(value))  # the rest relies on it
        for name in ("is_fast", "with_chapters", "without_subtitles"):
            value = getattr(self, name)
            check_type(name, value, isinstance(value, bool), "True or False")

    def to_plain(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, for JSON; paths become absolute."""
        usual = ReelConfig()
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: str(value.absolute()) if isinstance(value, Path) else value
            for name, value in given.items()
            if value != getattr(usual, name)
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> ReelConfig:
        """Return the settings that `to_plain` was given.

        Raises:
            ValueError: a field is unknown, has another type, or is out of range.
        """
        unknown = plain.keys() - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown settings of a reel: {', '.join(sorted(unknown))}")
        return msgspec.convert(plain, cls, dec_hook=lambda kind, value: kind(value))

    def geometry_of(self, video: VideoStream, max_width: int | None = None) -> Geometry:
        """Return the sizes of the reel's pictures: as asked for, or else as `made_for` takes them.

        Args:
            video: the picture of the film.
            max_width: a further limit, pixels.
        """
        preset = PRESETS[self.made_for] if self.made_for else None
        aspect = parse_aspect(self.aspect or (preset.aspect if preset else FILM))
        limits = [self.max_width or (preset.max_width if preset else None), max_width]
        widest = min((limit for limit in limits if limit is not None), default=None)
        return lay_out_picture(video.width, video.height, aspect, self.fit, max_width=widest)

    @property
    def changes_picture(self) -> bool:
        """Whether pictures are blended or drawn upon."""
        return self.crossfade_seconds > 0 or self.title is not None

    @property
    def can_be_refused(self) -> bool:
        """Whether there is a setting that only an encoder or a font file can judge."""
        settings = (self.encoder, self.crf, self.preset, self.title_font)
        return any(setting is not None for setting in settings)

    @property
    def files(self) -> list[Path]:
        """The files that the reel is made from besides the film; no reel may replace them."""
        return [path for path in (self.soundtrack, self.title_font) if path is not None]
