"""Read from the headers of a file how long it was before it was cut, which FFmpeg does not tell.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from fractions import Fraction

from av.container import InputContainer
from av.stream import Stream

from vsumm.files import open_regular_file

HEADER_BYTES = 1 << 16
"""How much of a file is read for its properties."""

UNKNOWN_BYTES = 0xFFFFFFFF
"""Length that writers note if they cannot seek back to the header."""

FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""Name of the object of an ASF file that says how large and how long it is."""


RAW_SOUND = ("mp3", "aac", "ac3", "eac3", "ac4", "dts", "dtshd", "truehd", "mlp", "amr")
"""Demuxers of files that are packets and nothing else: FFmpeg guesses their length by the first."""

MP3_LENGTHS = (b"Xing", b"Info", b"VBRI")
"""What the first frame of an MP3 file holds that says how many there are."""

FIRST_MP3_BYTES = 4096
"""How much of an MP3 file after its tag is searched for that."""


def is_length_guessed(path: str, container: InputContainer) -> bool:
    """Whether only reading all packets of a file tells how long it is."""
    if container.format.name not in RAW_SOUND:
        return False
    if container.format.name != "mp3":
        return True
    descriptor = open_regular_file(path)
    try:
        tag = os.pread(descriptor, 10, 0)
        # The length of an ID3v2 tag has seven bits in a byte.
        size = sum(byte << 7 * place for place, byte in enumerate(reversed(tag[6:])))
        first = os.pread(descriptor, FIRST_MP3_BYTES, 10 + size if tag[:3] == b"ID3" else 0)
    finally:
        os.close(descriptor)
    return not any(name in first for name in MP3_LENGTHS)


def has_whole_index(container: InputContainer) -> bool:
    """Whether a file is an MP4 whose index names no packet behind its end, and has all of them."""
    if "mp4" not in container.format.name:
        return False
    for stream in container.streams:
        last = deque(stream.index_entries, maxlen=1)
        if last and last[0].pos + last[0].size > container.size:
            return False
    return True


def declared_ends(path: str, container: InputContainer) -> dict[int, Fraction]:
    """Return the end of each stream as the headers have it, by stream index, if the file was cut.

    Times are on the container's clock, seconds. Only cut AVI, WAV and ASF files have such ends: of
    these FFmpeg shortens what the headers say to what is there.
    """
    find = {"avi": _in_avi, "wav": _in_wav, "asf": _in_asf}.get(container.format.name)
    if find is None:
        return {}
    descriptor = open_regular_file(path)
    try:
        header = os.pread(descriptor, HEADER_BYTES, 0)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    ends = {stream.index: find(header, size, stream) for stream in container.streams}
    return {index: end for index, end in ends.items() if end is not None}


def _in_avi(header: bytes, size: int, stream: Stream) -> Fraction | None:
    """Read what is in the stream's own header, which FFmpeg hands over as a number of frames."""
    (declared_size,) = struct.unpack_from("<I", header, 4)
    if size >= 8 + declared_size:
        return None
    return _start(stream) + stream.frames * (stream.time_base or Fraction(0))


def _in_wav(header: bytes, size: int, stream: Stream) -> Fraction | None:
    """Read how many bytes of samples there are, and how many make a second."""
    place, bytes_per_second = 12, 0
    while place + 8 <= len(header):
        name, num_bytes = struct.unpack_from("<4sI", header, place)
        place += 8
        if name == b"fmt " and place + 12 <= len(header):
            (bytes_per_second,) = struct.unpack_from("<I", header, place + 8)
        if name == b"data":
            is_cut = 0 < num_bytes < UNKNOWN_BYTES and size < place + num_bytes
            return Fraction(num_bytes, bytes_per_second) if is_cut and bytes_per_second else None
        place += num_bytes + num_bytes % 2
    return None


def _in_asf(header: bytes, size: int, stream: Stream) -> Fraction | None:
    """Read the file properties: ASF specification, section 3.2."""
    declared_size = declared_bytes_of_asf(header)
    if declared_size is None or size >= declared_size:
        return None
    play, _, preroll = struct.unpack_from("<3Q", header, header.find(FILE_PROPERTIES) + 64)
    return Fraction(play, 10_000_000) - Fraction(preroll, 1000)


def declared_bytes_of_asf(header: bytes) -> int | None:
    """Return the size of an ASF file by its file properties, None where they are missing."""
    place = header.find(FILE_PROPERTIES)
    if not 0 <= place <= len(header) - 88:
        return None
    (declared_size,) = struct.unpack_from("<Q", header, place + 40)
    return int(declared_size)


def _start(stream: Stream) -> Fraction:
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))
