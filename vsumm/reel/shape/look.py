"""Look at the runs of a reel: a few small frames a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from vsumm.decode import read_frames
from vsumm.media import MediaInfo, Segment
from vsumm.reel.shape.path import FloatArray

LOOKS_PER_SECOND = 5
"""Frames of the reel that are looked at."""
SLACK_SECONDS = 0.1
"""How much later a frame may be than wanted: cheaper than the very frame on screen."""
SHORT_SIDE = 90
"""Short side of these frames, pixels."""


@dataclass(frozen=True)
class Look:
    """One frame."""

    wanted_seconds: float
    """When it was to be looked at, on the presentation clock."""
    seconds: float
    """When it comes on screen."""
    grey: FloatArray
    """The picture, small: (H, W) in [0, 1]."""


def look_at(info: MediaInfo, runs: Sequence[Segment]) -> list[list[Look]]:
    """Return looks at each of some runs; none where nothing can be read.

    Raises:
        InputError: not a single frame can be read.
    """
    wanted = [
        (number, run.start_seconds + step / LOOKS_PER_SECOND)
        for number, run in enumerate(runs)
        for step in range(max(1, ceil(run.duration_seconds * LOOKS_PER_SECOND)))
    ]
    times = [time for _, time in wanted]
    following = [*times[1:], np.inf]
    latest = [min(t + SLACK_SECONDS, n) for t, n in zip(times, following, strict=True)]
    looks: list[list[Look]] = [[] for _ in runs]
    with read_frames(info, times, latest_seconds=latest, short_side=SHORT_SIDE) as frames:
        for frame in frames:
            run, time = wanted[frame.index]
            looks[run].append(Look(time, frame.time_seconds, grey_of(frame.pixels)))
    return looks


def grey_of(pixels: np.ndarray) -> FloatArray:
    """Return the brightness of a picture (H, W, 3), in [0, 1]."""
    grey: FloatArray = pixels.mean(axis=2, dtype=np.float32) / 255
    return grey
