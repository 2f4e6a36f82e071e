"""Read the packets of a file.

`read_packets` yields them all, past damage, up to the end. `PacketsAhead` reads those of a picture
before they are decoded, to see which frames are on screen when, and what is missing.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

import av
from av.container import InputContainer
from av.packet import PacketSideData

MAX_ERRORS_IN_A_ROW = 50
"""A file counts as ended after so many read errors without a packet between them."""

SPARE_PACKETS = 1000
"""Most packets that are read of a file, beyond one for each byte: some are empty."""

AVI_HEADER_BYTES = 8
"""Size of the name and length in front of each packet of an AVI file."""

AVI_GAP_BYTES = 4096
"""Where packets are further apart than this, what lies between them is damaged."""

SEEK_GAP_SECONDS = 20
"""From this distance on, seeking to the next wanted time is faster than reading all packets."""

MAX_PENDING_PACKETS = 2000
"""Packets held back in the hope of a key frame before they are decoded after all."""

MAX_REORDERED = 16
"""How many frames behind one in the file can come on screen before it, at most (H.264, HEVC)."""

HOLE_SECONDS = 1.0
"""With no packet of any stream for so long, something is missing from the file."""

Headers = dict[int, PacketSideData]
"""The last header that a decoder needs, by stream index."""


def read_packets(
    container: InputContainer, headers: Headers | None = None
) -> Iterator[av.Packet[Any]]:
    """Yield the packets of all streams in file order, from the present place to the end.

    Unlike PyAV's own loop this ends without the empty packets that flush the decoders, resumes
    after read errors, survives streams that first appear in the middle of the file, and keeps the
    clock of AVI files over damaged places.

    Args:
        container: an open file.
        headers: needed by callers that seek or leave packets out; an empty dictionary, filled in
            while this runs. Where clips were joined, only the first packet of a clip carries the
            header of its decoder; with `headers` all its key frames do.
    """
    packets = _read_on(container)
    if headers is not None:
        packets = _with_headers(packets, headers)
    return _keep_clock(container, packets) if container.format.name == "avi" else packets


def _read_on(container: InputContainer) -> Iterator[av.Packet[Any]]:
    num_errors = 0
    num_left = container.size + SPARE_PACKETS  # a damaged file must not be read in circles
    while num_errors < MAX_ERRORS_IN_A_ROW:
        try:
            for packet in container.demux():
                if packet.dts is None and packet.pts is None and packet.size == 0:
                    return  # the empty packets that flush the decoders come last
                num_errors = 0
                num_left -= 1
                if num_left < 0:
                    return
                yield packet
        except (av.FFmpegError, MemoryError, IndexError):  # IndexError: of a stream that is new
            num_errors += 1
            continue
        return


def _with_headers(packets: Iterator[av.Packet[Any]], headers: Headers) -> Iterator[av.Packet[Any]]:
    for packet in packets:
        index = packet.stream_index
        if packet.has_sidedata("new_extradata"):
            headers[index] = packet.get_sidedata("new_extradata")
        elif index in headers and packet.is_keyframe and packet.stream.type == "video":
            packet.set_sidedata(headers[index])
        yield packet


def _keep_clock(
    container: InputContainer, packets: Iterator[av.Packet[Any]]
) -> Iterator[av.Packet[Any]]:
    """Correct the times of AVI packets behind a hole.

    AVI has no timestamps: FFmpeg counts packets, and falls behind by those it could not find. The
    index at the end of the file tells which number a packet really has, or, of sound that has as
    many bytes in every second, how many bytes come before it.
    """
    end = None
    numbers: dict[tuple[int, int], int] = {}
    in_bytes = [_is_in_bytes(stream) for stream in container.streams]
    for packet in packets:
        if packet.pos is not None:
            if end is not None and packet.pos > end + AVI_GAP_BYTES and not numbers:
                numbers = _numbers_by_place(container)
            end = packet.pos + packet.size
            number = numbers.get((packet.stream_index, packet.pos - AVI_HEADER_BYTES))
            if number is not None and packet.dts is not None:
                if in_bytes[packet.stream_index]:
                    number = number * (packet.duration or 0) // packet.size
                shift = number - packet.dts
                packet.dts = number
                packet.pts = None if packet.pts is None else packet.pts + shift
        yield packet


def _is_in_bytes(stream: Any) -> bool:
    """Whether the index counts the bytes of a stream instead of its packets."""
    entries = list(islice(stream.index_entries, 2))
    if len(entries) < 2:
        return False
    first, second = entries
    return bool(second.timestamp - first.timestamp == first.size > 1)


def _numbers_by_place(container: InputContainer) -> dict[tuple[int, int], int]:
    return {
        (stream.index, entry.pos): entry.timestamp
        for stream in container.streams
        for entry in stream.index_entries
    }


def seek(container: InputContainer, seconds: float, stream: Any = None) -> bool:
    """Go on reading at a key frame before a time, counted from the start; return if that works.

    Args:
        container: an open file.
        seconds: the time.
        stream: a stream whose start and clock count, instead of those of the file.
    """
    start = (stream or container).start_time or 0
    clock = Fraction(1, av.time_base) if stream is None else stream.time_base
    try:
        container.seek(start + round(seconds / clock), stream=stream)
    except av.FFmpegError:
        return False
    return True


class PacketsAhead:
    """Packets of one video stream that have been read and not yet been decoded.

    All times are in ticks of the stream. When K0 and P4 have been taken, and P8 has been read (the
    numbers are times on screen):

        in the file   K0 P4 b2 b1 b3 P8 b6 b5 b7 K12 ...
        taken         K0 P4
        pending             b2 b1 b3 P8
        _known        0 1 2 3 4 8           5, 6 and 7 come behind P8
        _read_until   3                     decoding time of P8

    No packet is shown before it is decoded, so what lies behind P8 is shown after `_read_until`.

    Args:
        container: an open file, at its beginning.
        stream: the video stream.
        tick: called at every packet, to show that this is alive.
    """

    def __init__(
        self, container: InputContainer, stream: av.VideoStream, tick: Callable[[], None]
    ) -> None:
        self.time_base = Fraction(stream.time_base or Fraction(1, av.time_base))
        self.can_seek = starts_anywhere(stream)
        self.may_jump = self.can_seek  # whether decoding may start afresh at key frames
        self._container = container
        self._headers: Headers = {}
        self._stream = stream
        self._tick = tick
        self._hole = self.to_ticks(HOLE_SECONDS)
        self._scales: dict[int, tuple[int, int]] = {}
        self._other_times: deque[int] = deque(maxlen=4000)
        self._end = 0  # end of the last picture packet
        self._end_slack = 0  # how long the last frame may stay when the file does not say
        self._has_read_pictures = False
        self._start_reading()

    def _start_reading(self) -> None:
        """Forget what was read: reading starts at the container's present place."""
        self.pending: deque[av.Packet[Any]] = deque()
        self.keys: list[int] = []  # times of the key frames, in file order
        self.has_gap = False  # whether packets in front of the next one have been left out
        self.is_at_end = False
        self._packets: Iterator[av.Packet[Any]] = read_packets(self._container, self._headers)
        self._read_until: int | None = None  # all picture packets up to here have been read
        self._known: list[int] = []  # times of the picture packets read, ascending
        self._sizes: dict[int, int] = {}  # their sizes in bytes, by their times

    def to_ticks(self, seconds: float) -> int:
        """Turn seconds into ticks, rounded down."""
        return int(seconds / self.time_base // 1)

    def on_screen(self, time: int) -> int | None:
        """Return when the frame on screen at `time` began; before the first one, its own time."""
        return self._known[max(0, bisect_right(self._known, time) - 1)] if self._known else None

    def end_of(self, time: int) -> int:
        """Return when the frame after the one at `time` comes on screen, as far as is known."""
        after = bisect_right(self._known, time)
        return self._known[after] if after < len(self._known) else time + self._hole

    def size_of(self, time: int) -> int:
        """Return the size of the packet of a frame that is known, bytes."""
        return self._sizes[time]

    def largest_between(self, first: int | None, last: int) -> int | None:
        """Return the size of the largest packet of frames between two, bytes, 0 without any.

        None where the first one is not known any more: something lies between that was not read.
        """
        if first not in self._sizes:
            return None
        between = self._known[bisect_right(self._known, first) : bisect_left(self._known, last)]
        return max((self._sizes[time] for time in between), default=0)

    def forget_before(self, time: int) -> None:
        """Forget the frames that begin before `time`."""
        num_forgotten = bisect_left(self._known, time)
        for earlier in self._known[:num_forgotten]:
            self._sizes.pop(earlier, None)  # two packets may have the same time
        del self._known[:num_forgotten]
        self.keys = [key for key in self.keys if key >= time]

    def take(self) -> av.Packet[Any]:
        """Take the next packet, to be decoded."""
        self.has_gap = False
        return self.pending.popleft()

    def jump_to_key(self, wanted: int) -> None:
        """Leave out the packets before the latest key frame that leads to the wanted one."""
        if not self.may_jump:
            return
        start = 0
        for place, packet in enumerate(self.pending):
            if packet.is_keyframe and pts_of(packet) <= wanted:
                start = place
            if pts_of(packet) == wanted and not packet.is_discard:
                break  # what an edit list leaves out behind it may have earlier times
        self._leave_out(start)

    def approach(self, target: int) -> bool:
        """Seek if `target` is far ahead; return whether that was done."""
        gap = self.to_ticks(SEEK_GAP_SECONDS)
        position = self._read_until if self._read_until is not None else self._stream.start_time
        if not self.can_seek or position is None or target - position < gap or self.is_at_end:
            return False
        if not self._has_read_pictures:
            self.read_beyond(position, position)
        if not self.seek(target):
            return False
        self.read_beyond(target, target)
        if not self._known or self._known[0] > target:  # a wrong index: read it all instead
            self.seek(self._stream.start_time or 0)
            self.can_seek = False
        return True

    def seek(self, target: int) -> bool:
        """Go on reading at a key frame before `target`; return whether that works."""
        start = self._stream.start_time or 0
        try:
            if target <= start and self._container.format.name == "mpegts":
                # By time, the beginning of a transport stream is missed by some frames.
                self._container.seek(0, unsupported_byte_offset=True)
            else:
                self._container.seek(max(target, start), stream=self._stream)
        except av.FFmpegError:
            self.can_seek = False
            return False
        self._start_reading()
        return True

    def read_beyond(self, time: int, target: int) -> bool:
        """Read until all picture packets with times up to `time` are known.

        Args:
            time: in ticks.
            target: the earliest time that is still wanted, in ticks.

        Returns:
            False if too many packets are pending.
        """
        while not self.is_at_end and (self._read_until is None or self._read_until <= time):
            if len(self.pending) > MAX_PENDING_PACKETS:
                return False
            self.read_one(target)
        return True

    def read_one(self, target: int) -> None:
        """Read the next packet of any stream; `target` is the earliest time still wanted."""
        packet = next(self._packets, None)
        self._tick()
        if packet is None:
            self.is_at_end = True
            return
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.size == 0:
            return  # an empty packet repeats the frame before it
        stream_index = packet.stream_index
        numerator, denominator = self._scales.get(stream_index) or self._scale(packet)
        if stream_index == self._stream.index:
            self._note_picture(packet, time, target)
        else:
            self._other_times.append(time * numerator // denominator)

    def missing(self, target: int, wanted: int) -> str:
        """Return why nothing is known about `target`, or "" where the wanted frame covers it.

        Args:
            target: a wanted time, in ticks.
            wanted: the time of the frame on screen then, the first one known.
        """
        is_last = self.is_at_end and len(self._known) == 1
        if is_last and target > self._end + self._end_slack:
            return "the file ends early"
        if target - wanted <= self._hole:
            return ""
        others = sorted(self._other_times)
        # Where other streams have packets inside the gap, the picture is only frozen. Where they
        # have some on both sides of it and none inside, a part of the file is missing.
        around = bool(others) and others[0] <= wanted and others[-1] > target
        inside = bisect_left(others, target) - bisect_right(others, wanted + self._hole // 2)
        return "a part of the file is missing" if around and inside <= 0 else ""

    def _leave_out(self, num_packets: int) -> None:
        for _ in range(num_packets):
            self.pending.popleft()
        self.has_gap = self.has_gap or num_packets > 0

    def _scale(self, packet: av.Packet[Any]) -> tuple[int, int]:
        """Return the factor from ticks of a packet's stream to ticks of the picture, as a ratio."""
        ratio = Fraction(packet.time_base) / self.time_base
        self._scales[packet.stream_index] = ratio.as_integer_ratio()
        return self._scales[packet.stream_index]

    def _note_picture(self, packet: av.Packet[Any], time: int, target: int) -> None:
        packet.pts = time
        if packet.is_discard:  # an edit list leaves it out, but others may need it
            self.pending.append(packet)
            return
        insort(self._known, time)
        self._sizes[time] = max(packet.size, self._sizes.get(time, 0))
        self._has_read_pictures = True
        # A damaged decoding time later than the picture's own would hide what comes between.
        self._end = max(self._end, time + (packet.duration or 0))
        self._end_slack = self._hole // 4 if packet.duration else self._hole
        if packet.dts is not None:
            self._read_until = min(packet.dts, time)
        elif len(self._known) > MAX_REORDERED:
            self._read_until = self._known[-1 - MAX_REORDERED]
        if packet.is_keyframe and time <= target and self.may_jump:
            # Only this frame or a later one can be wanted from now on.
            self._leave_out(len(self.pending))
        if packet.is_keyframe:
            self.keys.append(time)
        self.pending.append(packet)


def starts_anywhere(stream: Any) -> bool:
    """Whether decoding may begin at any key frame: a palette may come with the first one only."""
    return str(stream.codec_context.pix_fmt) != "pal8"


def pts_of(timed: av.VideoFrame | av.Packet[Any]) -> int:
    """Return when a frame comes on screen, from the frame or from its packet."""
    assert timed.pts is not None
    return timed.pts
