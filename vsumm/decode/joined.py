"""Find where a second recording begins in a file of several that were put one after the other.

FFmpeg mixes up their times, or passes over all but the first without a word. What is found here is
shown to it up to the end of the first recording, and the user is told of the rest.

Two things give a joint away:

    clock   0 1 2 3 4 5 | 0 1 2 3       MPEG streams: the clock in their packets starts again
    head    H . . . . . | H . . .       others: what such a file begins with comes again, behind the
                                        end that its own head names where it names one

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

from vsumm.decode.cut_headers import HEADER_BYTES, declared_bytes_of_asf
from vsumm.decode.mp4 import Box, boxes_of_file
from vsumm.decode.transport import PACKET_BYTES, TABLE_BYTES, packets_of, programmes_in

CLOCK_PLACES = 48
"""Places of a file in which the clock is read, beside its end."""

CLOCK_BYTES = 1 << 19
"""How far to look for it; it comes at least twice a second."""

CLOCK_HZ, CLOCK_TICKS = 90_000, 1 << 33
"""Ticks in a second, and ticks after which the clock is at zero again."""

PACK = re.compile(rb"\x00\x00\x01\xba([\x44-\x7f].{5}|[\x21-\x2f].{4})", re.DOTALL)
"""What a pack of a programme stream begins with: its clock in the form of MPEG-2 or MPEG-1."""

PAGE = b"OggS\0"
"""What a page of Ogg begins with (RFC 3533, section 6); its flags follow."""

FIRST_PAGE = b"\2"
"""Flags of the first page of a stream; those of all streams come before any other page."""

PAGE_HEADER_BYTES = 27 + 255
"""Longest header of a page: its fields, and the lengths of its pieces."""

HEADS = {
    "flac": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),
    "flv": re.compile(rb"FLV\x01[\x01\x04\x05]\x00\x00\x00\x09\x00\x00\x00\x00"),
    "ogg": re.compile(re.escape(PAGE + FIRST_PAGE)),
}
"""What files begin with that do not say where they end."""

LONGEST_HEAD_BYTES, CHUNK_BYTES = 13, 1 << 22
"""Length of the longest of these, and how much of a file is searched at once."""

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
"""Names of the two elements that a Matroska file consists of (RFC 8794, RFC 9559)."""

ASF_HEAD = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
"""Name of the object that an ASF file begins with."""


@dataclass(frozen=True)
class Joint:
    """Where a second recording begins."""

    place: int
    """Its first byte."""
    before_seconds: float | None = None
    """Length of the recording in front of it, where the clock tells."""
    behind_seconds: float | None = None
    """Length of all that lies behind it, measured at a few places, where the clock tells."""


def find_joint(descriptor: int, container: str) -> Joint | None:
    """Return where a second recording begins; None where there is none, or nothing tells.

    Clocks are read in a few places only, so a short recording between others may be missed.

    Args:
        descriptor: the open file; its own position plays no part.
        container: its format as FFmpeg names it.
    """
    if container == "mpegts":
        head = os.pread(descriptor, TABLE_BYTES, 0)
        if len(programmes_in(head)) > 1:  # each has its own clock
            return None
        start, distance = packets_of(head)
        clock_behind = partial(_clock_of_transport, descriptor, distance)
        return _restart(descriptor, clock_behind, start, distance)
    if container == "mpeg":
        return _restart(descriptor, partial(_clock_of_programme, descriptor), 0, 1)
    if container in HEADS:
        return _second_head(descriptor, container)
    if "mp4" in container:
        return _second_film(descriptor)
    return _behind_end(descriptor, container)


@dataclass(frozen=True)
class _Clock:
    """What the clock of a stream shows somewhere."""

    place: int
    """The first byte of its packet."""
    ticks: int
    """What it says, in ticks of CLOCK_HZ."""


def _restart(
    descriptor: int, clock_behind: Callable[[int], _Clock | None], start: int, distance: int
) -> Joint | None:
    """Find where a clock starts again for the first time.

    Args:
        descriptor: the open file.
        clock_behind: returns the first clock from a place on.
        start: where the first packet begins.
        distance: how far apart packets begin.
    """
    size = os.fstat(descriptor).st_size
    last = max(0, (size - start) // distance - 1)
    places = [start + last * k // CLOCK_PLACES * distance for k in range(CLOCK_PLACES)]
    places.append(max(start, start + (last - CLOCK_BYTES // distance) * distance))
    found = (clock_behind(place) for place in sorted(places))
    clocks = _plausible([clock for clock in found if clock is not None])
    steps = [_step(*pair) for pair in pairwise(clocks)]
    number = next((k for k, step in enumerate(steps) if step < -CLOCK_HZ), None)
    if number is None:
        return None
    before, behind = clocks[number], clocks[number + 1]
    low, high = before.place, behind.place
    while high - low > distance:  # the clock at `low` has not started again, at `high` it has
        middle = low + (high - low) // distance // 2 * distance
        clock = clock_behind(middle)
        if clock is not None and clock.place < behind.place and _step(before, clock) >= 0:
            low = clock.place
            before = clock
        elif clock is not None and clock.place < behind.place:
            high, behind = middle, clock
        else:
            high = middle
    return Joint(
        behind.place,
        (sum(steps[:number]) + _step(clocks[number], before)) / CLOCK_HZ,
        sum(max(0, step) for step in steps[number + 1 :]) / CLOCK_HZ,
    )


def _plausible(clocks: list[_Clock]) -> list[_Clock]:
    """Return clocks without those that are damaged: the one behind goes on from the one before."""
    kept = clocks[:1]
    for clock, later in pairwise(clocks[1:]):
        whole = _step(kept[-1], later)
        if whole < 0 or 0 <= _step(kept[-1], clock) <= whole:
            kept.append(clock)
    return kept + clocks[1:][-1:]


def _clock_of_transport(descriptor: int, distance: int, place: int) -> _Clock | None:
    """Return the first programme clock reference from the packet at a place on."""
    data = os.pread(descriptor, CLOCK_BYTES, place)
    for at in range(0, len(data) - PACKET_BYTES + 1, distance):
        # An adaptation field of seven bytes or more that says that it holds a reference.
        if data[at + 3] & 0x20 and data[at + 4] >= 7 and data[at + 5] & 0x10:
            return _Clock(place + at, int.from_bytes(data[at + 6 : at + 11]) >> 7)
    return None


def _clock_of_programme(descriptor: int, place: int) -> _Clock | None:
    """Return the first system clock reference from a place on (ISO/IEC 13818-1, section 2.5.3.4).

    Its 33 bits come in three pieces, with marker bits between them that are 1:

        MPEG-2   01 aaa 1 bbbbbbbbbbbbbbb 1 ccccccccccccccc 1 ........ . 1
        MPEG-1 0010 aaa 1 bbbbbbbbbbbbbbb 1 ccccccccccccccc 1
    """
    match = PACK.search(os.pread(descriptor, CLOCK_BYTES, place))
    if match is None:
        return None
    bits = int.from_bytes(match[1]) >> (10 if len(match[1]) == 6 else 0)
    ticks = (bits >> 33 & 7) << 30 | (bits >> 17 & 0x7FFF) << 15 | bits >> 1 & 0x7FFF
    return _Clock(place + match.start(), ticks)


def _step(clock: _Clock, later: _Clock) -> int:
    """Return how many ticks a clock of 33 bits went on, or back."""
    half = CLOCK_TICKS // 2
    return (later.ticks - clock.ticks + half) % CLOCK_TICKS - half


def _second_head(descriptor: int, container: str) -> Joint | None:
    """Search the whole file for what it begins with, maybe behind a tag."""
    first = _find_head(descriptor, container, 0)
    if first is None:
        return None
    place = first + 1
    if container == "ogg":  # the first pages of its streams come in a row
        place = first
        while (header := os.pread(descriptor, PAGE_HEADER_BYTES, place))[:6] == PAGE + FIRST_PAGE:
            place += 27 + header[26] + sum(header[27 : 27 + header[26]])
    second = _find_head(descriptor, container, place)
    return None if second is None else Joint(second)


def _find_head(descriptor: int, container: str, place: int) -> int | None:
    """Return where the next head is from a place on."""
    size = os.fstat(descriptor).st_size
    while place < size:
        found = HEADS[container].search(os.pread(descriptor, CHUNK_BYTES, place))
        if found is not None:
            return place + found.start()
        place += CHUNK_BYTES - LONGEST_HEAD_BYTES
    return None


def _behind_end(descriptor: int, container: str) -> Joint | None:
    """Look for a head behind the end of a file that says where that is."""
    head = os.pread(descriptor, HEADER_BYTES, 0)
    if "matroska" in container:
        begin, end = EBML, _end_of_matroska(head)
    elif container == "asf":
        begin, end = ASF_HEAD, declared_bytes_of_asf(head) or 0
    elif container in ("wav", "aiff"):
        order: Literal["little", "big"] = "little" if container == "wav" else "big"
        begin, end = head[:4], 8 + int.from_bytes(head[4:8], order)
    else:
        return None
    end += end % 2 if container in ("wav", "aiff") else 0
    if not 0 < end < os.fstat(descriptor).st_size:
        return None
    return Joint(end) if os.pread(descriptor, len(begin), end) == begin else None


def _end_of_matroska(head: bytes) -> int:
    """Return where the segment ends that follows the first element; 0 where it does not say."""
    place = 0
    for name in (EBML, SEGMENT):
        if head[place : place + 4] != name or len(head) < place + 12:
            return 0
        size_bytes = 9 - head[place + 4].bit_length()
        size = int.from_bytes(head[place + 4 : place + 4 + size_bytes])
        size &= (1 << 7 * size_bytes) - 1
        if size == (1 << 7 * size_bytes) - 1:  # a live stream
            return 0
        place += 4 + size_bytes + (size if name == EBML else 0)
    return place + size


def _second_film(descriptor: int) -> Joint | None:
    """Find the head of a second MP4 film, with an index of its own.

    Of films in fragments FFmpeg reads all, however often their heads come.
    """
    heads: list[Box] = []
    num_indices = 0
    for box in boxes_of_file(descriptor):
        if box.kind == b"moof":
            return None
        if box.kind == b"ftyp":
            heads.append(box)
        num_indices += box.kind == b"moov"
        if len(heads) == num_indices == 2:
            return Joint(heads[1].start)
    return None
