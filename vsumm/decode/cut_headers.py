"""What the headers of a file promise that was cut off, where FFmpeg does not tell.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
import struct
from fractions import Fraction

from av.container import InputContainer
from av.stream import Stream

from vsumm.files import open_regular_file

HEADER_BYTES = 1 << 16
"""How much of a file is searched for its properties."""

UNKNOWN_BYTES = 0xFFFFFFFF
"""What writers that cannot go back put down as length."""

FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""Name of the object of an ASF file that says how large and how long it is."""


def declared_ends(path: str, container: InputContainer) -> dict[int, Fraction]:
    """Return the end of each stream as the headers have it, by stream index, if the file was cut.

    Times are on the container's clock, seconds. Of AVI, WAV and ASF only: FFmpeg shortens what they
    say to what is there. Nothing of files that are whole.
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
    place = header.find(FILE_PROPERTIES)
    if not 0 <= place <= len(header) - 88:
        return None
    declared_size, _, _, play, _, preroll = struct.unpack_from("<6Q", header, place + 40)
    if size >= declared_size:
        return None
    return Fraction(play, 10_000_000) - Fraction(preroll, 1000)


def _start(stream: Stream) -> Fraction:
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))
