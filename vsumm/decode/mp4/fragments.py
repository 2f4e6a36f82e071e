"""Parts of an MP4 track that is described by fragment: the others are shown as free space.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from vsumm.decode.mp4.boxes import (
    Box,
    Part,
    UnknownFormError,
    boxes,
    boxes_of_file,
    read_exactly,
    read_number,
)

NON_SYNC = 0x10000
"""Flag of a sample in a fragment that is no key frame."""


class FragmentTrack:
    """A track whose packets are described by fragment.

    Args:
        descriptor: the open file.
        mvex: the box that announces fragments.
        number: the number of the track.
        timescale: ticks per second of the track's clock.
        is_picture: whether a part must begin with a key frame.

    `seconds` is when its last fragment begins, on the track's own clock.

    Raises:
        UnknownFormError: the fragments are few, or do not say when they begin.
    """

    def __init__(
        self, descriptor: int, mvex: Box, number: int, timescale: int, *, is_picture: bool
    ) -> None:
        self._descriptor = descriptor
        self._number = number
        self._timescale = timescale
        self._is_picture = is_picture
        self._default_flags = 0
        for box in boxes(descriptor, mvex.content, mvex.end):
            if box.kind == b"trex" and read_exactly(
                descriptor, box.content + 4, 4
            ) == number.to_bytes(4):
                self._default_flags = int.from_bytes(read_exactly(descriptor, box.content + 20, 4))
        self._indices: list[int] = []  # where the kind of boxes is written that FFmpeg would follow
        self._starts: list[int] = []  # of fragments
        self._end = 0
        for box in boxes_of_file(descriptor):
            if box.kind == b"moof":
                self._starts.append(box.start)
            elif box.kind == b"sidx":
                self._indices.append(box.start + 4)
            if self._starts and box.kind in (b"moof", b"mdat"):
                self._end = min(box.end, os.fstat(descriptor).st_size)
        if len(self._starts) < 3 or self._ticks(0) is None:
            raise UnknownFormError
        self.seconds = (self._ticks(len(self._starts) - 1) or 0) / timescale

    def part(self, first_seconds: float, last_seconds: float) -> Part | None:
        """Return what `SampleTrack.part` does."""
        try:
            first = self._fragment_at(first_seconds)
            last = self._fragment_at(last_seconds)
            if self._is_picture:
                while first > 0 and not self._begins_with_key(first):
                    first -= 1
        except UnknownFormError:
            return None
        # One box of free space covers the fragments between the head and the part:
        #
        #     moof 0 mdat | free ................... | moof 3 mdat  moof 4 mdat |
        #                 ^ ends[1]                  ^ ends[first]              ^ ends[last]
        ends = [*self._starts, self._end]
        patches = [(place, b"free") for place in self._indices]
        if first > 1:
            gap = ends[first] - ends[1]
            patches.append((ends[1], (1).to_bytes(4) + b"free" + gap.to_bytes(8)))
        return Part(patches, ends[last], range(ends[first] if first else 0))

    def _fragment_at(self, seconds: float) -> int:
        """Return the first fragment of the track from a time on; the number of all if none is."""
        ticks = round(seconds * self._timescale)
        low, high = 0, len(self._starts)
        # Bisection. A fragment without the track has no time: the next one with it decides.
        while low < high:
            middle = (low + high) // 2
            found = next(
                (t for k in range(middle, high) if (t := self._ticks(k)) is not None), None
            )
            if found is not None and found < ticks:
                low = middle + 1
            else:
                high = middle
        return low

    def _ticks(self, fragment: int) -> int | None:
        """Return when a fragment begins for the track; None where it has nothing of the track."""
        for run in self._runs_of(fragment):
            time = run.get(b"tfdt")
            if time is None:
                raise UnknownFormError
            return read_number(self._descriptor, time.content, (4, 4), 4, wide=8)
        return None

    def _begins_with_key(self, fragment: int) -> bool:
        for run in self._runs_of(fragment):
            if b"trun" in run:
                return not self._first_flags(run[b"tfhd"], run[b"trun"]) & NON_SYNC
        return False

    def _first_flags(self, header: Box, samples: Box) -> int:
        flags = int.from_bytes(read_exactly(self._descriptor, samples.content + 1, 3))
        place = samples.content + 8 + (4 if flags & 1 else 0)
        if flags & 4:
            return int.from_bytes(read_exactly(self._descriptor, place, 4))
        if flags & 0x400:
            place += sum(4 for flag in (0x100, 0x200) if flags & flag)
            return int.from_bytes(read_exactly(self._descriptor, place, 4))
        given = int.from_bytes(read_exactly(self._descriptor, header.content + 1, 3))
        if given & 0x20:
            sizes = ((0x01, 8), (0x02, 4), (0x08, 4), (0x10, 4))
            place = header.content + 8 + sum(size for flag, size in sizes if given & flag)
            return int.from_bytes(read_exactly(self._descriptor, place, 4))
        return self._default_flags

    def _runs_of(self, fragment: int) -> Iterator[dict[bytes, Box]]:
        """Yield the boxes of the track in a fragment."""
        start = self._starts[fragment]
        end = start + int.from_bytes(read_exactly(self._descriptor, start, 4))
        for box in boxes(self._descriptor, start + 8, end):
            if box.kind == b"traf":
                inner: dict[bytes, Box] = {}
                for part in boxes(self._descriptor, box.content, box.end):
                    inner.setdefault(part.kind, part)
                place = inner[b"tfhd"].content + 4 if b"tfhd" in inner else 0
                if place and read_exactly(self._descriptor, place, 4) == self._number.to_bytes(4):
                    yield inner
