"""Bring the tracks of a reel into its container, in the order of time.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import av
from av.error import FFmpegError

from vsumm.errors import NoRoomError, OutputError
from vsumm.files import is_no_room
from vsumm.reel.formats import ReelFormat


class Track(Protocol):
    """One track of a reel."""

    def add_to(self, container: Any) -> None:
        """Make the stream in an output container."""

    def packets(self) -> Iterator[tuple[float, list[Any]]]:
        """Yield the reel time reached, seconds, and the packets that became ready."""


@contextmanager
def open_reel(output: Path, target: Path, chosen: ReelFormat) -> Iterator[Any]:
    """Open a container to write to.

    Args:
        output: the file, which is replaced.
        target: what it will be called in the end, for errors.
        chosen: its form.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with av.open(
            str(output), "w", format=chosen.muxer, options=dict(chosen.options)
        ) as container:
            yield container
    except FFmpegError as error:
        reason = (error.strerror or str(error)).lower()
        kind = NoRoomError if is_no_room(error.errno) else OutputError
        raise kind(f"{target}: cannot be written: {reason}") from error


def interleaved(tracks: Sequence[Track]) -> Iterator[tuple[float, list[Any]]]:
    """Yield packets, always of the track that is behind, and the reel time that all have reached.

    picture  ████████████░░░░░░░░      reached: 12
    sound    ███████░░░░░░░░░░░░░      reached: 7, so sound is next; all have reached 7
    """
    heads = [(0.0, order, track.packets()) for order, track in enumerate(tracks)]
    while heads:
        heads.sort(key=lambda head: head[:2])
        _, order, packets = heads[0]
        reached_seconds, ready = next(packets, (None, []))
        if reached_seconds is None:
            heads.pop(0)
            continue
        heads[0] = (reached_seconds, order, packets)
        yield min(head[0] for head in heads), ready
