"""Read how much a file cuts off its picture, which FFmpeg leaves to players.

Matroska names the columns and rows, MP4 and QuickTime the clean aperture that is left.

An element of Matroska is its id, its size, and its content; ids and sizes are numbers whose first
bit set says how many bytes they take (RFC 8794). The tracks, their video and its crop are in RFC
9559.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from fractions import Fraction

from vsumm.decode.mp4 import boxes, boxes_of_file, inner_boxes
from vsumm.files import open_regular_file

HEADER_BYTES = 1 << 20
"""How much of a Matroska file is searched for its tracks."""

ENTRY_BYTES = 78
"""What comes before the boxes inside the description of a picture in MP4."""

SEGMENT, TRACKS, TRACK = 0x18538067, 0x1654AE6B, 0xAE
VIDEO, BOTTOM, TOP, LEFT, RIGHT = 0xE0, 0x54AA, 0x54BB, 0x54CC, 0x54DD

Crop = tuple[int, int, int, int]
"""Columns and rows of the coded picture that are not shown: left, top, right, bottom."""

NO_CROP: Crop = (0, 0, 0, 0)


def crop_of(path: str, index: int, container: str, size: tuple[int, int]) -> Crop:
    """Return what is cut off the picture of a track.

    Args:
        path: the film.
        index: the track, counted from 0.
        container: its format as FFmpeg names it.
        size: width and height of the coded picture.
    """
    descriptor = open_regular_file(path)
    try:
        if "matroska" in container:
            return _crop_in_matroska(os.pread(descriptor, HEADER_BYTES, 0), index)
        if "mp4" in container:
            return _crop_in_mp4(_clean_aperture(descriptor, index), size)
    finally:
        os.close(descriptor)
    return NO_CROP


def _crop_in_matroska(data: bytes, index: int) -> Crop:
    tracks = [
        content
        for segment in _contents(data, SEGMENT)
        for tracks in _contents(segment, TRACKS)
        for content in _contents(tracks, TRACK)
    ]
    for video in _contents(tracks[index], VIDEO) if index < len(tracks) else ():
        cut = {kind: int.from_bytes(content[:8]) for kind, content in _elements(video)}
        return cut.get(LEFT, 0), cut.get(TOP, 0), cut.get(RIGHT, 0), cut.get(BOTTOM, 0)
    return NO_CROP


def _clean_aperture(descriptor: int, index: int) -> bytes:
    """Return the content of the box that names the clean aperture of an MP4 track."""
    moov = next((box for box in boxes_of_file(descriptor) if box.kind == b"moov"), None)
    if moov is None:
        return b""
    tracks = [box for box in boxes(descriptor, moov.content, moov.end) if box.kind == b"trak"]
    box = tracks[index] if index < len(tracks) else None
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        box = inner_boxes(descriptor, box).get(kind)
    if box is None:
        return b""
    for entry in boxes(descriptor, box.content + 8, box.end):  # the first one counts
        for inner in boxes(descriptor, entry.content + ENTRY_BYTES, entry.end):
            if inner.kind == b"clap":
                return os.pread(descriptor, 32, inner.content)
        break
    return b""


def _crop_in_mp4(aperture: bytes, size: tuple[int, int]) -> Crop:
    """Return what lies outside the clean aperture (ISO/IEC 14496-12, section 12.1.4).

    It is as large as its first two fractions say, and lies in the middle of the picture, moved to
    the right and down by the others.
    """
    fractions = list(struct.iter_unpack(">iI", aperture)) if len(aperture) == 32 else []
    if not fractions or any(below == 0 for _, below in fractions):
        return NO_CROP
    width, height, right, down = (Fraction(*pair) for pair in fractions)
    left, top = (size[0] - width) / 2 + right, (size[1] - height) / 2 + down
    sides = left, top, size[0] - width - left, size[1] - height - top
    if min(sides) < 0 or width < 1 or height < 1:
        return NO_CROP
    # Pixels are kept that are at least half inside.
    return round(sides[0]), round(sides[1]), round(sides[2]), round(sides[3])


def _contents(data: bytes, wanted: int) -> Iterator[bytes]:
    return (content for kind, content in _elements(data) if kind == wanted)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the content of each element; the last one may be cut."""
    place = 0
    while place < len(data):
        id_bytes = 9 - data[place].bit_length()
        after_id = place + id_bytes
        if id_bytes > 4 or after_id >= len(data):
            return
        size_bytes = 9 - data[after_id].bit_length()
        begin = after_id + size_bytes
        if size_bytes > 8 or begin > len(data):
            return
        size = int.from_bytes(data[after_id:begin]) & ((1 << 7 * size_bytes) - 1)
        yield int.from_bytes(data[place:after_id]), data[begin : begin + size]
        place = begin + size
