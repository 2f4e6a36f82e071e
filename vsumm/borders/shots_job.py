"""The job of the process that looks for cuts: decode pieces of a film, frame by frame.

Runs in a worker only, see `vsumm.workers.child`, because native code can crash or hang on a
damaged film.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from vsumm.borders.detect import PICTURE_SIZE, cuts_among
from vsumm.decode import StreamReader
from vsumm.media import MediaInfo

if TYPE_CHECKING:
    from vsumm.workers import Messages

MARGIN_SECONDS = 0.25
"""Decoded before and after every piece: a cut stands out from what is around it."""

LEAD_SECONDS = 1.0
"""Of what is decoded on the way from a key frame so much is compared, too: in few frames motion
looks like a dissolve."""


def run_cuts(
    messages: Messages,
    *,
    path: str,
    start_seconds: float,
    stream: int,
    pieces: list[tuple[float, float]],
) -> None:
    """Send one "cuts" message per piece, with the times of its cuts.

    Args:
        messages: the way back.
        path: the film.
        start_seconds: start of the presentation on the container's clock.
        stream: index of the picture in the container.
        pieces: where to look, chronological, seconds on the presentation clock.
    """
    info = MediaInfo(Path(path), "", start_seconds, 0.0, None)
    small = VideoReformatter()
    with StreamReader(info, stream, "video") as reader:
        # The loop filter is a fifth of decoding; blocks do not matter in small pictures. And frames
        # that further threads have begun are lost with every jump to the next piece.
        reader.stream.codec_context.options = {"skip_loop_filter": "all"}
        reader.stream.codec_context.thread_count = 1
        for start, end in pieces:
            times: list[Fraction] = []
            pictures: list[npt.NDArray[np.uint8]] = []
            first = Fraction(max(0.0, start - MARGIN_SECONDS))
            for time, frame in reader.frames_from(first):
                messages.tick()
                if time > end + MARGIN_SECONDS:
                    break
                if time < start - LEAD_SECONDS:
                    continue
                width, height = PICTURE_SIZE
                picture = small.reformat(
                    frame, width, height, "bgr24", interpolation="AREA", threads=1
                )
                times.append(time)
                pictures.append(np.asarray(picture.to_ndarray(), np.uint8))
            found = [float(times[index]) for index in cuts_among(pictures)]
            messages.send("cuts", found=[time for time in found if start < time <= end])
