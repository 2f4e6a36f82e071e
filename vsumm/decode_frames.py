"""Pick the frames on screen at given times, decoding as little as that takes.

    on screen    K b B b P b B b P | K b B b P b B b P | K ...    K key frame, b nobody's reference
    in the file  K P B b b P B b b | K P B b b P B b b | K ...
    wanted           ^                     ^ or soon after
    decoded      K P B               K P                            the rest is read, not decoded

Decoding starts at the latest key frame before a wanted frame; frames that no other frame refers to
are skipped unless they are wanted themselves. Every frame picked is the exact one on screen or,
where the caller can wait, the one soon after that needs the fewest others: a key frame, or else the
first of them in the file.

Runs in the decoding process only, see `vsumm.worker`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any

import av
from av.container import InputContainer

from vsumm.decode_packets import read_packets

SEEK_GAP_SECONDS = 20
"""From this distance on, seeking to the next wanted time beats reading all packets."""

MAX_PENDING_PACKETS = 2000
"""Packets held back in the hope of a key frame before they are decoded after all."""

MAX_REORDERED = 16
"""Frames that at most come on screen before a frame that the file has before them (H.264, HEVC)."""

REFRESH_SECONDS = 10
"""How far back decoding begins where a key frame turned out not to be a whole picture."""

HOLE_SECONDS = 1.0
"""With no packet of any stream for so long, something is missing from the file."""

CLOCK_SLACK_SECONDS = 1e-6
"""A wanted time this close before a frame means that frame: times arrive as floats."""

DECODE_ERRORS = (av.FFmpegError, MemoryError, ValueError)
"""What a damaged packet may raise."""


@dataclass(frozen=True)
class Picked:
    """What is on screen at one wanted time."""

    index: int
    """Index into the wanted times."""
    frame: av.VideoFrame | None
    """The frame, or None where it could not be read."""
    time_seconds: float = 0.0
    """When the frame comes on screen, on the container's clock."""
    problem: str = ""
    """Why it could not be read."""


