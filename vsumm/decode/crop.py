"""Read how much a Matroska file cuts off its picture, which FFmpeg leaves to players.

An element is its id, its size, and its content; ids and sizes are numbers whose first bit set says
how many bytes they take (RFC 8794). The tracks, their video and its crop are in RFC 9559.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from vsumm.files import open_regular_file

HEADER_BYTES = 1 << 20
"""How much of a file is searched for its tracks."""

SEGMENT, TRACKS, TRACK = 0x18538067, 0x1654AE6B, 0xAE
VIDEO, BOTTOM, TOP, LEFT, RIGHT = 0xE0, 0x54AA, 0x54BB, 0x54CC, 0x54DD

Crop = tuple[int, int, int, int]
"""Columns and rows of the coded picture that are not shown: left, top, right, bottom."""

NO_CROP: Crop = (0, 0, 0, 0)


def crop_of(path: str, index: int) -> Crop:
    """Return what is cut off the picture of a track, counted from 0.

    Args:
        path: a Matroska or WebM file.
        index: the track.
    """
    descriptor = open_regular_file(path)
    try:
        data = os.pread(descriptor, HEADER_BYTES, 0)
    finally:
        os.close(descriptor)
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
