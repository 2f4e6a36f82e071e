"""Measure a film with FFmpeg: streams, clock, shape of the picture, real ends.

Runs in the decoding process only, see `vsumm.workers.child`. The result is plain data;
`vsumm.media.info` turns it into `MediaInfo`.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import av
from av.container import InputContainer
from av.sidedata.sidedata import Type
from av.stream import Disposition, Stream

from vsumm.decode.crop import NO_CROP, Crop, crop_of
from vsumm.decode.ends import check_duration, check_frames, find_ends, start_of
from vsumm.decode.joined import find_joint
from vsumm.decode.open_file import MAX_PIXELS, can_skip_frames, open_media, tags_of
from vsumm.decode.others import describe_others
from vsumm.decode.packets import read_packets, seek
from vsumm.decode.transport import find_change, programmes_of
from vsumm.errors import InputError
from vsumm.files import open_regular_file
from vsumm.media import displayed_size

if TYPE_CHECKING:
    from vsumm.workers import Messages

NOT_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""Video streams with one of these hold cover art or previews."""

LONGEST_TITLE = 200
"""Characters of the title tag that are kept."""

DOLBY_TAGS = ("dvh1", "dvhe", "dva1", "dvav", "dav1")
"""Names that MP4 gives tracks which only a decoder of Dolby Vision shows as they are meant."""

FIRST_FRAME_PACKETS = 300
"""So many packets of a stream may fail before its first frame is looked for elsewhere."""

MOST_UNTIMED = 200
"""So many frames in front of the first one with a time are passed over."""

FIRST_FRAME_PLACES = (0.0, 0.1, 0.25, 0.5, 0.75)
"""Where a first decodable frame is looked for, as shares of the declared duration."""


SIZE_PLACES = (0.2, 0.4, 0.6, 0.8)
"""Where frames are looked at whose size may be another, as shares of the declared duration."""


def run_probe(messages: Messages, *, path: str) -> None:
    """Send the fields of `MediaInfo` as one "probe" message.

    Args:
        messages: the way back.
        path: the file.

    Raises:
        InputError: nothing in the file can be decoded, it is encrypted, or beyond the limits.
    """
    messages.send("probe", info=_probe(path, messages.tick))


def _probe(path: str, tick: Callable[[], None]) -> dict[str, Any]:
    with open_media(path) as container:
        picture = _find_picture(container)
        sounds = [s for s in container.streams.audio if s.codec_context is not None]
        problems = [*_undecodable_streams(container), *_unused_recordings(path, container)]
        frame = _first_frame(container, picture, tick) if picture else None
        sounds = [s for s in sounds if s.codec_context.sample_rate > 0]
        if frame is not None and frame.pts is None:
            raise InputError(
                "its frames carry no times: put it into a container first (MP4, Matroska)"
            )
        if picture and picture.codec_context.codec_tag in DOLBY_TAGS:
            problems.append(
                "the picture is Dolby Vision that says to have no base layer: its colours are wrong"
            )
        if picture and frame is None:
            problems.append("the picture cannot be decoded")
            picture = None
        if picture is None and not any(_first_frame(container, s, tick) for s in sounds):
            raise InputError("neither picture nor sound in it can be decoded")
        ends = find_ends(path, container, [s for s in (picture, *sounds) if s is not None], tick)
        starts = [start_of(stream) for stream in (picture, *sounds) if stream is not None]
        start = min(starts)
        name = container.format.name
        crop = NO_CROP
        if picture and frame:
            crop = crop_of(path, picture.index, name, (frame.width, frame.height))
        video = (
            _describe_picture(picture, frame, start, ends[picture.index], crop) if picture else None
        )
        if picture and video and not any(crop) and _may_change_size(container, picture):
            video["width"], video["height"] = _largest_size(container, picture, frame, tick)
        audio = [_describe_sound(sound, start, ends[sound.index]) for sound in sounds]
        end = max(s["start_seconds"] + s["duration_seconds"] for s in (video, *audio) if s)
        check_duration(end, container.size)
        check_frames(end, max(stream.frames for stream in (picture, *sounds) if stream))
        return {
            "container": container.format.name,
            "start_seconds": float(start),
            "duration_seconds": end,
            "video": video,
            "audio": audio,
            "main_track": _main_track(path, container, picture, sounds),
            "problems": problems,
            "title": _title(container),
            "creation_time": _creation_time(container),
            **describe_others(container, start, [picture, *sounds]),
        }


