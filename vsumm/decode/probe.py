"""Measure a film with FFmpeg: streams, clock, shape of the picture, real ends.

Runs in the decoding process only, see `vsumm.workers.child`. The result is plain data;
`vsumm.media.info` turns it into `MediaInfo`.
"""

from __future__ import annotations

import math
import re
import struct
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer
from av.sidedata.sidedata import Type
from av.stream import Disposition, Stream

from vsumm.decode.cut_headers import declared_ends, has_whole_index, is_length_guessed
from vsumm.decode.open_file import MAX_PIXELS, open_media
from vsumm.decode.packets import read_packets
from vsumm.decode.size import displayed_size
from vsumm.errors import InputError

NOT_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""What a video stream with one of these shows is no film: cover art, previews."""

LONGEST_TITLE = 200
"""Characters of the title tag that are kept."""

MAX_DURATION_SECONDS = 7 * 24 * 3600
"""Longest presentation that is believed, seconds."""

LONG_SECONDS = 3600
MIN_BYTES_PER_SECOND = 1
"""Presentations longer than LONG_SECONDS with fewer bytes than this are not believed: even a still
picture takes more, at one frame in ten seconds."""

DAY_SECONDS = 24 * 3600
MAX_FRAME_SECONDS = 60
"""Presentations longer than a day whose frames last longer than this on average, by the number
that the header gives, are not believed."""

JUMP_SECONDS = 600
"""A packet that comes so much later than the one before it has a damaged time."""

NUM_LAST = 16
"""Packets shown last that are looked at: so many may have a damaged time, less one."""

TAIL_SECONDS = 10
"""How far before the declared end the search for the last packets begins, seconds."""

LONGEST_SOUND = Fraction(1, 4)
"""Longest packet of sound, seconds, that an edit list may end in."""

FIRST_FRAME_PACKETS = 300
"""Packets of a stream that may fail before the search for its first frame moves on."""

FIRST_FRAME_PLACES = (0.0, 0.1, 0.25, 0.5, 0.75)
"""Where a first decodable frame is looked for, as shares of the declared duration."""

END_TAG = re.compile(r"(\d\d):(\d\d):(\d\d\.\d+)")
"""A time in a tag of a Matroska stream."""


class _Ends:
    """Ends of the packets that are shown last, by stream index, on the container's clock."""

    def __init__(self) -> None:
        self._last: dict[int, list[tuple[Fraction, Fraction]]] = {}  # of each, ascending

    def note(self, packet: av.Packet[Any]) -> None:
        # Discarded packets are decoded for others and not shown: an edit list leaves them out.
        if packet.pts is None or packet.is_corrupt or packet.is_discard:
            return
        start = packet.pts * packet.time_base
        end = start + (packet.duration or 0) * packet.time_base
        last = self._last.setdefault(packet.stream.index, [])
        if len(last) < NUM_LAST or start > last[0][0]:
            insort(last, (start, end))
            del last[:-NUM_LAST]

    @property
    def seconds(self) -> dict[int, Fraction]:
        """End of each stream; of packets far behind all others the times are damaged."""
        # Only of the last packet the duration counts: that of others may be the distance to the
        # one that is decoded next, not to the one that is shown next.
        return {index: _before_jump(last)[1] for index, last in self._last.items()}


