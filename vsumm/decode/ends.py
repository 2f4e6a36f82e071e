"""Find out when the streams of a film end, and refuse ends that cannot be.

The end comes from the packets of a file that is whole, from the headers of one that is damaged.
Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer
from av.stream import Stream

from vsumm.decode.cut_headers import declared_ends, has_whole_index, is_length_guessed
from vsumm.decode.packets import read_packets, seek
from vsumm.errors import InputError

MAX_DURATION_SECONDS = 7 * 24 * 3600
"""Longest presentation that is accepted, seconds."""

LONG_SECONDS = 3600
MIN_BYTES_PER_SECOND = 1
"""Presentations longer than LONG_SECONDS with fewer bytes than this are refused: even a still
picture takes more, at one frame in ten seconds."""

DAY_SECONDS = 24 * 3600
MAX_FRAME_SECONDS = 60
"""Presentations longer than a day whose frames last longer than this on average are refused; the
number of frames is that of the header."""

JUMP_SECONDS = 600
"""A packet that comes so much later than the one before it has a damaged time."""

NUM_LAST = 16
"""Packets shown last that are compared: all but one of them may have a damaged time."""

TAIL_SECONDS = 10
"""How far before the declared end the search for the last packets begins, seconds."""

LONGEST_SOUND = Fraction(1, 4)
"""Longest packet of sound, seconds, inside which an edit list may end the track."""

END_TAG = re.compile(r"(\d\d):(\d\d):(\d\d\.\d+)")
"""A time in a tag of a Matroska stream."""


def find_ends(
    path: str, container: InputContainer, streams: Sequence[Stream], tick: Callable[[], None]
) -> dict[int, Fraction]:
    """Return the end of each stream on the container's clock, seconds, by stream index.

    Args:
        path: the file.
        container: the file, open.
        streams: those that count.
        tick: called now and then while this works, to show that it is alive.

    Raises:
        InputError: the header claims a length that cannot be.
    """
    if is_length_guessed(path, container):
        found = _read_ends(container, 0.0, tick)
        return {stream.index: found.get(stream.index, start_of(stream)) for stream in streams}
    found = _read_ends(container, _declared_seconds(container) - TAIL_SECONDS, tick)
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


def start_of(stream: Stream) -> Fraction:
    """Return when a stream begins on the container's clock, seconds."""
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))


def check_duration(seconds: float, num_bytes: int) -> None:
    """Refuse what only a damaged or hostile header can claim."""
    if not 0 < seconds <= MAX_DURATION_SECONDS:
        raise InputError(
            f"it claims to last {seconds:.0f} s, which is not between 0 and "
            f"{MAX_DURATION_SECONDS} s"
        )
    if seconds > LONG_SECONDS and num_bytes < seconds * MIN_BYTES_PER_SECOND:
        raise InputError(f"it claims to last {seconds:.0f} s but has only {num_bytes} bytes")


def check_frames(seconds: float, num_frames: int) -> None:
    """Refuse a clock that makes days of a few frames; 0 of them are an unknown number."""
    if seconds > DAY_SECONDS and 0 < num_frames < seconds / MAX_FRAME_SECONDS:
        raise InputError(f"it claims to last {seconds:.0f} s but has only {num_frames} frames")


class _Ends:
    """Ends of the packets that are shown last, by stream index, on the container's clock."""

    def __init__(self) -> None:
        # Of each stream, ascending: when they begin and end, in ticks of that stream's clock.
        self._last: dict[int, list[tuple[int, int]]] = {}
        self._ticks: dict[int, Fraction] = {}

    def note(self, packet: av.Packet[Any]) -> None:
        # Discarded packets are decoded for others and not shown: an edit list leaves them out.
        if packet.pts is None or packet.is_corrupt or packet.is_discard:
            return
        last = self._last.get(packet.stream_index)
        if last is None:
            last = self._last[packet.stream_index] = []
            self._ticks[packet.stream_index] = packet.time_base
        if len(last) < NUM_LAST or packet.pts > last[0][0]:
            insort(last, (packet.pts, packet.pts + (packet.duration or 0)))
            del last[:-NUM_LAST]

    @property
    def seconds(self) -> dict[int, Fraction]:
        """End of each stream; packets far behind all others have damaged times."""
        # Only the duration of the last packet is used: that of others may be the distance to the
        # packet that is decoded next, not to the one that is shown next.
        return {
            index: _before_jump(last, self._ticks[index])[1] * self._ticks[index]
            for index, last in self._last.items()
        }


def _before_jump(last: list[tuple[int, int]], tick: Fraction) -> tuple[int, int]:
    """Return the last packet, or the one before the first jump if not all are that far apart."""
    steps = [later[0] - earlier[0] for earlier, later in pairwise(last)]
    jumps = [number for number, step in enumerate(steps) if step * tick > JUMP_SECONDS]
    return last[jumps[0]] if jumps and (len(steps) == 1 or len(jumps) < len(steps)) else last[-1]


def _read_ends(
    container: InputContainer, from_seconds: float, tick: Callable[[], None]
) -> dict[int, Fraction]:
    """Read the packets from some seconds after the start on; all of them where that is 0."""
    ends = _Ends()
    if not seek(container, max(0.0, from_seconds)):
        return {}
    for count, packet in enumerate(read_packets(container)):
        ends.note(packet)
        if count % 1000 == 0:
            tick()
    return ends.seconds


def _declared_seconds(container: InputContainer) -> float:
    """Return the length of the presentation by the header; 0 where it has none."""
    declared = container.duration or 0
    if "matroska" in container.format.name:
        # Most writers count from zero, however late the clock starts.
        declared = max(0, declared - max(0, container.start_time or 0))
    if declared > LONG_SECONDS * av.time_base:
        check_duration(declared / av.time_base, container.size)
    return declared / av.time_base


def _edited_end(stream: Stream, found: Fraction) -> Fraction:
    """Return where an edit list ends the sound of MP4: within its last packet, or with it.

    Its duration counts from zero where the list begins with a pause, else from the first packet;
    where it leaves nothing out, from that packet to the end of the last one.
    """
    clock = stream.time_base or Fraction(0)
    lasts = (stream.duration or 0) * clock
    if abs(start_of(stream) + lasts - found) <= clock:
        return found
    edited = [end for end in (start_of(stream) + lasts, lasts) if 0 < found - end < LONGEST_SOUND]
    return max(edited, default=found)


def _end(stream: Stream, container: InputContainer, ends: dict[int, Fraction]) -> Fraction:
    """Return the end of a stream on the container's clock: the later of read and declared."""
    found = [ends[stream.index]] if stream.index in ends else []
    if stream.duration is not None:
        lasts = stream.duration * (stream.time_base or Fraction(0))
        # Of ASF it counts from zero, however late the clock starts.
        is_end = container.format.name == "asf" and bool(found) and found[0] - lasts < 1
        found.append(lasts if is_end else start_of(stream) + lasts)
    elif (tagged := _tagged_end(stream)) is not None:
        found.append(tagged)
    elif container.duration is not None:
        last = max(ends.values(), default=None)
        found += _promised_end(container, last) if not found or last is not None else []
    return max(found, default=start_of(stream))


def _tagged_end(stream: Stream) -> Fraction | None:
    """Return the end that Matroska writers note in a tag, as "00:01:02.123000000"."""
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
