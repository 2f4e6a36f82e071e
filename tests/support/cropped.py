"""Films whose container cuts something off their picture."""

from __future__ import annotations

import struct
from pathlib import Path


def crop_matroska(data: bytes, *, left: int, top: int) -> bytes:
    """Put a crop into the video of the first track, over elements behind it that say nothing."""
    place = data.index(b"\xe0\x8a\xb0")  # ten bytes: width, height, unit of display
    crop = b"\x54\xcc\x81" + bytes([left]) + b"\x54\xbb\x81" + bytes([top])
    video = b"\xe0\x92" + data[place + 2 : place + 12] + crop
    return data[:place] + video + b"\xec\x85" + bytes(5) + data[place + 27 :]


def set_clean_aperture(
    path: Path, size: tuple[int, int], offset: tuple[int, int] = (0, 0), *, resize: bool = False
) -> Path:
    """Give the picture of an MP4 film whose index comes last a clean aperture.

    Args:
        path: the film, whose picture is its first track, in H.264.
        size: width and height of what is shown.
        offset: how far its middle lies right of and below the middle of the coded picture.
        resize: whether the head of the track names that size too, as QuickTime does.
    """
    data = bytearray(path.read_bytes())
    numbers = [number for value in (*size, *offset) for number in (value, 1)]
    box = struct.pack(">I4s8i", 40, b"clap", *numbers)
    entry = data.index(b"avc1", data.index(b"stsd")) - 4
    (entry_bytes,) = struct.unpack_from(">I", data, entry)
    data[entry + entry_bytes : entry + entry_bytes] = box
    place = 0
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        place = data.index(kind, place) - 4
        (old,) = struct.unpack_from(">I", data, place)
        struct.pack_into(">I", data, place, old + len(box))
        place += 8
    if resize:
        head = data.index(b"tkhd") + 4
        struct.pack_into(">II", data, head + 76, size[0] << 16, size[1] << 16)
    path.write_bytes(data)
    return path
