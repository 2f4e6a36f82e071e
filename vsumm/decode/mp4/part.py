"""What a part of an MP4 track is, and how boxes are read for it; see `vsumm.decode.mp4.parts`.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Protocol

from vsumm.decode.mp4.boxes import Box, boxes


@dataclass(frozen=True)
class Part:
    """What FFmpeg is shown of a file."""

    patches: Sequence[tuple[int, bytes]]
    """Places in the file, and what is read there instead."""
    end: int | None
    """Where the file seems to end; None where it does."""
    head: Container[int]
    """Places of the packets in front of the part's own."""


class LongTrack(Protocol):
    """A track that can be shown in parts."""

    seconds: float
    """When its last packet or fragment begins, on the track's own clock."""

    def part(self, first_seconds: float, last_seconds: float) -> Part | None:
        """Return the part of [first, last), None where the file does not allow it.

        A picture begins with the last key frame before that, and may go on after it.
        """


class UnknownFormError(Exception):
    """The file has something that this module does not know."""


def read_number(
    descriptor: int, content: int, offsets: tuple[int, int], size: int, *, wide: int | None = None
) -> int:
    """Read a number whose place, and maybe size, depend on the version of its box.

    Args:
        descriptor: the open file.
        content: where what the box holds begins.
        offsets: where in it the number is, in version 0 and in version 1.
        size: its bytes.
        wide: its bytes in version 1, if others.
    """
    is_new = read_exactly(descriptor, content, 1) == b"\1"
    size = wide if is_new and wide else size
    return int.from_bytes(read_exactly(descriptor, content + offsets[is_new], size))


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
