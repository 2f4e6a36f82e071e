"""Distinguish sound that is missing from a file from pauses.

Writers leave out packets where it is quiet. Such a pause is not missing sound: other streams have
packets meanwhile, or nothing lies between the two packets in the file.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import av
from av.stream import Stream

from vsumm.decode.open_file import open_media
from vsumm.decode.packets import HOLE_SECONDS, read_packets

MAX_HOLE_SECONDS = 3600.0
"""Longest hole; a timestamp further ahead is damaged."""

MAX_OTHER_PACKETS = 4000
"""Packets of other streams that are remembered."""

MAX_BETWEEN_BYTES = 256
"""Headers that may lie between two packets of a file of sound alone."""

SETTLING_SECONDS = 2
"""How far before a hole reading begins, to find the packet in front of it."""


class HoleMeter:
    """Find where something is missing from a file: no packet of any stream for a long time.

    Args:
        stream: the sound track.
        end_seconds: when the packet before the first one ends, on the container's clock, if known.
    """

    def __init__(self, stream: Stream, *, end_seconds: float | None = None) -> None:
        self._index = stream.index
        container = stream.container
        self._is_alone = len(container.streams) == 1
        # Of an MP4 track alone nothing is missing but what its own index leaves out.
        self._is_blind = "mp4" in container.format.name and self._is_alone
        self._end = end_seconds
        self._end_bytes: int | None = None
        self._others: deque[float] = deque(maxlen=MAX_OTHER_PACKETS)
        self._clocks: dict[int, float] = {}  # seconds in a tick, by stream: a `Fraction` is slow

    def seconds_before(self, packet: av.Packet[Any]) -> float:
        """Return how much is missing between a packet of the track and the one before it."""
        if packet.pts is None or self._is_blind:
            return 0.0
        clock = self._clocks.get(packet.stream_index)
        if clock is None:
            clock = self._clocks[packet.stream_index] = float(packet.time_base)
        time = packet.pts * clock
        if packet.stream_index != self._index:
            self._others.append(time)
            return 0.0
        gap = 0.0 if self._end is None else time - self._end
        if gap <= HOLE_SECONDS or gap > MAX_HOLE_SECONDS or self._is_pause(packet, time, gap):
            gap = 0.0
        self._end = time + (packet.duration or 0) * clock
        self._end_bytes = None if packet.pos is None else packet.pos + packet.size
        return gap

    def _is_pause(self, packet: av.Packet[Any], time: float, gap: float) -> bool:
        if any(time - gap * 3 / 4 < other < time - gap / 4 for other in self._others):
            return True
        if not self._is_alone or packet.is_corrupt:
            return False
        if packet.pos is None or self._end_bytes is None:
            return False
        return packet.pos - self._end_bytes <= MAX_BETWEEN_BYTES


def missing_seconds(path: str, index: int, begin_seconds: float, end_seconds: float) -> float:
    """Return how much is missing in a stretch without sound; 0 where it only pauses.

    Args:
        path: the film.
        index: the sound track, counted as `open_media` counts them.
        begin_seconds: when the stretch begins, on the container's clock.
        end_seconds: when it ends.

    Raises:
        InputError: the film cannot be opened.
    """
    lasts = end_seconds - begin_seconds
    with open_media(path) as container:
        meter = HoleMeter(container.streams[index], end_seconds=begin_seconds)
        try:
            container.seek(round((begin_seconds - SETTLING_SECONDS) * av.time_base))
        except av.FFmpegError:
            return lasts
        missing = 0.0
        for packet in read_packets(container):
            missing += meter.seconds_before(packet)
            if packet.stream_index != index or packet.pts is None:
                continue
            if packet.pts * packet.time_base >= end_seconds:
                return min(missing, lasts)
    return lasts  # the sound has ended before it should