def _before_jump(last: list[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    """Return the last packet, or the one before the first jump if not all are that far apart."""
    steps = [later[0] - earlier[0] for earlier, later in pairwise(last)]
    jumps = [number for number, step in enumerate(steps) if step > JUMP_SECONDS]
    return last[jumps[0]] if jumps and (len(steps) == 1 or len(jumps) < len(steps)) else last[-1]


def probe_media(path: str, tick: Callable[[], None]) -> dict[str, Any]:
    """Return the fields of `MediaInfo` as JSON-able data.

    Args:
        path: the file.
        tick: called now and then while this works, to show that it is alive.

    Raises:
        InputError: nothing in the file can be decoded, or it is beyond the limits.
    """
    with open_media(path) as container:
        picture = _find_picture(container)
        sounds = [s for s in container.streams.audio if s.codec_context is not None]
        problems = _undecodable_streams(container)
        frame = _first_frame(container, picture, tick) if picture else None
        sounds = [s for s in sounds if s.codec_context.sample_rate > 0]
        if frame is not None and frame.pts is None:
            raise InputError(
                "its frames carry no times: put it into a container first (MP4, Matroska)"
            )
        if picture and frame is None:
            problems.append("the picture cannot be decoded")
            picture = None
        if picture is None and not any(_first_frame(container, s, tick) for s in sounds):
            raise InputError("neither picture nor sound in it can be decoded")
        ends = _ends(path, container, [s for s in (picture, *sounds) if s is not None], tick)
        starts = [_start(stream) for stream in (picture, *sounds) if stream is not None]
        start = min(starts)
        video = _describe_picture(picture, frame, start, ends[picture.index]) if picture else None
        audio = [_describe_sound(sound, start, ends[sound.index]) for sound in sounds]
        end = max(s["start_seconds"] + s["duration_seconds"] for s in (video, *audio) if s)
        _check_duration(end, container.size)
        _check_frames(end, max(stream.frames for stream in (picture, *sounds) if stream))
        return {
            "container": container.format.name,
            "start_seconds": float(start),
            "duration_seconds": end,
            "video": video,
            "audio": audio,
            "problems": problems,
            "title": _title(container),
        }


def _title(container: InputContainer) -> str | None:
    """Return the title tag in one line; some muxers write its name in capitals."""
    tags = {name.lower(): text for name, text in container.metadata.items()}
    title = " ".join(tags.get("title", "").split())
    return title[:LONGEST_TITLE] or None


def _find_picture(container: InputContainer) -> Any:
    """The video stream to show, or None; cover art and previews are no film."""
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


def _undecodable_streams(container: InputContainer) -> list[str]:
    return [
        f"stream {stream.index} ({stream.type}) has no decoder"
        for stream in container.streams
        if stream.type in ("video", "audio") and stream.codec_context is None
    ]


def _first_frame(container: InputContainer, stream: Any, tick: Callable[[], None]) -> Any:
    """The first frame of a stream that decodes without an error, or None."""
    duration = container.duration or 0
    for share in FIRST_FRAME_PLACES:
        # The first try reads on from the beginning: seeking there can lose frames.
        if share and not (duration and _seek(container, int(share * duration))):
            return None
        tick()
        for frame in _decode_some(container, stream):
            return frame
    return None


def _seek(container: InputContainer, microseconds: int) -> bool:
    try:
        container.seek((container.start_time or 0) + microseconds)
    except av.FFmpegError:
        return False
    return True


def _decode_some(container: InputContainer, stream: Any) -> Iterator[Any]:
    num_failed = 0
    for packet in read_packets(container):
        if packet.stream.index != stream.index:
            continue
        try:
            frames = packet.decode() if packet.size else []
        except (av.FFmpegError, MemoryError, ValueError):
            frames = []
        yield from (frame for frame in frames if not frame.is_corrupt)
        num_failed += not frames
        if num_failed > FIRST_FRAME_PACKETS:
            return
    try:
        yield from stream.codec_context.decode(None)
    except (av.FFmpegError, MemoryError, ValueError):
        return


def _start(stream: Stream) -> Fraction:
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))


def _ends(
    path: str, container: InputContainer, streams: Sequence[Stream], tick: Callable[[], None]
) -> dict[int, Fraction]:
    """Return the end of each stream on the container's clock, by stream index."""
    if is_length_guessed(path, container):
        return _find_ends(container, 0.0, tick)
    found = _find_ends(container, _declared_seconds(container) - TAIL_SECONDS, tick)
    declared = declared_ends(path, container)
    is_whole = has_whole_index(container)
    ends = {}
    for stream in streams:
        index = stream.index
        if index in declared:
            ends[index] = max(declared[index], found.get(index, Fraction(0)))
        elif is_whole and index in found:
            is_sound = stream.type == "audio"
            ends[index] = _edited_end(stream, found[index]) if is_sound else found[index]
        else:
            ends[index] = _end(stream, container, found)
    return ends


def _find_ends(
    container: InputContainer, from_seconds: float, tick: Callable[[], None]
) -> dict[int, Fraction]:
    """Read the packets from some seconds after the start on; all of them where that is 0."""
    ends = _Ends()
    if not _seek(container, max(0, round(from_seconds * av.time_base))):
        return {}
    for count, packet in enumerate(read_packets(container)):
        ends.note(packet)
        if count % 1000 == 0:
            tick()
    return ends.seconds


