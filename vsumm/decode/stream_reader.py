"""Decode one stream of a file from any instant on, past damage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from typing import Any, Literal

from av.error import FFmpegError
from av.stream import Discard

from vsumm.decode.holes import missing_seconds
from vsumm.decode.open_file import can_skip_frames, open_stream
from vsumm.decode.packets import Headers, read_packets, starts_anywhere
from vsumm.errors import InputError
from vsumm.media import TOLERANCE_SECONDS, MediaInfo

SEEK_STEPS_SECONDS = (0, 1, 4, 16, 64, 256)
"""How far before the wanted instant to seek, tried in this order until a frame is early enough."""
READ_ON_SECONDS = 2
"""A wanted instant that is no further ahead is reached by reading on, not by a seek."""
FALLBACK_FRAME_RATE = 25
"""Frames per second of a film that names no rate."""
AHEAD_BYTES = 64 << 20
"""Most that is read ahead to learn which picture is on screen at the wanted instant."""


class StreamReader:
    """One stream of a file, opened on its own so that no other stream moves its position.

    Attributes:
        container: the open file.
        stream: the stream that is decoded; another object after some seeks.
        time_base: length of a tick of its time stamps, seconds.
        header: what the decoder of the last packet was told in advance; joined films have several.
        num_errors: packets and frames that could not be decoded, of those that were wanted.
    """

    def __init__(self, info: MediaInfo, index: int, kind: Literal["video", "audio"]) -> None:
        """Open the file.

        Args:
            info: the film.
            index: which of its streams.
            kind: what that stream must be.

        Raises:
            InputError: the file cannot be opened, or is another one than it was.
        """
        self._info = info
        self._index = index
        self._kind = kind
        self._origin = Fraction(info.start_seconds)
        self.num_errors = 0
        self._frames: Iterator[tuple[Fraction, Any]] = iter(())
        self._last: tuple[Fraction, Any] | None = None
        self.container: Any
        self.stream: Any
        self._open_files = ExitStack()
        self._open()
        self._headers: Headers = {}
        self._first_shape: tuple[int, int, Fraction] | None = None
        self._can_seek = kind == "audio" or starts_anywhere(self.stream)

    def __enter__(self) -> StreamReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._open_files.close()

    @property
    def average_rate(self) -> Fraction:
        """Frames per second that the container names for a picture."""
        return Fraction(self.stream.average_rate or FALLBACK_FRAME_RATE)

    def frames_from(self, seconds: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """Yield frames in the order of their times, without those that are damaged.

        Args:
            seconds: the instant from which on every frame is wanted.

        Yields:
            Time on the presentation clock in seconds, and the frame of PyAV. The first time is not
            after `seconds`, unless the stream begins later or is damaged there.
        """
        if self._can_read_on(seconds):
            assert self._last is not None
            yield self._last
            yield from self._read_on()
            return
        for target in self._seek_targets(seconds):
            self._seek(target)
            self._frames = self._decode(seconds)
            first = next(self._frames, None)
            if target is not None and (first is None or first[0] > seconds + TOLERANCE_SECONDS):
                continue
            if first is not None:
                yield first
                yield from self._read_on()
            return

    def peek(self, seconds: Fraction) -> Any:
        """Return a frame from near an instant, to learn its form; None where there is none."""
        for _, frame in self.frames_from(seconds):
            return frame
        return None

    def stamps_from(self, seconds: Fraction) -> Iterator[Fraction]:
        """Yield the times of packets, in decoding order, from a key frame before `seconds` on."""
        for time, packet in self.packets_from(seconds):
            if not packet.is_discard and (time is not None or packet.dts is not None):
                yield self._clock(packet.dts) if time is None else time

    def packets_from(self, seconds: Fraction) -> Iterator[tuple[Fraction | None, Any]]:
        """Yield packets in decoding order, from a key frame before `seconds` on.

        Yields:
            When it is shown, seconds on the presentation clock, None where that is unknown; and
            the packet of PyAV.
        """
        self._last = None
        for target in self._seek_targets(seconds):
            self._seek(target)
            packets = self._packets()
            first = next(packets, None)
            if target is not None and not self._is_early(first, seconds):
                continue
            for packet in chain([first] if first else [], packets):
                yield None if packet.pts is None else self._clock(packet.pts), packet
            return

    def _note_shape(self, frame: Any) -> None:
        """Say on a frame how wide its samples are, where that is another than at the beginning."""
        ratio = self.stream.codec_context.sample_aspect_ratio or Fraction(1)
        shape = frame.width, frame.height, ratio
        if self._first_shape is None:
            self._first_shape = shape
        if shape != self._first_shape:
            frame.opaque = Fraction(ratio)

    def missing_between(self, begin: Fraction, end: Fraction) -> float:
        """Return how much of a stretch without sound is missing, seconds; 0 where it pauses."""
        edges = float(begin + self._origin), float(end + self._origin)
        return missing_seconds(str(self._info.path), self._index, *edges)

    def _is_early(self, packet: Any, seconds: Fraction) -> bool:
        """Whether a packet is there, and shown or decoded no later than at an instant."""
        stamp = None if packet is None else packet.dts if packet.pts is None else packet.pts
        return stamp is not None and self._clock(stamp) <= seconds + TOLERANCE_SECONDS

    def _read_on(self) -> Iterator[tuple[Fraction, Any]]:
        # Not `yield from`: that would end the decoder when the caller has enough of one run.
        for item in self._frames:  # noqa: UP028
            yield item

    def _can_read_on(self, seconds: Fraction) -> bool:
        """Whether an instant is shown by the last frame that was read, or is soon reached."""
        if self._last is None or self._last[0] > seconds + TOLERANCE_SECONDS:
            return False
        return not self._can_seek or seconds - self._last[0] <= READ_ON_SECONDS

    def _open(self) -> None:
        opened = open_stream(str(self._info.path), self._index, self._kind)
        try:
            self.container, self.stream = self._open_files.enter_context(opened)
        except InputError as error:
            raise InputError(f"{self._info.path}: {error}") from error
        self.stream.thread_type = "AUTO"
        for other in self.container.streams:
            other.discard = Discard.default if other.index == self.stream.index else Discard.all
        self.time_base = Fraction(self.stream.time_base)
        self.header = self.stream.codec_context.extradata or b""

    def _seek_targets(self, seconds: Fraction) -> Iterator[Fraction | None]:
        """Yield instants to seek to, ever earlier; None is the start of the file."""
        if not self._can_seek:
            yield None
            return
        start = self.stream.start_time
        first = Fraction(0) if start is None else start * self.time_base - self._origin
        for step in SEEK_STEPS_SECONDS:
            if seconds - step <= first:
                break
            yield seconds - step
        yield None

    def _seek(self, target: Fraction | None) -> None:
        """Go to the last key frame not after `target`; reopen the file to go to its start."""
        if target is not None:
            stamp = int((target + self._origin + TOLERANCE_SECONDS) / self.time_base)
            try:
                self.container.seek(stamp, stream=self.stream)
            except FFmpegError:
                self._can_seek = False  # read from the start, and then on
            else:
                return
        self._open_files.close()
        self._headers.clear()
        self._open()

    def _decode(self, wanted: Fraction) -> Iterator[tuple[Fraction, Any]]:
        context = self.stream.codec_context
        is_picture = self._kind == "video"
        self._last = None
        for packet, is_idle in self._packets_for(wanted):
            if packet is not None and packet.size == 0:
                continue  # says that the picture stays as it is
            if is_picture and can_skip_frames(context):
                context.skip_frame = "NONREF" if is_idle else "DEFAULT"
            try:
                frames = context.decode(packet)
            except FFmpegError:
                self.num_errors += (
                    packet is None or packet.pts is None or self._clock(packet.pts) >= wanted
                )
                continue
            for frame in frames:
                time = None if frame.pts is None else self._clock(frame.pts)
                if time is None or (is_picture and self._last and time <= self._last[0]):
                    continue  # of sound all samples count, however coarse its clock is
                if frame.is_corrupt:
                    self.num_errors += time >= wanted
                    continue
                if is_picture:
                    self._note_shape(frame)
                self._last = time, frame
                yield time, frame

    def _packets_for(self, wanted: Fraction) -> Iterator[tuple[Any, bool]]:
        """Yield packets, then None, each with whether it is idle.

        An idle packet holds a picture that is off the screen again at the instant that is wanted:
        it need not be decoded unless others refer to it, which saves half of the way there.
        """
        packets = self._packets()
        ahead: list[Any] = []
        num_bytes = 0
        for packet in packets:
            ahead.append(packet)
            num_bytes += packet.size
            if packet.dts is None or self._clock(packet.dts) > wanted or num_bytes > AHEAD_BYTES:
                break
        shown = [packet for packet in ahead if not packet.is_discard]
        stamps = [packet.pts for packet in shown if packet.pts is not None]
        before = [stamp for stamp in stamps if self._clock(stamp) <= wanted + TOLERANCE_SECONDS]
        on_screen = max(before, default=None)
        for packet in ahead:
            is_idle = None not in (on_screen, packet.pts) and packet.pts < on_screen
            yield packet, is_idle
        for packet in packets:
            yield packet, False
        yield None, False

    def _packets(self) -> Iterator[Any]:
        """Yield packets up to the end or to where the container can no longer be read."""
        for packet in read_packets(self.container, self._headers):
            if packet.stream_index == self.stream.index:
                if packet.has_sidedata("new_extradata"):
                    self.header = bytes(packet.get_sidedata("new_extradata"))
                yield packet

    def _clock(self, stamp: int) -> Fraction:
        return stamp * self.time_base - self._origin
