"""Find out what a file is; as little of it as possible is decoded.

One clock serves picture and sound: seconds from the start of the presentation, the instant at
which a player shows the first frame or plays the first sample, whichever comes first.
`MediaInfo.start_seconds` is where that instant lies on the container's own clock.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from functools import cache as cache_result
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vsumm.errors import InputError
from vsumm.files import RecordCache, fact_of_file, is_known, open_regular_file, shown
from vsumm.workers import WorkerLostError, run_in_worker

MAX_ASPECT = 16
"""Longest side of a scaled picture, in wanted short sides; also the most a sample may be wide."""

READERS = ("vsumm.decode.scan", "vsumm.decode.sound", "vsumm.decode.pick_frames")
"""Where the jobs are that most who probe a file ask for next."""


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
    is_mirrored: bool = False
    """Whether a player swaps left and right of the coded picture before it rotates it."""
    sample_aspect_ratio: float = 1.0
    """Width of a coded sample by its height."""
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Columns and rows of the coded picture that are not shown: left, top, right, bottom."""
    is_interlaced: bool = False
    """Whether the first frame consists of two fields."""
    transfer: int = 2
    """Transfer characteristics as numbered in ITU-T H.273: 16 and 18 are HDR, 2 is unknown."""


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
    is_default: bool = False
    """Whether the container tells players to take it rather than others."""


@dataclass(frozen=True)
class SubtitleStream:
    """One track of subtitles inside a file."""

    index: int
    """Stream index in the container."""
    codec: str
    """Codec name as FFmpeg gives it, for example "subrip"."""
    is_text: bool
    """Whether it is text; else pictures, as on a DVD, or unknown."""
    language: str | None = None
    """Language tag of the container, where there is one."""
    title: str | None = None
    """Its title, where there is one."""
    flags: tuple[str, ...] = ()
    """What the container tells players of it, for example "default" or "forced"."""


@dataclass(frozen=True)
class SourceChapter:
    """A chapter of a file."""

    start_seconds: float
    """First instant, on the presentation clock."""
    end_seconds: float
    """First instant after it."""
    title: str
    """Its title in one line; empty where it has none."""


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
    """Length of the presentation: the end of the stream that ends last."""
    video: VideoStream | None
    """The picture; cover art does not count. None where there is none."""
    audio: tuple[AudioStream, ...] = ()
    """The audio tracks, in container order."""
    main_track: int = 0
    """Which of them a player takes: of those that belong to the picture the first that the
    container flags, or else the first."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file although it can be used, one line each."""
    title: str | None = None
    """Title tag of the container, where there is one."""
    creation_time: str | None = None
    """When it was recorded, by the container: "2021-07-04T10:11:12.000000Z"."""
    subtitles: tuple[SubtitleStream, ...] = ()
    """The tracks of subtitles in it."""
    chapters: tuple[SourceChapter, ...] = ()
    """Its chapters, in order."""
    other_streams: tuple[str, ...] = ()
    """What else is in it, one kind per stream: "attachment", "data track", "further picture"."""


def probe(path: str | os.PathLike[str], *, cache: RecordCache | None = None) -> MediaInfo:
    """Find out what a file is.

    The native code that reads it runs in a process of its own, see `vsumm.workers.client`.

    Args:
        path: a film or sound file.
        cache: where the answer is kept; a file that has not changed since is not opened again.

    Raises:
        InputError: it is missing, unreadable, no film or sound, or nothing in it can be decoded.
    """
    name = os.fsdecode(path)
    try:
        os.close(open_regular_file(name))
        facts = fact_of_file(Path(name), _fact_name(), lambda: _run_probe(name), cache)
    except (InputError, WorkerLostError) as error:
        raise InputError(f"cannot read {shown(name)}: {error}") from error
    return _media_info(Path(name), facts)


def is_probed(path: str | os.PathLike[str], cache: RecordCache) -> bool:
    """Return whether `probe` would find its answer in the cache."""
    return is_known(Path(path), _fact_name(), cache)


def displayed_size(
    width: int,
    height: int,
    sample_aspect_ratio: Fraction | float | None,
    rotation_degrees: int,
) -> tuple[int, int]:
    """Return width and height in square pixels, upright; the coded size is never reduced.

    >>> displayed_size(720, 576, Fraction(16, 15), 90)
    (576, 768)
    """
    ratio = sample_aspect_ratio or Fraction(1)
    if not Fraction(1, MAX_ASPECT) <= ratio <= MAX_ASPECT:
        ratio = Fraction(1)
    if ratio >= 1:
        width = round(width * ratio)
    else:
        height = round(height / ratio)
    return (height, width) if rotation_degrees % 180 else (width, height)


def scaled_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Return the size with a given short side, aspect ratio kept, never larger than the original.

    >>> scaled_size(1920, 1080, 256)
    (455, 256)
    >>> scaled_size(192, 108, 256)
    (192, 108)
    """
    scale = min(1.0, short_side / min(width, height), MAX_ASPECT * short_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _run_probe(name: str) -> dict[str, Any]:
    path = str(Path(name).absolute())
    (answer,) = run_in_worker("vsumm.decode.probe:run_probe", path=path, then=READERS)
    info: dict[str, Any] = answer.header["info"]
    return info


@cache_result
def _fact_name() -> str:
    return f"probe by PyAV {version('av')}"


def _media_info(path: Path, facts: dict[str, Any]) -> MediaInfo:
    video = facts.pop("video")
    audio = facts.pop("audio")
    problems = facts.pop("problems")
    subtitles = facts.pop("subtitles")
    chapters = facts.pop("chapters")
    other_streams = facts.pop("other_streams")
    return MediaInfo(
        path=path,
        video=VideoStream(**{**video, "crop": tuple(video["crop"])}) if video else None,
        audio=tuple(AudioStream(**track) for track in audio),
        problems=tuple(problems),
        subtitles=tuple(
            SubtitleStream(**{**track, "flags": tuple(track["flags"])}) for track in subtitles
        ),
        chapters=tuple(SourceChapter(**chapter) for chapter in chapters),
        other_streams=tuple(other_streams),
        **facts,
    )
