"""Pick the frames on screen at given times with decord: the second opinion.

decord counts frames, so their times come from the packets, read with PyAV; where the two disagree
about how many frames there are, decord is not used. It applies the rotation itself.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from vsumm.decode.open_track import open_stream
from vsumm.decode.packets import read_packets
from vsumm.errors import InputError
from vsumm.files import open_regular_file

LAST_FRAME_SECONDS = 1.0
"""Later than this after the last frame nothing is known of the picture."""


@dataclass(frozen=True)
class DecordPicked:
    """What is on screen at one wanted time."""

    index: int
    """Index into the wanted times."""
    pixels: np.ndarray
    """Upright picture, uint8 (H, W, 3) RGB."""
    time_seconds: float
    """When the frame comes on screen, on the container's clock."""


def pick_with_decord(
    path: str,
    stream_index: int,
    times_seconds: Sequence[float],
    size: tuple[int, int],
    tick: Callable[[], None],
) -> Iterator[DecordPicked]:
    """Yield one picture per wanted time, as far as there are frames.

    Args:
        path: the file.
        stream_index: index of the video stream.
        times_seconds: ascending, on the container's clock.
        size: width and height of the upright picture.
        tick: called while packets are read, to show that this is alive.

    Raises:
        InputError: decord cannot read the file, or sees other frames than there are packets.
    """
    starts = _frame_starts(path, stream_index, tick)
    # decord prints to the terminal and starts threads when it is loaded, so only where it is used.
    import decord

    descriptor = open_regular_file(path)
    # A name by number: what the real name holds (a "%d", say) means nothing to decord.
    by_number = Path(f"/proc/self/fd/{descriptor}")
    name = str(by_number) if by_number.exists() else path
    try:
        reader = decord.VideoReader(name, decord.cpu(0), size[0], size[1], num_threads=1)
        if len(reader) != len(starts):
            raise InputError(f"decord sees {len(reader)} frames where the file has {len(starts)}")
        for index, time in enumerate(times_seconds):
            place = max(0, bisect_right(starts, time + 1e-6) - 1)
            if time - starts[-1] > LAST_FRAME_SECONDS:
                return
            yield DecordPicked(index, reader[place].asnumpy(), starts[place])
    except (decord.DECORDError, RuntimeError, ValueError) as error:
        raise InputError("decord cannot read it") from error
    finally:
        os.close(descriptor)


def _frame_starts(path: str, stream_index: int, tick: Callable[[], None]) -> list[float]:
    """Times at which frames come on screen, ascending, seconds on the container's clock."""
    starts: list[Fraction] = []
    with open_stream(path, stream_index, "video") as (container, stream):
        for packet in read_packets(container):
            tick()
            is_frame = packet.stream_index == stream.index and packet.size > 0
            if is_frame and packet.pts is not None and not packet.is_discard:
                starts.append(packet.pts * packet.time_base)
    return [float(start) for start in sorted(starts)]
