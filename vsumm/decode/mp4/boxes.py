"""Read the boxes of an MP4 file, and show FFmpeg the file with some of them changed.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
"""What an MP4 or QuickTime file begins with."""

MAX_BOXES = 200_000
"""Boxes of one level that are looked at: a film of 100 hours in fragments of 2 s has fewer."""


class Box(NamedTuple):
    """A box of an MP4 file (ISO/IEC 14496-12, section 4.2)."""

    kind: bytes
    """Its four letters."""
    start: int
    """Where it begins in the file; its letters follow after 4 bytes."""
    content: int
    """Where what it holds begins."""
    end: int
    """Where the next one begins; beyond the end of a file that was cut."""


class UnknownFormError(Exception):
    """The file has something that is not understood here."""


def boxes(descriptor: int, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes of one level that begin between two places, as far as they make sense."""
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        header = os.pread(descriptor, 16, start)
        size, kind, content = int.from_bytes(header[:4]), header[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(header[8:]), start + 16
        elif size == 0:
            size = end - start
        if start + size < content:
            return
        yield Box(kind, start, content, start + size)
        start += size


def boxes_of_file(descriptor: int) -> Iterator[Box]:
    """Yield the boxes of the upper level; none if it is no MP4 file."""
    for box in boxes(descriptor, 0, os.fstat(descriptor).st_size):
        if box.start == 0 and box.kind not in FIRST_BOXES:
            return
        yield box


def inner_boxes(descriptor: int, box: Box | None) -> dict[bytes, Box]:
    """Return the boxes inside one by kind, the last of each; none inside of none."""
    return {} if box is None else {b.kind: b for b in boxes(descriptor, box.content, box.end)}


def read_exactly(descriptor: int, place: int, size: int) -> bytes:
    """Read bytes at a place.

    Raises:
        UnknownFormError: the file ends before.
    """
    if place + size > os.fstat(descriptor).st_size:
        raise UnknownFormError
    return os.pread(descriptor, size, place)


def read_number(
    descriptor: int, content: int, offsets: tuple[int, int], size: int, *, wide: int | None = None
) -> int:
    """Read a number whose place, and maybe size, depend on the version of its box.

    Args:
        descriptor: the open file.
        content: where the content of the box begins.
        offsets: where in it the number is, in version 0 and in version 1.
        size: its bytes.
        wide: its bytes in version 1, where these are others.
    """
    is_new = read_exactly(descriptor, content, 1) == b"\1"
    size = wide if is_new and wide else size
    return int.from_bytes(read_exactly(descriptor, content + offsets[is_new], size))


def start_of_cut_fragment(descriptor: int) -> int | None:
    """Return where the `moof` box begins in which the file ends; None if it ends elsewhere.

    FFmpeg gives up on a file if it meets such a cut description of a fragment while it opens it.
    """
    for box in boxes_of_file(descriptor):
        if box.kind == b"moof" and box.end > os.fstat(descriptor).st_size:
            return box.start
    return None


@dataclass(frozen=True)
class Part:
    """A part of a track as an `Overlay` shows it to FFmpeg, see `vsumm.decode.mp4.parts`."""

    patches: Sequence[tuple[int, bytes]]
    """Places in the file, and the bytes that are read there instead."""
    end: int | None
    """Where the file seems to end; None where it does."""
    head: Container[int]
    """Places of the packets in front of the part's own."""


class Overlay:
    """A file to read from, in which some bytes read differently, or that ends early.

    Args:
        descriptor: the open file; its own position plays no part.
        patches: places in the file, and the bytes that are read there instead.
        end: how many bytes are shown; all if left out.
    """

    def __init__(
        self,
        descriptor: int,
        patches: Sequence[tuple[int, bytes]] = (),
        *,
        end: int | None = None,
    ) -> None:
        self._descriptor = descriptor
        self._patches = patches
        self._end = end
        self._position = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        start = self._position
        data = os.pread(self._descriptor, max(0, min(size, self._size() - start)), start)
        self._position += len(data)
        for place, patch in self._patches:
            if start - len(patch) < place < self._position:
                data = _patched(data, place - start, patch)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size()}
        self._position = max(0, bases[whence] + offset)
        return self._position

    def tell(self) -> int:
        """Return the present place."""
        return self._position

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size if self._end is None else self._end


def _patched(data: bytes, offset: int, patch: bytes) -> bytes:
    """Write as much of `patch` over `data` at `offset`, maybe negative, as lies within it."""
    begin, end = max(0, offset), min(len(data), offset + len(patch))
    return data[:begin] + patch[begin - offset : end - offset] + data[end:]