def _title(container: InputContainer) -> str | None:
    """Return the title tag in one line; some muxers write its name in capitals."""
    tags = tags_of(container)
    title = " ".join(tags.get("title", "").split())
    return title[:LONGEST_TITLE] or None


def _creation_time(container: InputContainer) -> str | None:
    """Return when the film was recorded, if that is a time at all."""
    text = container.metadata.get("creation_time", "")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def _find_picture(container: InputContainer) -> Any:
    """Return the video stream to show, or None; cover art and previews do not count."""
    films = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & NOT_FILM
    ]
    for stream in films:
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise InputError(
                f"its picture of {context.width} x {context.height} pixels is larger than "
                f"the {MAX_PIXELS} pixels that are decoded"
            )
    return max(films, key=lambda s: bool(s.disposition & Disposition.default), default=None)


def _main_track(
    path: str, container: InputContainer, picture: Stream | None, sounds: Sequence[Stream]
) -> int:
    """Return the number of the sound that a player takes with the picture."""
    if len(sounds) < 2:
        return 0
    programmes = programmes_of(path) if container.format.name == "mpegts" else {}
    own = [pids for pids in programmes.values() if picture and picture.id in pids]
    of_picture = [k for k, sound in enumerate(sounds) if any(sound.id in pids for pids in own)]
    candidates = of_picture or range(len(sounds))
    return max(candidates, key=lambda k: bool(sounds[k].disposition & Disposition.default))


def _undecodable_streams(container: InputContainer) -> list[str]:
    return [
        f"stream {stream.index} ({stream.type}) has no decoder"
        for stream in container.streams
        if stream.type in ("video", "audio") and stream.codec_context is None
    ]


def _unused_recordings(path: str, container: InputContainer) -> list[str]:
    """Return what is not used of recordings that were joined in one file."""
    descriptor = open_regular_file(path)
    try:
        name = container.format.name
        joint = find_joint(descriptor, name)
        change = find_change(descriptor) if name == "mpegts" and joint is None else None
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if joint is None:
        said = "its streams change in the middle: those that are new there are not used"
        return [said] if change == "replaced" else []
    if joint.before_seconds is None or joint.behind_seconds is None:
        share = max(0.01, 1 - joint.place / size)
        return [f"another recording follows in the last {share:.0%} of the file: it is not used"]
    return [
        f"its clock starts again after {joint.before_seconds:.0f} s: about "
        f"{joint.behind_seconds:.0f} s behind that are not used"
    ]


def _first_frame(container: InputContainer, stream: Any, tick: Callable[[], None]) -> Any:
    """Return the first frame of a stream that decodes and has a time, or else one without, or None.

    Of Matroska FFmpeg reads no times before zero.
    """
    duration = (container.duration or 0) / av.time_base
    for share in FIRST_FRAME_PLACES:
        # The first try reads on from the beginning: seeking there can lose frames.
        if share and not (duration and seek(container, share * duration)):
            return None
        tick()
        untimed = None
        for frame in islice(_decode_some(container, stream), MOST_UNTIMED):
            if frame.pts is not None:
                return frame
            untimed = untimed or frame
        if untimed is not None:
            return untimed
    return None


def _decode_some(container: InputContainer, stream: Any) -> Iterator[Any]:
    num_failed = 0
    context = stream.codec_context
    can_skip = stream.type == "video" and can_skip_frames(context)
    for packet in read_packets(container):
        if packet.stream.index != stream.index:
            continue
        if packet.has_sidedata("encryption_info"):
            raise InputError("it is encrypted: decrypt it first")
        if can_skip:  # what an edit list leaves out is decoded only as far as others refer to it
            context.skip_frame = "NONREF" if packet.is_discard else "DEFAULT"
        try:
            frames = packet.decode() if packet.size else []
        except (av.FFmpegError, MemoryError, ValueError):
            frames = []
        yield from (frame for frame in frames if not frame.is_corrupt)
        num_failed += not frames
        if num_failed > FIRST_FRAME_PACKETS:
            return
    try:
        yield from context.decode(None)
    except (av.FFmpegError, MemoryError, ValueError):
        return


