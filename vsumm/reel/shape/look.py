"""Look at the runs of a reel: a few small frames a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from vsumm.decode import read_frames
from vsumm.media import MediaInfo, Segment
from vsumm.reel.shape.faces import Face, FaceFinder, can_find_faces
from vsumm.reel.shape.path import FloatArray

LOOKS_PER_SECOND = 5
"""Frames of the reel that are looked at."""
SLACK_SECONDS = 0.1
"""How much later a frame may be than wanted: cheaper than the very frame on screen."""
SHORT_SIDE = 90
"""Short side of these frames, pixels."""
FACE_SHORT_SIDE = 180
"""Short side of frames in which faces are looked for."""
LOOKS_FOR_FACES = 2
"""In one of so many looks faces are looked for; in the first of each run, too."""


@dataclass(frozen=True)
class Look:
    """One frame."""

    wanted_seconds: float
    """When it was to be looked at, on the presentation clock."""
    seconds: float
    """When it comes on screen."""
    grey: np.ndarray
    """The picture, small: uint8 (H, W)."""
    faces: tuple[Face, ...] | None = None
    """The faces in it; None where nobody looked for them."""


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
    finder = FaceFinder() if can_find_faces() else None
    side = FACE_SHORT_SIDE if finder else SHORT_SIDE
    with read_frames(info, times, latest_seconds=latest, short_side=side) as frames:
        for frame in frames:
            run, time = wanted[frame.index]
            is_due = len(looks[run]) % LOOKS_FOR_FACES == 0
            faces = finder.find(frame.pixels) if finder and is_due else None
            looks[run].append(Look(time, frame.time_seconds, grey_of(frame.pixels), faces))
    return looks


def grey_of(pixels: np.ndarray) -> np.ndarray:
    """Return the brightness of a picture, uint8 (H, W), shrunk about to SHORT_SIDE."""
    step = max(1, min(pixels.shape[:2]) // SHORT_SIDE)
    high, wide = (side // step for side in pixels.shape[:2])
    blocks = pixels[: high * step, : wide * step].reshape(high, step, wide, step, -1)
    grey: np.ndarray = blocks.mean(axis=(1, 3, 4)).astype(np.uint8)
    return grey


def difference(before: Look, now: Look) -> FloatArray:
    """Return by how much each pixel differs, (H, W) in [0, 1]."""
    change: FloatArray = np.abs(now.grey.astype(np.float32) - before.grey) / 255
    return change
