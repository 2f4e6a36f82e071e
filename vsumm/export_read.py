"""Decode one stream of a file from any instant on, past whatever is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

from av.error import FFmpegError

from vsumm.decode_open import open_media
from vsumm.export_layout import TOLERANCE_SECONDS
from vsumm.probe import MediaInfo

SEEK_STEPS_SECONDS = (0, 1, 4, 16, 64)
"""How far before the wanted instant to look for a place to start, one after the other."""


class StreamReader:
    """One stream of a file, opened on its own so that no other stream moves its position.

    Attributes:
        container: the open file.
        stream: the stream that is decoded.
        num_errors: packets and frames that could not be decoded, of those that were wanted.
    """

    def __init__(self, info: MediaInfo, index: int) -> None:
        self._info = info
        self._index = index
        self._origin = Fraction(info.start_seconds)
        self.num_errors = 0
        self._open_files = ExitStack()
        self._open()

    def __enter__(self) -> StreamReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._open_files.close()

    def frames_from(self, seconds: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """Yield frames in the order of their times, without those that are damaged.

        Args:
            seconds: the instant from which on every frame is wanted.

        Yields:
            Time on the presentation clock in seconds, and the frame of PyAV. The first time is not
            after `seconds`, unless the stream begins later or is damaged there.
        """
        for target in self._seek_targets(seconds):
            self._seek(target)
            frames = self._decode(seconds)
            first = next(frames, None)
            if target is not None and (first is None or first[0] > seconds + TOLERANCE_SECONDS):
                continue
            if first is not None:
                yield first
                yield from frames
            return

    def stamps_from(self, seconds: Fraction) -> Iterator[Fraction]:
        """Yield the times of packets, in decoding order, from a key frame before `seconds` on."""
        self._seek(seconds)
        for packet in self._packets():
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is not None:
                yield self._clock(stamp)

    def _open(self) -> None:
        self.container: Any = self._open_files.enter_context(open_media(str(self._info.path)))
        stream: Any = self.container.streams[self._index]
        stream.thread_type = "AUTO"
        self.stream = stream
        self._time_base = Fraction(self.stream.time_base)

    def _seek_targets(self, seconds: Fraction) -> Iterator[Fraction | None]:
        """Yield instants to seek to, ever earlier; None is the start of the file."""
        start = self.stream.start_time
        first = Fraction(0) if start is None else start * self._time_base - self._origin
        for step in SEEK_STEPS_SECONDS:
            if seconds - step <= first:
                break
            yield seconds - step
        yield None

    def _seek(self, target: Fraction | None) -> None:
        """Go to the last key frame not after `target`; reopen the file to go to its start."""
        if target is not None:
            stamp = int((target + self._origin + TOLERANCE_SECONDS) / self._time_base)
            try:
                self.container.seek(stamp, stream=self.stream)
            except FFmpegError:
                pass  # a format without seeking: read from the start
            else:
                return
        self._open_files.close()
        self._open()

    def _decode(self, wanted: Fraction) -> Iterator[tuple[Fraction, Any]]:
        last: Fraction | None = None
        for packet in self._packets():
            if packet.size == 0 and packet.pts is not None:
                continue  # says that the picture stays as it is
            try:
                frames = packet.decode()
            except FFmpegError:
                self.num_errors += packet.pts is None or self._clock(packet.pts) >= wanted
                continue
            for frame in frames:
                time = None if frame.pts is None else self._clock(frame.pts)
                if time is None or (last is not None and time <= last):
                    continue
                if frame.is_corrupt:
                    self.num_errors += time >= wanted
                    continue
                last = time
                yield time, frame

    def _packets(self) -> Iterator[Any]:
        """Yield packets up to the end or to where the container can no longer be read."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                yield next(packets)
            except StopIteration:
                return
            except FFmpegError:
                self.num_errors += 1
                return

    def _clock(self, stamp: int) -> Fraction:
        return stamp * self._time_base - self._origin