class FramePicker:
    """Pick frames of one video stream at ascending times.

    Args:
        container: an open file, at its beginning.
        stream: the video stream.
        tick: called at every packet, to show that this is alive.
    """

    def __init__(
        self, container: InputContainer, stream: av.VideoStream, tick: Callable[[], None]
    ) -> None:
        self._container = container
        self._stream = stream
        self._context = stream.codec_context
        self._context.thread_count = 1
        self._time_base = Fraction(stream.time_base or Fraction(1, av.time_base))
        self._tick = tick
        self._hole = self._to_ticks(HOLE_SECONDS)
        self._targets: list[int] = []
        self._latest: list[int] = []
        self._num_chosen = 0  # so many wanted times have their frame
        self._scales: dict[int, tuple[int, int]] = {}
        self._other_times: deque[int] = deque(maxlen=4000)
        self._end = 0  # end of the last picture packet
        self._end_slack = 0  # how long the last frame may stay when the file does not say
        self._first_pts: int | None = None
        self._can_seek = self._may_jump = starts_anywhere(stream)
        self._can_skip = can_skip_frames(self._context)
        self._num_errors = 0
        self._goal = -(1 << 63)  # time of the frame that is being decoded for
        self._start_reading()

    def pick(self, wanted_seconds: Sequence[tuple[float, float]]) -> Iterator[Picked]:
        """Yield one `Picked` per wanted time.

        Args:
            wanted_seconds: wanted times on the container's clock, ascending, each with the time
                before which a frame may begin that stands in for the one on screen where that
                takes less decoding; where the two are equal, none may.
        """
        self._targets = [self._to_ticks(time + CLOCK_SLACK_SECONDS) for time, _ in wanted_seconds]
        self._latest = [
            max(target, self._to_ticks(latest))
            for target, (_, latest) in zip(self._targets, wanted_seconds, strict=True)
        ]
        for index in range(len(self._targets)):
            self._num_chosen = index
            yield self._pick_one(index)

    def _to_ticks(self, seconds: float) -> int:
        return int(seconds / self._time_base // 1)

    def _start_reading(self) -> None:
        """Forget what was read: reading starts at the container's present place."""
        self._packets = read_packets(self._container)
        self._is_at_end = False
        self._pending: deque[av.Packet[Any]] = deque()  # read, not yet given to the decoder
        self._read_until: int | None = None  # all picture packets up to here have been read
        self._known: list[int] = []  # times of the picture packets read, ascending
        self._keys: list[int] = []  # times of the key frames read, in file order
        self._sent: list[int] = []  # given to the decoder since it started afresh, in file order
        self._needs_flush = False
        self._decoded: list[av.VideoFrame] = []  # in order of display

    def _pick_one(self, index: int) -> Picked:
        target = self._targets[index]
        self._approach(target)
        self._read_beyond(target)
        wanted = self._choose(index)
        if wanted is None:
            return Picked(index, None, problem="no picture can be read")
        self._num_chosen = index + 1
        self._forget_before(wanted)
        if problem := self._missing(target, wanted):
            return Picked(index, None, problem=problem)
        frame = self._decode(wanted) or self._decode_again(target, wanted)
        if frame is None:
            return Picked(index, None, problem="damaged frames")
        return Picked(index, frame, float(_pts(frame) * self._time_base))

    def _decode(self, wanted: int) -> av.VideoFrame | None:
        """The wanted frame, or None where it is damaged."""
        self._num_errors = 0
        if self._may_jump:
            self._jump_to_key(wanted)
        self._goal = wanted
        self._decode_until(wanted)
        self._keep([])
        frame = self._decoded[0] if self._decoded else None
        if frame is None or frame.is_corrupt or not self._is_near(frame, wanted):
            return None
        return frame

    def _decode_again(self, target: int, wanted: int) -> av.VideoFrame | None:
        """Try once more from further back, without starting afresh at key frames.

        Films may spread their key frames over many frames (periodic intra refresh): decoding can
        begin there, but the picture is whole only later, and nothing else says so.
        """
        if self._num_errors or not self._may_jump or not self._can_seek:
            return None
        self._may_jump = False
        if not self._seek(target - self._to_ticks(REFRESH_SECONDS)):
            return None
        self._read_beyond(target)
        frame = self._decode(wanted)
        self._may_jump = frame is None  # it was damage after all
        return frame

    def _approach(self, target: int) -> None:
        """Seek where the next wanted time is far ahead."""
        gap = self._to_ticks(SEEK_GAP_SECONDS)
        position = self._read_until if self._read_until is not None else self._stream.start_time
        if not self._can_seek or position is None or target - position < gap or self._is_at_end:
            return
        if self._first_pts is None:
            self._read_beyond(position)
        if not self._seek(target):
            return
        self._read_beyond(target)
        if not self._known or self._known[0] > target:  # a wrong index: read it all instead
            self._seek(self._stream.start_time or 0)
            self._can_seek = False

    def _seek(self, target: int) -> bool:
        start = self._stream.start_time or 0
        try:
            if target <= start and self._container.format.name == "mpegts":
                # By time, the beginning of a transport stream is missed by some frames.
                self._container.seek(0, unsupported_byte_offset=True)
            else:
                self._container.seek(max(target, start), stream=self._stream)
        except av.FFmpegError:
            self._can_seek = False
            return False
        self._start_reading()
        return True

    def _read_beyond(self, time: int, target: int | None = None) -> None:
        """Read until all picture packets with times up to `time` have been seen.

        Nothing before `target`, or else `time`, is wanted any more.
        """
        while not self._is_at_end and (self._read_until is None or self._read_until <= time):
            self._read_one(time if target is None else target)

    def _read_one(self, target: int) -> None:
        """Read the next packet of any stream; nothing before `target` is wanted any more."""
        packet = next(self._packets, None)
        self._tick()
        if packet is None:
            self._is_at_end = True
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

    def _scale(self, packet: av.Packet[Any]) -> tuple[int, int]:
        """What turns the ticks of a packet's stream into ticks of the picture's clock."""
        ratio = Fraction(packet.time_base) / self._time_base
        self._scales[packet.stream_index] = ratio.as_integer_ratio()
        return self._scales[packet.stream_index]

    def _note_picture(self, packet: av.Packet[Any], time: int, target: int) -> None:
        packet.pts = time
        insort(self._known, time)
        if self._first_pts is None:
            self._first_pts = time
        # A damaged decoding time later than the picture's own would hide what comes between.
        self._end = max(self._end, time + (packet.duration or 0))
        self._end_slack = self._hole // 4 if packet.duration else self._hole
        if packet.dts is not None:
            self._read_until = min(packet.dts, time)
        elif len(self._known) > MAX_REORDERED:
            self._read_until = self._known[-1 - MAX_REORDERED]
        if packet.is_keyframe and time <= target and self._may_jump:
            # Whatever is wanted from now on is this frame or a later one.
            self._leave_out(len(self._pending))
        if packet.is_keyframe:
            self._keys.append(time)
        self._pending.append(packet)
        if len(self._pending) > MAX_PENDING_PACKETS:
            for _ in range(MAX_PENDING_PACKETS // 2):
                self._send(self._pending.popleft())

    def _choose(self, index: int) -> int | None:
        """Time of the frame to show for a wanted time, None where there is none.

        All packets up to the wanted time must have been read.
        """
        target, latest = self._targets[index], self._latest[index]
        if not self._known:
            return None
        on_screen = self._on_screen(target)
        if on_screen in self._keys or latest <= target:
            return on_screen
        self._read_beyond(latest - 1, target)
        in_file = chain(self._sent, map(_pts, self._pending))
        usable = [[t for t in times if on_screen <= t < latest] for times in (self._keys, in_file)]
        return next(chain(*usable), on_screen)

    def _on_screen(self, target: int) -> int:
        """Time of the frame on screen, of those known: before the first one, that one."""
        return self._known[max(0, bisect_right(self._known, target) - 1)]

    def _forget_before(self, wanted: int) -> None:
        """Forget the times of frames that begin before the one that is shown now."""
        del self._known[: bisect_left(self._known, wanted)]
        self._keys = [key for key in self._keys if key >= wanted]
        self._sent = [time for time in self._sent if time >= wanted]

    def _missing(self, target: int, wanted: int) -> str:
        """Why nothing is known about `target`, or "" where the wanted frame covers it."""
        is_last = self._is_at_end and len(self._known) == 1
        if is_last and target > self._end + self._end_slack:
            return "the file ends early"
        if target - wanted <= self._hole:
            return ""
        others = sorted(self._other_times)
        around = bool(others) and others[0] <= wanted and others[-1] > target
        inside = bisect_left(others, target) - bisect_right(others, wanted + self._hole // 2)
        return "a part of the file is missing" if around and inside <= 0 else ""

    def _jump_to_key(self, wanted: int) -> None:
        """Leave out the packets before the latest key frame that leads to the wanted one."""
        starts = [
            place
            for place, packet in enumerate(self._pending)
            if packet.is_keyframe and _pts(packet) <= wanted
        ]
        self._leave_out(starts[-1] if starts else 0)

    def _leave_out(self, num_packets: int) -> None:
        """Drop the next packets: the decoder has to start afresh at the one after them."""
        for _ in range(num_packets):
            self._pending.popleft()
        if num_packets:
            self._needs_flush = True
            self._sent.clear()

    def _decode_until(self, wanted: int) -> None:
        """Give packets to the decoder until it has shown the wanted frame or a later one."""
        while not (self._decoded and _pts(self._decoded[-1]) >= wanted):
            if not self._pending and not self._is_at_end:
                self._read_one(wanted)
                continue
            if not self._pending or self._may_drain(wanted):
                self._drain()
                return
            self._send(self._pending.popleft())

    def _may_drain(self, wanted: int) -> bool:
        """Whether the decoder has the wanted frame and can start afresh at the next one."""
        if any(_pts(packet) <= wanted for packet in self._pending):
            return False
        if not self._may_jump:
            return False
        if self._num_chosen == len(self._targets):
            return True
        self._read_beyond(self._targets[self._num_chosen])
        following = self._choose(self._num_chosen)
        if not self._pending or self._needs_flush or following is None:
            return self._needs_flush
        return any(packet.is_keyframe and _pts(packet) <= following for packet in self._pending)

    def _send(self, packet: av.Packet[Any]) -> None:
        if self._needs_flush:
            self._context.flush_buffers()
            self._needs_flush = False
        if self._can_skip:
            self._context.skip_frame = "DEFAULT" if self._is_wanted(_pts(packet)) else "NONREF"
        self._sent.append(_pts(packet))
        try:
            self._keep(packet.decode())
        except DECODE_ERRORS:
            self._num_errors += 1  # the frame will be found missing if anybody wants it

    def _is_wanted(self, pts: int) -> bool:
        """Whether a frame may be the one to show, now or for one of the next wanted times."""
        if pts <= self._goal:
            return pts == self._goal
        after = bisect_right(self._known, pts)
        next_pts = self._known[after] if after < len(self._known) else pts + self._hole
        first = max(self._num_chosen, bisect_left(self._latest, pts))
        for index in range(first, bisect_left(self._targets, next_pts)):
            on_screen = self._on_screen(self._targets[index])
            if not any(on_screen <= time < self._latest[index] for time in self._sent):
                return True  # no frame before it in the file will be shown
        return False

    def _drain(self) -> None:
        with suppress(*DECODE_ERRORS):
            self._keep(self._context.decode(None))
        self._context.flush_buffers()
        self._sent.clear()

    def _keep(self, frames: list[av.VideoFrame]) -> None:
        for frame in frames:
            if frame.pts is not None:
                insort(self._decoded, frame, key=_pts)
        # Of the frames up to the wanted one only the latest can matter; 4K frames are 12 MB each.
        del self._decoded[: bisect_right(self._decoded, self._goal, key=_pts) - 1]

    def _is_near(self, frame: av.VideoFrame, wanted: int) -> bool:
        """Whether a frame is the wanted one, or its first field."""
        after = bisect_right(self._known, wanted)
        step = self._known[after] - wanted if after < len(self._known) else self._hole // 10
        return abs(_pts(frame) - wanted) <= min(step, self._hole // 10)


def starts_anywhere(stream: Any) -> bool:
    """Whether decoding may begin at any key frame: palettes may come with the first one only."""
    return str(stream.codec_context.pix_fmt) != "pal8"


def can_skip_frames(context: Any) -> bool:
    """Whether a decoder can be told for each packet to leave a frame out.

    Libraries of others under FFmpeg (dav1d) look at it once, when they are opened.
    """
    return not str(context.codec.name).startswith("lib")


def _pts(timed: av.VideoFrame | av.Packet[Any]) -> int:
    assert timed.pts is not None
    return timed.pts
