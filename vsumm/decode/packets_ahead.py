"""Read the packets of a picture track ahead of its decoder, to know what comes and what is missing.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer

from vsumm.decode.packets import Headers, read_packets

SEEK_GAP_SECONDS = 20
"""From this distance on, seeking to the next wanted time beats reading all packets."""

MAX_PENDING_PACKETS = 2000
"""Packets held back in the hope of a key frame before they are decoded after all."""

MAX_REORDERED = 16
"""Frames that at most come on screen before a frame that the file has before them (H.264, HEVC)."""

HOLE_SECONDS = 1.0
"""With no packet of any stream for so long, something is missing from the file."""


class PacketsAhead:
    """Packets of one video stream that have been read and not yet been decoded.

    All times are in ticks of the stream.

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

    def to_ticks(self, seconds: float) -> int:
        """Turn seconds into ticks, rounded down."""
        return int(seconds / self.time_base // 1)

    def on_screen(self, time: int) -> int | None:
        """Time of the frame on screen, of those known: before the first one, that one."""
        return self._known[max(0, bisect_right(self._known, time) - 1)] if self._known else None

    def end_of(self, time: int) -> int:
        """When the frame after the one at `time` comes on screen, as far as is known."""
        after = bisect_right(self._known, time)
        return self._known[after] if after < len(self._known) else time + self._hole

    def forget_before(self, time: int) -> None:
        """Forget the times of frames that begin before `time`."""
        del self._known[: bisect_left(self._known, time)]
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
        """Seek where `target` is far ahead, and tell whether that was done."""
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
        """Go on reading at a key frame before `target`; False where that does not work."""
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
        """Read until all picture packets with times up to `time` have been seen.

        Nothing before `target` is wanted any more. False: too many packets are pending.
        """
        while not self.is_at_end and (self._read_until is None or self._read_until <= time):
            if len(self.pending) > MAX_PENDING_PACKETS:
                return False
            self.read_one(target)
        return True

    def read_one(self, target: int) -> None:
        """Read the next packet of any stream; nothing before `target` is wanted any more."""
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
        """Why nothing is known about `target`, or "" where the wanted frame covers it.

        The wanted frame is the first one known.
        """
        is_last = self.is_at_end and len(self._known) == 1
        if is_last and target > self._end + self._end_slack:
            return "the file ends early"
        if target - wanted <= self._hole:
            return ""
        others = sorted(self._other_times)
        around = bool(others) and others[0] <= wanted and others[-1] > target
        inside = bisect_left(others, target) - bisect_right(others, wanted + self._hole // 2)
        return "a part of the file is missing" if around and inside <= 0 else ""

    def _leave_out(self, num_packets: int) -> None:
        for _ in range(num_packets):
            self.pending.popleft()
        self.has_gap = self.has_gap or num_packets > 0

    def _scale(self, packet: av.Packet[Any]) -> tuple[int, int]:
        """What turns the ticks of a packet's stream into ticks of the picture's clock."""
        ratio = Fraction(packet.time_base) / self.time_base
        self._scales[packet.stream_index] = ratio.as_integer_ratio()
        return self._scales[packet.stream_index]

    def _note_picture(self, packet: av.Packet[Any], time: int, target: int) -> None:
        packet.pts = time
        if packet.is_discard:  # an edit list leaves it out, but others may need it
            self.pending.append(packet)
            return
        insort(self._known, time)
        self._has_read_pictures = True
        # A damaged decoding time later than the picture's own would hide what comes between.
        self._end = max(self._end, time + (packet.duration or 0))
        self._end_slack = self._hole // 4 if packet.duration else self._hole
        if packet.dts is not None:
            self._read_until = min(packet.dts, time)
        elif len(self._known) > MAX_REORDERED:
            self._read_until = self._known[-1 - MAX_REORDERED]
        if packet.is_keyframe and time <= target and self.may_jump:
            # Whatever is wanted from now on is this frame or a later one.
            self._leave_out(len(self.pending))
        if packet.is_keyframe:
            self.keys.append(time)
        self.pending.append(packet)


def starts_anywhere(stream: Any) -> bool:
    """Whether decoding may begin at any key frame: palettes may come with the first one only."""
    return str(stream.codec_context.pix_fmt) != "pal8"


def pts_of(timed: av.VideoFrame | av.Packet[Any]) -> int:
    """When a frame comes on screen: its time or that of the packet it is in."""
    assert timed.pts is not None
    return timed.pts
