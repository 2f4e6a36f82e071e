"""Open one track of a film, so that FFmpeg keeps no index of the others.

FFmpeg builds the index of every track of an MP4 film when it opens it, 24 to 36 bytes for each
packet: 100 MB for ten hours, in every process that reads them. So the boxes of the other tracks
are shown to it as free space:

    moov ( mvhd  trak 0  trak 1  trak 2 ) mdat      in the file
    moov ( mvhd  free    trak 1  free   ) mdat      as FFmpeg sees it, asked for stream 1

It reads no packets but the track's own then. Films in fragments and in other containers are opened
as they are.

Runs in the decoding process only, see `vsumm.worker`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Literal, NamedTuple

from av.container import InputContainer

from vsumm.decode_open import open_container, open_media
from vsumm.errors import InputError
from vsumm.input_files import open_regular_file

FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
"""What an MP4 or QuickTime file begins with."""

MAX_BOXES = 10_000
"""Boxes of one level that are looked at; a file with more is taken as it is."""


@contextmanager
def open_stream(
    path: str, index: int, kind: Literal["video", "audio"]
) -> Iterator[tuple[InputContainer, Any]]:
    """Open a film for one of its streams; packets of the others may or may not be read.

    Args:
        path: the film.
        index: the stream, counted as `open_media` counts them.
        kind: what it is.

    Yields:
        The container, and the stream in it, whose `index` may be another one.

    Raises:
        InputError: as `open_media`, or there is no such stream.
    """
    descriptor = open_regular_file(path)
    try:
        hidden = _boxes_to_hide(descriptor, index)
        if hidden:
            with open_container(_Overlay(descriptor, hidden), {}) as container:
                streams = container.streams
                if len(streams) > 0 and _is_usable(streams[0], kind):
                    yield container, streams[0]
                    return
    finally:
        os.close(descriptor)
    with open_media(path) as container:
        if index >= len(container.streams) or not _is_usable(container.streams[index], kind):
            raise InputError(f"its {kind} is gone; the file was replaced: look at it again")
        yield container, container.streams[index]


def _is_usable(stream: Any, kind: str) -> bool:
    return stream.type == kind and stream.codec_context is not None


class _Overlay:
    """A file in which the names of some boxes read "free"."""

    def __init__(self, descriptor: int, hidden: list[int]) -> None:
        self._descriptor = descriptor
        self._hidden = hidden
        self._position = 0

    def read(self, size: int) -> bytes:
        start = self._position
        data = os.pread(self._descriptor, size, start)
        self._position += len(data)
        for place in self._hidden:
            if start - 4 < place < self._position:
                data = _patched(data, place - start)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size()}
        self._position = max(0, bases[whence] + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size


def _patched(data: bytes, offset: int) -> bytes:
    """Write as much of "free" into `data` at `offset` as lies within it."""
    patched = bytearray(data)
    for place, letter in enumerate(b"free", offset):
        if 0 <= place < len(data):
            patched[place] = letter
    return bytes(patched)


class _Box(NamedTuple):
    """A box of an MP4 file (ISO/IEC 14496-12, section 4.2)."""

    kind: bytes
    """Its four letters."""
    start: int
    """Where it begins in the file; its letters follow after 4 bytes."""
    content: int
    """Where what it holds begins."""
    end: int
    """Where the next one begins."""


def _boxes_to_hide(descriptor: int, index: int) -> list[int]:
    """Places of the letters of the other tracks' boxes; none where the file must stay as it is."""
    for box in _boxes(descriptor, 0, os.fstat(descriptor).st_size):
        if box.start == 0 and box.kind not in FIRST_BOXES:
            return []
        if box.kind == b"meta":  # still pictures, which count as streams too
            return []
        if box.kind == b"moov":
            return _other_tracks(list(_boxes(descriptor, box.content, box.end)), index)
    return []


def _other_tracks(boxes: list[_Box], index: int) -> list[int]:
    kinds = [box.kind for box in boxes]
    tracks = [box for box in boxes if box.kind == b"trak"]
    # Fragments refer to their tracks. Cover pictures in front would shift the count of streams.
    if b"mvex" in kinds or index >= len(tracks):
        return []
    if {b"udta", b"meta"} & set(kinds[: kinds.index(b"trak")]):
        return []
    return [track.start + 4 for place, track in enumerate(tracks) if place != index]


def _boxes(descriptor: int, start: int, end: int) -> Iterator[_Box]:
    """The boxes of one level, as far as they lie one after the other."""
    return islice(_walk(descriptor, start, end), MAX_BOXES)


def _walk(descriptor: int, start: int, end: int) -> Iterator[_Box]:
    while start + 8 <= end:
        header = os.pread(descriptor, 16, start)
        size, kind, content = int.from_bytes(header[:4]), header[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(header[8:]), start + 16
        elif size == 0:
            size = end - start
        if start + size < content or start + size > end:
            return
        yield _Box(kind, start, content, start + size)
        start += size
