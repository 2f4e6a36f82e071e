"""Find out what a file is, without decoding more of it than that takes.

One clock serves picture and sound: seconds from the start of the presentation, the instant at
which a player shows the first frame or plays the first sample, whichever comes first.
`MediaInfo.start_seconds` is where that instant lies on the container's own clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class VideoStream:
    """The picture of a file."""

    index: int
    """Stream index in the container."""
    codec: str
    """Codec name as FFmpeg gives it, for example "h264"."""
    width: int
    """Displayed width in square pixels, after rotation and sample aspect ratio."""
    height: int
    """Displayed height in square pixels, after rotation and sample aspect ratio."""
    frame_rate: float
    """Average frames per second; a fact to print, never used to compute a time."""
    rotation_degrees: int
    """Clockwise rotation that a player applies: 0, 90, 180 or 270."""
    start_seconds: float
    """Time of the first displayed frame on the presentation clock."""
    duration_seconds: float
    """From the first frame to the end of the last one."""
    pixel_format: str
    """Pixel format as FFmpeg names it, for example "yuv420p10le"."""


@dataclass(frozen=True)
class AudioStream:
    """One audio track of a file."""

    index: int
    """Stream index in the container."""
    codec: str
    """Codec name as FFmpeg gives it, for example "aac"."""
    sample_rate: int
    """Samples per second and channel, Hz."""
    num_channels: int
    """Number of channels."""
    start_seconds: float
    """Time of the first sample on the presentation clock."""
    duration_seconds: float
    """Length of the track."""
    language: str | None = None
    """Language tag of the container, where there is one."""


@dataclass(frozen=True)
class MediaInfo:
    """What a file is: the input of every later stage."""

    path: Path
    """The file, as the user named it."""
    container: str
    """Container format as FFmpeg names it, for example "mov,mp4,m4a,3gp,3g2,mj2"."""
    start_seconds: float
    """Start of the presentation on the container's own clock."""
    duration_seconds: float
    """Length of the presentation: the end of whichever stream ends last."""
    video: VideoStream | None
    """The picture; cover art does not count. None where there is none."""
    audio: tuple[AudioStream, ...] = ()
    """The audio tracks, in container order."""
