"""Pick the frames on screen at given times with decord, where PyAV has failed.

decord counts frames and knows no times, so these come from the packets, read with PyAV. If the two
disagree about the number of frames, decord is not used. It applies the rotation itself.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vsumm.decode.open_file import open_stream
from vsumm.decode.packets import read_packets
from vsumm.errors import InputError
from vsumm.files import open_regular_file
from vsumm.media import VideoStream

if TYPE_CHECKING:
    from vsumm.workers import Messages

LAST_FRAME_SECONDS = 1.0
"""How long the last frame stays on screen, seconds."""


def run_decord_frames(
    messages: Messages,
    *,
    path: str,
    start_seconds: float,
    wanted: list[tuple[float, float]],
    video: dict[str, Any],
    size: tuple[int, int],
    are_keys: bool = False,
) -> None:
    """Do what `vsumm.decode.pick_frames.run_frames` does, but send exact frames only.

    Raises:
        InputError: decord cannot show the film, because its picture is mirrored, say.
    """
    stream = VideoStream(**video)
    if any(stream.crop):
        raise InputError("decord cannot crop it")
    if stream.is_mirrored:
        raise InputError("decord cannot mirror it")
    times = [time + start_seconds for time, _ in wanted]
    pictures = _pictures(path, stream.index, times, size, messages.tick)
    for index, (pixels, seconds) in enumerate(pictures):
        shape = list(pixels.shape)
        messages.send("frame", pixels, index=index, time=seconds - start_seconds, shape=shape)


def _pictures(
    path: str,
    stream_index: int,
    times_seconds: Sequence[float],
    size: tuple[int, int],
    tick: Callable[[], None],
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the picture on screen at each time, as far as there are frames, and when it began.

    Args:
        path: the file.
        stream_index: index of the video stream.
        times_seconds: ascending, on the container's clock.
        size: width and height of the upright picture.
        tick: called while packets are read, to show that this is alive.

    Raises:
        InputError: decord cannot read the file, or finds other frames than there are packets.
    """
    starts = _frame_starts(path, stream_index, tick)
    # decord prints to the terminal and starts threads when it is loaded, so only where it is used.
    import decord

    descriptor = open_regular_file(path)
    # decord opens the file by number: it would interpret what the name holds, "%d" for example.
    by_number = Path(f"/proc/self/fd/{descriptor}")
    name = str(by_number) if by_number.exists() else path
    try:
        reader = decord.VideoReader(name, decord.cpu(0), size[0], size[1], num_threads=1)
        if len(reader) != len(starts):
            raise InputError(f"decord finds {len(reader)} frames where the file has {len(starts)}")
        for time in times_seconds:
            place = max(0, bisect_right(starts, time + 1e-6) - 1)
            if time - starts[-1] > LAST_FRAME_SECONDS:
                return
            yield reader[place].asnumpy(), starts[place]
    except (decord.DECORDError, RuntimeError, ValueError) as error:
        raise InputError("decord cannot read it") from error
    finally:
        os.close(descriptor)


def _frame_starts(path: str, stream_index: int, tick: Callable[[], None]) -> list[float]:
    """Return when frames come on screen, ascending, seconds on the container's clock."""
    starts: list[Fraction] = []
    with open_stream(path, stream_index, "video") as (container, stream):
        for packet in read_packets(container):
            tick()
            is_frame = packet.stream_index == stream.index and packet.size > 0
            if is_frame and packet.pts is not None and not packet.is_discard:
                starts.append(packet.pts * packet.time_base)
    return [float(start) for start in sorted(starts)]
