"""Go through all packets of a film without decoding: frame steps, key frames, ends.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from vsumm.decode.open_file import open_media, open_stream
from vsumm.decode.packets import read_packets

if TYPE_CHECKING:
    from vsumm.workers import Messages

REORDER_PACKETS = 64
"""Packets held to bring them into the order of display; more than any codec reorders."""


@dataclass
class _Track:
    """What is known of one stream so far, in ticks of its clock."""

    waiting: list[int] = field(default_factory=list)
    num_packets: int = 0
    num_damaged: int = 0
    last: int | None = None
    last_key: int | None = None
    end: int = 0
    min_step: int | None = None
    max_step: int = 0
    max_key_step: int = 0

    def note(self, time: int, duration: int, *, is_key: bool) -> None:
        self.num_packets += 1
        self.end = max(self.end, time + duration)
        if is_key:
            if self.last_key is not None:
                self.max_key_step = max(self.max_key_step, time - self.last_key)
            self.last_key = time
        heapq.heappush(self.waiting, time)
        if len(self.waiting) > REORDER_PACKETS:
            self._pass(heapq.heappop(self.waiting))

    def finish(self) -> None:
        while self.waiting:
            self._pass(heapq.heappop(self.waiting))

    def _pass(self, time: int) -> None:
        if self.last is not None and time > self.last:
            step = time - self.last
            self.min_step = step if self.min_step is None else min(step, self.min_step)
            self.max_step = max(step, self.max_step)
        self.last = time if self.last is None else max(time, self.last)


def run_scan(messages: Messages, *, path: str, streams: list[int], start_seconds: float) -> None:
    """Send facts about the packets of some streams as one "scan" message, times in seconds.

    Args:
        messages: the way back.
        path: the file.
        streams: indices of the streams.
        start_seconds: start of the presentation on the container's clock.

    Raises:
        InputError: the file cannot be opened.
    """
    tracks = {index: _Track() for index in streams}
    with open_media(path) as container:
        clocks = {index: Fraction(container.streams[index].time_base or 0) for index in streams}
        for packet in read_packets(container):
            messages.tick()
            track = tracks.get(packet.stream_index)
            if track is None or packet.is_discard or packet.size == 0:
                continue
            track.num_damaged += packet.is_corrupt
            if packet.pts is not None:
                track.note(packet.pts, packet.duration or 0, is_key=packet.is_keyframe)
    facts = [_facts(tracks[index], clocks[index], start_seconds) for index in streams]
    messages.send("scan", facts=facts)


def run_key_frames(messages: Messages, *, path: str, stream: int, start_seconds: float) -> None:
    """Send one "keys" message: when each key frame of a picture comes on screen.

    Its payload are float64, ascending, seconds on the presentation clock.

    Args:
        messages: the way back.
        path: the file.
        stream: index of the stream.
        start_seconds: start of the presentation on the container's clock.

    Raises:
        InputError: the file cannot be opened.
    """
    times = []
    with open_stream(path, stream, "video") as (container, picture):
        for packet in read_packets(container):
            messages.tick()
            is_of_picture = packet.stream_index == picture.index and not packet.is_discard
            if is_of_picture and packet.is_keyframe and packet.pts is not None:
                times.append(float(packet.pts * picture.time_base) - start_seconds)
    messages.send("keys", np.array(sorted(times)))


def _facts(track: _Track, clock: Fraction, start_seconds: float) -> dict[str, Any]:
    track.finish()
    return {
        "num_packets": track.num_packets,
        "num_damaged": track.num_damaged,
        "end_seconds": float(track.end * clock) - start_seconds if track.num_packets else 0.0,
        "min_step_seconds": float((track.min_step or 0) * clock),
        "max_step_seconds": float(track.max_step * clock),
        "max_key_step_seconds": float(track.max_key_step * clock),
        "tick_seconds": float(clock),
    }
