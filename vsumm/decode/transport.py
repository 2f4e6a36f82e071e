"""Read what FFmpeg does not hand over of an MPEG transport stream: programmes, new beginnings.

A multiplex holds several programmes, of television and of radio, each with streams of its own. The
table of packet 0 names them; a table of each names its streams (ISO/IEC 13818-1, section 2.4.4).

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from vsumm.files import open_regular_file

PACKET_BYTES = 188
"""Size of a packet; Blu-ray discs put 4 bytes in front of each, some recorders 16 behind."""

DISTANCES = (188, 192, 204)
"""How far apart packets may begin."""

SYNC = b"\x47"
"""First byte of a packet."""

TABLE_BYTES = 1 << 22
"""How much of a file is searched for tables; they come ten times a second."""

CLOCK_PLACES = 48
"""Places of a file in which the clock is read."""

CLOCK_BYTES = 1 << 19
"""How far to look for it; it comes ten times a second."""

CLOCK_HZ, CLOCK_TICKS = 90_000, 1 << 33
"""Ticks in a second, and ticks after which the clock is at zero again."""

TABLE_OF_PROGRAMMES, TABLE_OF_STREAMS = 0, 2
"""Types of tables."""


@dataclass(frozen=True)
class Restart:
    """Where the clock of a film starts again: another recording was put behind it."""

    place: int
    """First byte behind it."""
    before_seconds: float
    """Length of the film in front of it."""
    behind_seconds: float
    """Length of what lies behind it, measured at a few places."""


def find_restart(descriptor: int) -> Restart | None:
    """Find where the clock of a transport stream starts again for the first time.

    The clock is read in a few places of the file only, so a short recording may be missed.
    """
    head = os.pread(descriptor, TABLE_BYTES, 0)
    if len(programmes_in(head)) > 1:  # each has its own clock
        return None
    start, distance = _packets_of(head)
    last = max(0, (os.fstat(descriptor).st_size - start) // distance - 1)
    places = [start + last * k // CLOCK_PLACES * distance for k in range(CLOCK_PLACES)]
    found = (_clock_behind(descriptor, place, distance) for place in places)
    clocks = [clock for clock in found if clock is not None]
    steps = [_step(*pair) for pair in pairwise(clocks)]
    number = next((k for k, step in enumerate(steps) if step < -CLOCK_HZ), None)
    if number is None:
        return None
    before, behind = clocks[number], clocks[number + 1]
    low, high = before.place, behind.place
    while high - low > distance:  # the clock at `low` has not started again, at `high` it has
        middle = low + (high - low) // distance // 2 * distance
        clock = _clock_behind(descriptor, middle, distance)
        if clock is not None and clock.place < behind.place and _step(before, clock) >= 0:
            low = clock.place
            before = clock
        elif clock is not None and clock.place < behind.place:
            high, behind = middle, clock
        else:
            high = middle
    return Restart(
        behind.place,
        (sum(steps[:number]) + _step(clocks[number], before)) / CLOCK_HZ,
        sum(max(0, step) for step in steps[number + 1 :]) / CLOCK_HZ,
    )


@dataclass(frozen=True)
class _Clock:
    """A programme clock reference."""

    place: int
    """The first byte of its packet."""
    ticks: int
    """What it says, in ticks of CLOCK_HZ."""


def _clock_behind(descriptor: int, place: int, distance: int) -> _Clock | None:
    """Return the first programme clock reference from the packet at a place on."""
    data = os.pread(descriptor, CLOCK_BYTES, place)
    for at in range(0, len(data) - PACKET_BYTES + 1, distance):
        # An adaptation field of seven bytes or more that says that it holds a reference.
        if data[at + 3] & 0x20 and data[at + 4] >= 7 and data[at + 5] & 0x10:
            return _Clock(place + at, int.from_bytes(data[at + 6 : at + 11]) >> 7)
    return None


def _step(clock: _Clock, later: _Clock) -> int:
    """Return how many ticks a clock of 33 bits went on, or back."""
    half = CLOCK_TICKS // 2
    return (later.ticks - clock.ticks + half) % CLOCK_TICKS - half


def programmes_of(path: str) -> dict[int, frozenset[int]]:
    """Return the packet identifiers of the streams of each programme, by its number.

    Args:
        path: a transport stream.
    """
    descriptor = open_regular_file(path)
    try:
        return programmes_in(os.pread(descriptor, TABLE_BYTES, 0))
    finally:
        os.close(descriptor)


def programmes_in(data: bytes) -> dict[int, frozenset[int]]:
    """Do as `programmes_of` for the first bytes of a file."""
    wanted: dict[int, int] = {0: 0}  # number of the programme by the packets of its table
    found: dict[int, frozenset[int]] = {}
    sections: dict[int, bytes] = {}
    for pid, is_first, payload in _payloads(data):
        if pid not in wanted:
            continue
        if is_first:
            sections[pid] = payload[1 + payload[0] :] if payload else b""
        elif pid in sections:
            sections[pid] += payload
        section = sections.get(pid, b"")
        size = 3 + (int.from_bytes(section[1:3]) & 0xFFF)
        if len(section) < max(size, 12):
            continue
        del sections[pid]
        if pid == 0 and section[0] == TABLE_OF_PROGRAMMES:
            wanted |= {pid: number for number, pid in _pairs(section[8 : size - 4]) if number}
        elif section[0] == TABLE_OF_STREAMS:
            found[wanted[pid]] = frozenset(_streams(section[: size - 4]))
        if len(found) == len(wanted) - 1 > 0:
            break
    return found


def _payloads(data: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """Yield identifier, whether a table begins, and content of every packet."""
    start, distance = _packets_of(data)
    for place in range(start, len(data) - PACKET_BYTES + 1, distance):
        packet = data[place : place + PACKET_BYTES]
        if packet[:1] != SYNC or not packet[3] & 0x10:
            continue
        begin = 5 + packet[4] if packet[3] & 0x20 else 4
        pid = int.from_bytes(packet[1:3]) & 0x1FFF
        yield pid, bool(packet[1] & 0x40), packet[begin:]


def _packets_of(data: bytes) -> tuple[int, int]:
    """Return where the first packet begins and how far apart they are."""
    for match in re.finditer(re.escape(SYNC), data[: 4 * max(DISTANCES)]):
        for distance in DISTANCES:
            begins = data[match.start() : match.start() + 5 * distance : distance]
            if begins and begins == SYNC * len(begins):
                return match.start(), distance
    return 0, PACKET_BYTES


def _pairs(entries: bytes) -> Iterator[tuple[int, int]]:
    """Yield the numbers of programmes and the packets of their tables."""
    for place in range(0, len(entries) - 3, 4):
        number, pid = entries[place : place + 2], entries[place + 2 : place + 4]
        yield int.from_bytes(number), int.from_bytes(pid) & 0x1FFF


def _streams(section: bytes) -> Iterator[int]:
    """Yield the packets of the streams that a table names."""
    place = 12 + (int.from_bytes(section[10:12]) & 0xFFF)
    while place + 5 <= len(section):
        yield int.from_bytes(section[place + 1 : place + 3]) & 0x1FFF
        place += 5 + (int.from_bytes(section[place + 3 : place + 5]) & 0xFFF)
