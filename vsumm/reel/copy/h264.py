"""The outside of H.264 (ITU-T H.264, ISO/IEC 14496-15): units, parameter sets, entry points.

A coded picture consists of NAL units. Containers keep them apart by lengths (MP4, Matroska) or by
start codes (MPEG-TS); a reel uses lengths of four bytes. Pictures name a picture parameter set
(PPS) by its id, which names a sequence parameter set (SPS). So pieces from two encoders fit into
one stream without any change of the pictures if their sets have different ids, and the stream's
header holds the sets of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

IDR, SPS, PPS, DELIMITER = 5, 7, 8, 9
"""Types of NAL units (table 7-1)."""
LARGEST_ID = 31
"""Largest id of a sequence parameter set (7.4.2.1.1)."""
_BASELINE, _MAIN, _HIGH = 66, 77, 100
PROFILES = {_BASELINE: "baseline", _MAIN: "main", _HIGH: "high"}
"""Profiles of progressive 8-bit 4:2:0, by their number, as x264 names them."""
_START_CODE = re.compile(rb"\x00\x00\x01")
_LENGTH_BYTES = 4


@dataclass(frozen=True)
class ParameterSets:
    """The sets that a stream's header announces."""

    sequence: tuple[bytes, ...]
    """SPS units, without lengths or start codes."""
    picture: tuple[bytes, ...]
    """PPS units."""
    length_bytes: int
    """How many bytes the length of a unit takes in the stream's packets; 0: start codes."""

    @property
    def profile(self) -> int:
        """Profile of the first SPS, for example 100 for High."""
        return self.sequence[0][1]

    def has(self, unit: bytes) -> bool:
        """Whether a unit is one of the sets."""
        return unit in self.sequence or unit in self.picture

    def free_id(self) -> int | None:
        """Return an id that neither an SPS nor a PPS has; None where all are taken."""
        taken = {_exp_golomb(unit[4:]) for unit in self.sequence}
        taken |= {_exp_golomb(unit[1:]) for unit in self.picture}
        return next((number for number in range(LARGEST_ID + 1) if number not in taken), None)


def read_header(extradata: bytes) -> ParameterSets | None:
    """Read a stream's header in either form; None where it holds no complete sets."""
    if extradata[:1] == b"\x01":
        return _read_configuration(extradata)
    units = list(split_units(extradata, length_bytes=0))
    sequence = tuple(unit for unit in units if unit_type(unit) == SPS)
    picture = tuple(unit for unit in units if unit_type(unit) == PPS)
    return ParameterSets(sequence, picture, 0) if sequence and picture else None


def write_header(*sources: ParameterSets) -> bytes:
    """Write one header (AVCDecoderConfigurationRecord) for the sets of several sources."""
    sequence = [unit for sets in sources for unit in sets.sequence]
    picture = [unit for sets in sources for unit in sets.picture]
    profile = max(unit[1] for unit in sequence)
    flags = 0xFF
    for unit in sequence:
        flags &= unit[2]
    level = max(unit[3] for unit in sequence)
    header = bytes([1, profile, flags, level, 0xFC | _LENGTH_BYTES - 1, 0xE0 | len(sequence)])
    header += b"".join(len(unit).to_bytes(2, "big") + unit for unit in sequence)
    header += bytes([len(picture)])
    header += b"".join(len(unit).to_bytes(2, "big") + unit for unit in picture)
    if profile == _HIGH:
        header += bytes([0xFC | 1, 0xF8, 0xF8, 0])  # 4:2:0, 8 bits, 8 bits, no extensions
    return header


def split_units(data: bytes, *, length_bytes: int) -> Iterator[bytes]:
    r"""Yield the NAL units of a packet or header.

    >>> list(split_units(b"\0\0\0\1\x67ab\0\0\1\x68c", length_bytes=0))
    [b'gab', b'hc']
    """
    if length_bytes == 0:
        for piece in _START_CODE.split(data)[1:]:
            # Zeros before the next start code belong to it: no unit ends with one.
            if unit := piece.rstrip(b"\0"):
                yield unit
        return
    position = 0
    while position + length_bytes < len(data):
        begin = position + length_bytes
        position = begin + int.from_bytes(data[position:begin], "big")
        if unit := data[begin:position]:
            yield unit


def join_units(units: Iterable[bytes]) -> bytes:
    """Return a packet of units with lengths."""
    return b"".join(len(unit).to_bytes(_LENGTH_BYTES, "big") + unit for unit in units)


def unit_type(unit: bytes) -> int:
    """Return what a unit is, `nal_unit_type`."""
    return unit[0] & 0x1F


def _read_configuration(record: bytes) -> ParameterSets | None:
    try:
        position = 5
        found: list[list[bytes]] = []
        for mask in (0x1F, 0xFF):
            count = record[position] & mask
            position += 1
            units = []
            for _ in range(count):
                length = int.from_bytes(record[position : position + 2], "big")
                units.append(record[position + 2 : position + 2 + length])
                position += 2 + length
            found.append(units)
        sequence, picture = found
    except IndexError:
        return None
    if not sequence or not picture or any(len(unit) < 5 for unit in sequence):
        return None
    return ParameterSets(tuple(sequence), tuple(picture), (record[4] & 3) + 1)


def _exp_golomb(data: bytes) -> int:
    """Read the unsigned number that data begins with (9.1).

    >>> [_exp_golomb(bytes([first])) for first in (0b1000_0000, 0b0100_0000, 0b0010_1000)]
    [0, 1, 4]
    """
    bits = "".join(f"{byte:08b}" for byte in data[:9])
    num_zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[: 2 * num_zeros + 1] or "1", 2) - 1