def _declared_seconds(container: InputContainer) -> float:
    """Length of the presentation by the header; 0 where it has none."""
    declared = container.duration or 0
    if "matroska" in container.format.name:
        # Most writers count from zero, however late the clock starts.
        declared = max(0, declared - max(0, container.start_time or 0))
    if declared > LONG_SECONDS * av.time_base:
        _check_duration(declared / av.time_base, container.size)
    return declared / av.time_base


def _edited_end(stream: Stream, found: Fraction) -> Fraction:
    """Return where an edit list ends the sound of MP4: within its last packet, or with it.

    Its duration counts from zero where the list begins with a pause, else from the first packet.
    """
    clock = stream.time_base or Fraction(0)
    lasts = (stream.duration or 0) * clock
    edited = [end for end in (_start(stream) + lasts, lasts) if 0 < found - end < LONGEST_SOUND]
    return max(edited, default=found)


def _end(stream: Stream, container: InputContainer, ends: dict[int, Fraction]) -> Fraction:
    """End of a stream on the container's clock: as read or as declared, whichever is later."""
    found = [ends[stream.index]] if stream.index in ends else []
    if stream.duration is not None:
        found.append(_start(stream) + stream.duration * (stream.time_base or Fraction(0)))
    elif (tagged := _tagged_end(stream)) is not None:
        found.append(tagged)
    elif container.duration is not None:
        last = max(ends.values(), default=None)
        found += _promised_end(container, last) if not found or last is not None else []
    return max(found, default=_start(stream))


def _tagged_end(stream: Stream) -> Fraction | None:
    """End that Matroska writers note in a tag, as "00:01:02.123000000"."""
    if match := END_TAG.fullmatch(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = match.groups()
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    return None


def _promised_end(container: InputContainer, last: Fraction | None) -> list[Fraction]:
    """Return the end that a header promises if nothing was found, or it is far behind that."""
    lasts = Fraction(container.duration or 0, av.time_base)
    start = Fraction(container.start_time or 0, av.time_base)
    if last is None:
        return [start + lasts]
    if "matroska" not in container.format.name and container.format.name != "flv":
        return []
    # The length counts from zero or from the start: the clock of a call may be that of the day.
    promised = min((end for end in (lasts, start + lasts) if end >= last), default=last)
    return [promised] if promised - last > 1 else []


def _describe_picture(stream: Any, frame: Any, start: Fraction, end: Fraction) -> dict[str, Any]:
    ratio = stream.sample_aspect_ratio
    rotation, is_mirrored = _orientation(frame)
    width, height = displayed_size(frame.width, frame.height, ratio, rotation)
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    # The first frame on screen may come later than the stream claims (leading frames that
    # cannot be decoded, reordering in AVI).
    first = max(_start(stream), min(frame.pts * stream.time_base, _start(stream) + 1))
    end = max(end, first + (1 / rate if rate else 0))
    return {
        "index": stream.index,
        "codec": stream.codec_context.codec.canonical_name,
        "width": width,
        "height": height,
        "frame_rate": float(rate),
        "rotation_degrees": rotation,
        "is_mirrored": is_mirrored,
        "start_seconds": float(first - start),
        "duration_seconds": float(end - first),
        "pixel_format": frame.format.name,
        "sample_aspect_ratio": float(ratio or 1),
        "is_interlaced": bool(frame.interlaced_frame),
        "transfer": int(frame.color_trc),
    }


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
        "start_seconds": float(_start(stream) - start),
        "duration_seconds": float(max(end - _start(stream), Fraction(0))),
        "language": stream.language if stream.language != "und" else None,
    }


def _check_duration(seconds: float, num_bytes: int) -> None:
    """Refuse what only a damaged or hostile header can claim."""
    if not 0 < seconds <= MAX_DURATION_SECONDS:
        raise InputError(
            f"it claims to last {seconds:.0f} s, which is not between 0 and "
            f"{MAX_DURATION_SECONDS} s"
        )
    if seconds > LONG_SECONDS and num_bytes < seconds * MIN_BYTES_PER_SECOND:
        raise InputError(f"it claims to last {seconds:.0f} s but has only {num_bytes} bytes")


def _check_frames(seconds: float, num_frames: int) -> None:
    """Refuse a clock that makes days of a few frames; 0 of them are an unknown number."""
    if seconds > DAY_SECONDS and 0 < num_frames < seconds / MAX_FRAME_SECONDS:
        raise InputError(f"it claims to last {seconds:.0f} s but has only {num_frames} frames")
