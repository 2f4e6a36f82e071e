"""Read what FFmpeg does not hand over of an MPEG transport stream: its programmes.

A multiplex holds several programmes, of television and of radio, each with streams of its own. The
table of packet 0 names them; a table of each names its streams (ISO/IEC 13818-1, section 2.4.4).

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from vsumm.files import open_regular_file

PACKET_BYTES = 188
"""Size of a packet; Blu-ray discs put 4 bytes in front of each, some recorders 16 behind."""

DISTANCES = (188, 192, 204)
"""How far apart packets may begin."""

SYNC = b"\x47"
"""First byte of a packet."""

TABLE_BYTES = 1 << 22
"""How much of a file is searched for tables; they come ten times a second."""

PLACES, PLACE_BYTES = 24, 1 << 19
"""Places of a file in which tables are looked for, and how far."""

TABLE_OF_PROGRAMMES, TABLE_OF_STREAMS = 0, 2
"""Types of tables."""

CHECKSUM_POLYNOMIAL = 0x04C11DB7

Programmes: TypeAlias = dict[int, tuple[tuple[int, int], ...]]
"""Type and packet identifier of the streams of each programme, by its number."""

Change: TypeAlias = Literal["renamed", "replaced"]
"""Streams go on under other identifiers, or other streams come instead."""


def programmes_of(path: str) -> dict[int, frozenset[int]]:
    """Return the packet identifiers of the streams of each programme, by its number.

    Args:
        path: a transport stream.
    """
    descriptor = open_regular_file(path)
    try:
        programmes = programmes_in(os.pread(descriptor, TABLE_BYTES, 0))
    finally:
        os.close(descriptor)
    return {number: frozenset(pid for _, pid in found) for number, found in programmes.items()}


def find_change(descriptor: int) -> Change | None:
    """Return how streams of a transport stream change: "renamed", "replaced", or None.

    FFmpeg takes packets with new identifiers for other streams, unless it is told otherwise. The
    tables are read in a few places only.

    Args:
        descriptor: the open file; its own position plays no part.
    """
    size = os.fstat(descriptor).st_size
    places = (size * place // PLACES for place in range(PLACES))
    tables = [_tables_in(os.pread(descriptor, PLACE_BYTES, place)) for place in places]
    known = [programmes for programmes, is_whole in tables if is_whole]
    others = [later for later in known if not _holds(later, known[0])]
    if not others:
        return None
    is_alike = all(_begin_alike(known[0], later) for later in others)
    return "renamed" if is_alike else "replaced"


def _holds(later: Programmes, first: Programmes) -> bool:
    """Return whether all streams are still there under their identifiers."""
    return all(set(streams) <= set(later.get(number, ())) for number, streams in first.items())


def _begin_alike(first: Programmes, later: Programmes) -> bool:
    """Return whether the streams of each programme are of the same kinds, as far as both go."""
    return first.keys() == later.keys() and all(
        one == other
        for number, streams in first.items()
        for (one, _), (other, _) in zip(streams, later[number], strict=False)
    )


def programmes_in(data: bytes) -> Programmes:
    """Return what the first tables in some bytes of a transport stream name."""
    return _tables_in(data)[0]


def _tables_in(data: bytes) -> tuple[Programmes, bool]:
    """Return the first tables, and whether there is one of every programme."""
    wanted: dict[int, int] = {0: 0}  # number of the programme by the packets of its table
    found: Programmes = {}
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
        if not _is_intact(section[:size]):
            continue
        if pid == 0 and section[0] == TABLE_OF_PROGRAMMES:
            wanted |= {pid: number for number, pid in _pairs(section[8 : size - 4]) if number}
        elif section[0] == TABLE_OF_STREAMS:
            found[wanted[pid]] = tuple(_streams(section[: size - 4]))
        if len(found) == len(wanted) - 1 > 0:
            return found, True
    return found, False


def _is_intact(section: bytes) -> bool:
    """Return whether a table agrees with the checksum at its end (ISO/IEC 13818-1, annex A)."""
    checksum = 0xFFFFFFFF
    for byte in section:
        checksum ^= byte << 24
        for _ in range(8):
            is_high = checksum & 0x80000000
            checksum = (checksum << 1 & 0xFFFFFFFF) ^ (CHECKSUM_POLYNOMIAL if is_high else 0)
    return checksum == 0


def _payloads(data: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """Yield identifier, whether a table begins, and content of every packet."""
    start, distance = packets_of(data)
    for place in range(start, len(data) - PACKET_BYTES + 1, distance):
        packet = data[place : place + PACKET_BYTES]
        if packet[:1] != SYNC or not packet[3] & 0x10:
            continue
        begin = 5 + packet[4] if packet[3] & 0x20 else 4
        pid = int.from_bytes(packet[1:3]) & 0x1FFF
        yield pid, bool(packet[1] & 0x40), packet[begin:]


def packets_of(data: bytes) -> tuple[int, int]:
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


def _streams(section: bytes) -> Iterator[tuple[int, int]]:
    """Yield type and packet identifier of the streams that a table names."""
    place = 12 + (int.from_bytes(section[10:12]) & 0xFFF)
    while place + 5 <= len(section):
        yield section[place], int.from_bytes(section[place + 1 : place + 3]) & 0x1FFF
        place += 5 + (int.from_bytes(section[place + 3 : place + 5]) & 0xFFF)