def _describe_picture(
    stream: Any, frame: Any, start: Fraction, end: Fraction, crop: Crop
) -> dict[str, Any]:
    rotation, is_mirrored = _orientation(frame)
    left, top, right, bottom = crop
    shown = max(1, frame.width - left - right), max(1, frame.height - top - bottom)
    ratio = _sample_ratio(stream, frame, shown)
    width, height = displayed_size(*shown, ratio, rotation)
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    # The first frame on screen may come later than the stream claims (leading frames that
    # cannot be decoded, reordering in AVI).
    first = max(start_of(stream), min(frame.pts * stream.time_base, start_of(stream) + 1))
    end = max(end, first + (1 / rate if rate else 0))
    return {
        "index": stream.index,
        "codec": stream.codec_context.codec.canonical_name,
        "width": width,
        "height": height,
        "frame_rate": float(rate),
        "rotation_degrees": rotation,
        "is_mirrored": is_mirrored,
        "crop": crop,
        "start_seconds": float(first - start),
        "duration_seconds": float(end - first),
        "pixel_format": frame.format.name,
        "sample_aspect_ratio": float(ratio or 1),
        "is_interlaced": bool(frame.interlaced_frame),
        "transfer": int(frame.color_trc),
    }


def _sample_ratio(stream: Any, frame: Any, shown: tuple[int, int]) -> Fraction | None:
    """Return width by height of a sample.

    Of MP4 without its own ratio FFmpeg spreads the size of the track, which is that of the clean
    aperture, over the coded picture.
    """
    ratio: Fraction | None = stream.sample_aspect_ratio
    spread = Fraction(frame.height * shown[0], frame.width * shown[1])
    is_cropped_mp4 = "mp4" in stream.container.format.name and spread != 1
    return None if is_cropped_mp4 and ratio and abs(ratio / spread - 1) < 1e-3 else ratio


def _may_change_size(container: InputContainer, picture: Any) -> bool:
    """Whether pictures of other sizes may follow: in calls, and in broadcasts."""
    codec = picture.codec_context.codec.canonical_name
    return codec in ("vp8", "vp9", "av1") or container.format.name in ("mpegts", "mpeg", "flv")


def _largest_size(
    container: InputContainer, picture: Any, first: Any, tick: Callable[[], None]
) -> tuple[int, int]:
    """Return the displayed size of the largest of a few frames; of equal ones, the first."""
    frames = [first]
    for share in SIZE_PLACES:
        tick()
        if seek(container, share * (container.duration or 0) / av.time_base):
            frames += islice(_decode_some(container, picture), 1)
    largest = max(frames, key=lambda frame: frame.width * frame.height)
    rotation, _ = _orientation(first)
    ratio = picture.sample_aspect_ratio
    return displayed_size(largest.width, largest.height, ratio, rotation)


def _orientation(frame: Any) -> tuple[int, bool]:
    """Clockwise rotation that a player applies, and whether it mirrors the picture before that."""
    data = frame.side_data.get(Type.DISPLAYMATRIX)
    if data is None:
        return 0, False
    # (x, y) goes to (a x + c y, b x + d y): ISO/IEC 14496-12, section 8.2.2.
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data))
    is_mirrored = a * d - b * c < 0
    degrees = math.degrees(math.atan2(-b, -a) if is_mirrored else math.atan2(b, a))
    return round(degrees / 90) * 90 % 360, is_mirrored


def _describe_sound(stream: Any, start: Fraction, end: Fraction) -> dict[str, Any]:
    return {
        "index": stream.index,
        "codec": stream.codec_context.codec.canonical_name,
        "sample_rate": stream.codec_context.sample_rate,
        "num_channels": stream.codec_context.layout.nb_channels,
        "start_seconds": float(start_of(stream) - start),
        "duration_seconds": float(max(end - start_of(stream), Fraction(0))),
        "is_default": bool(stream.disposition & Disposition.default),
        "language": stream.language if stream.language != "und" else None,
    }
