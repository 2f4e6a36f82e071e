"""What a reel can be written as: containers by extension, with the encoders that suit them.

Only containers for which the bundled FFmpeg has fitting encoders are listed; any other extension
is refused before work starts, with the list of those that work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vsumm.animation import BYTES_PER_SECOND, WIDTHS
from vsumm.errors import OutputError
from vsumm.media import MediaInfo

FAST_START = {"movflags": "+faststart"}
"""Write the index before the pictures, so that a reel plays while it is downloaded."""

_NO_SHIFT = {"avoid_negative_ts": "disabled"}
"""AVI has no start times: the lead-in of the sound would move the picture by a frame."""


@dataclass(frozen=True)
class ReelFormat:
    """A container and the encoders that suit it."""

    muxer: str
    """FFmpeg's name of the container format."""
    video_encoder: str | None
    """Picture encoder, 8 bits; None for a container of sound."""
    audio_encoder: str | None
    """Sound encoder; None for a container of pictures."""
    hdr_encoder: str | None = None
    """Picture encoder that keeps 10 bits; None where the container has no such codec."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the muxer."""
    subtitle_encoders: Mapping[str, str] = field(default_factory=dict)
    """Subtitle encoder by the form of the text, see `vsumm.reel.subtitles`; empty for a container
    that holds none."""
    has_chapters: bool = False
    """Whether the container has a place for chapters."""
    has_constant_rate: bool = False
    """Whether the container knows only one length for all frames."""
    bytes_per_second: int | None = None
    """Size that a second of it may have; it becomes less wide until it has it."""
    widths: tuple[int, ...] = ()
    """Widths that are tried for that, pixels."""


_MOV_TEXT = dict.fromkeys(("srt", "ass", "vtt"), "mov_text")
_SUBRIP = {"srt": "subrip", "ass": "ass", "vtt": "subrip"}
_WEBVTT = dict.fromkeys(("srt", "ass", "vtt"), "webvtt")

_MP4 = ReelFormat("mp4", "libx264", "aac", "libx265", FAST_START, _MOV_TEXT, has_chapters=True)
_MKV = ReelFormat("matroska", "libx264", "aac", "libx265", {}, _SUBRIP, has_chapters=True)
_WEBM = ReelFormat("webm", "libvpx-vp9", "libopus", "libsvtav1", {}, _WEBVTT, has_chapters=True)
_MP4_SOUND = ReelFormat("ipod", None, "aac", options=FAST_START, has_chapters=True)
_OGG = ReelFormat("ogg", None, "libopus")

FORMATS: Mapping[str, ReelFormat] = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": replace(_MP4, muxer="mov"),
    ".mkv": _MKV,
    ".webm": _WEBM,
    ".avi": ReelFormat("avi", "mpeg4", "ac3", options=_NO_SHIFT, has_constant_rate=True),
    ".gif": ReelFormat(
        "gif",
        "gif",
        None,
        options={"loop": "0"},
        bytes_per_second=BYTES_PER_SECOND,
        widths=WIDTHS,
    ),
    ".m4a": _MP4_SOUND,
    ".mp3": ReelFormat("mp3", None, "libmp3lame"),
    ".ogg": _OGG,
    ".oga": _OGG,
    ".opus": ReelFormat("opus", None, "libopus"),
    ".flac": ReelFormat("flac", None, "flac"),
    ".wav": ReelFormat("wav", None, "pcm_s16le", options={"rf64": "auto"}),
}
"""Containers by extension, lower case."""


def is_reel(path: str | os.PathLike[str]) -> bool:
    """Return whether a file of this name is written as a reel.

    >>> is_reel("reel.MP4"), is_reel("reel.otio")
    (True, False)
    """
    return Path(path).suffix.lower() in FORMATS


def reel_format(path: str | os.PathLike[str], info: MediaInfo | None = None) -> ReelFormat:
    """Choose the container by the extension of `path`.

    Args:
        path: where the reel goes.
        info: the source, to check that the container can hold it; not checked if left out.

    Raises:
        OutputError: no known container has this extension, or it can hold nothing of the source.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        known = " ".join(sorted(FORMATS))
        named = f"the extension {suffix}" if suffix else "a name without extension"
        raise OutputError(f"{path}: no container is known for {named}; use one of {known}")
    chosen = FORMATS[suffix]
    if info is not None:
        has_picture = info.video is not None and chosen.video_encoder is not None
        has_sound = bool(info.audio) and chosen.audio_encoder is not None
        if not has_picture and not has_sound:
            kind = "sound only" if info.video is None else "no sound"
            raise OutputError(f"{path}: {info.path} has {kind}, which {suffix} cannot hold")
    return chosen
