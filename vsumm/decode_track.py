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
from typing import Any, Literal

from av.container import InputContainer

from vsumm.decode_boxes import Box, Overlay, boxes, boxes_of_file
from vsumm.decode_open import open_container, open_media
from vsumm.errors import InputError
from vsumm.input_files import open_regular_file
from vsumm.worker import give_memory_back


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
            with open_container(Overlay(descriptor, hidden), {}) as container:
                streams = container.streams
                if len(streams) > 0 and _is_usable(streams[0], kind):
                    give_memory_back()
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


def _boxes_to_hide(descriptor: int, index: int) -> list[int]:
    """Places of the letters of the other tracks' boxes; none where the file must stay as it is."""
    for box in boxes_of_file(descriptor):
        if box.kind == b"meta":  # still pictures, which count as streams too
            return []
        if box.kind == b"moov":
            return _other_tracks(list(boxes(descriptor, box.content, box.end)), index)
    return []


def _other_tracks(parts: list[Box], index: int) -> list[int]:
    kinds = [box.kind for box in parts]
    tracks = [box for box in parts if box.kind == b"trak"]
    # Fragments refer to their tracks. Cover pictures in front would shift the count of streams.
    if b"mvex" in kinds or index >= len(tracks):
        return []
    if {b"udta", b"meta"} & set(kinds[: kinds.index(b"trak")]):
        return []
    return [track.start + 4 for place, track in enumerate(tracks) if place != index]
