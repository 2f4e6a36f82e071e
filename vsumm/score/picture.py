"""What the picture makes one feel: valence, arousal and motion of every segment.

Letters: N segments. Nothing here is smoothed, ranked or combined: see `score.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.Image import Resampling

from vsumm.decode import Frame, FrameReader, read_frames
from vsumm.media import MediaInfo, Segment
from vsumm.score.batches import in_batches

if TYPE_CHECKING:
    from mmva_core import MMVA

FloatArray = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

LOOKS_PER_FRAME = 2
"""Frames looked at for each that the image tower sees: one alone shows no motion."""
LOOKS_AT_ONCE = 64
"""Frames held while the image tower sees those of them that it sees."""
MOTION_SIZE = (64, 36)
"""Width and height at which two frames are compared."""
BLACK_LEVEL = 24
"""A frame is black if hardly any pixel is brighter than this, of 255 (video black is 16)."""
BRIGHT_SHARE = 0.005
"""Share of brighter pixels that a black frame may have: noise, a logo's edge."""


def look_windows(segments: Sequence[Segment], *, frames_per_segment: int) -> list[Segment]:
    """Cut every segment into equal windows, of each of which one frame is looked at.

    >>> look_windows([Segment(0.0, 2.0)], frames_per_segment=1)
    [Segment(start_seconds=0.0, end_seconds=1.0), Segment(start_seconds=1.0, end_seconds=2.0)]
    """
    num_windows = LOOKS_PER_FRAME * frames_per_segment
    shares = [number / num_windows for number in range(num_windows)]
    windows: list[Segment] = []
    for segment in segments:
        starts = [segment.start_seconds + share * segment.duration_seconds for share in shares]
        windows += [Segment(*window) for window in pairwise([*starts, segment.end_seconds])]
    return windows


def read_looks(info: MediaInfo, windows: Sequence[Segment]) -> FrameReader:
    """Read one frame of every window: the first key frame, or else the first that decoding reaches.

    That comes a few frames after the start of the window at most. Key frames need no others: on
    film of 720p with one every 4 s this took two thirds of the time that exact frames at fixed
    times took.

    Raises:
        NoSignalError: the film has no picture.
    """
    return read_frames(
        info,
        [window.start_seconds for window in windows],
        latest_seconds=[window.end_seconds for window in windows],
    )


def image_affect(
    frames: Iterable[Frame],
    model: MMVA,
    num_segments: int,
    *,
    frames_per_segment: int = 1,
    on_progress: Callable[[float], object] = lambda count: None,
) -> tuple[FloatArray, FloatArray]:
    """Predict valence and arousal of every segment from its frames, and see how much they change.

    Args:
        frames: one of each of the `look_windows`; some may be missing.
        model: predicts `(batch, 2)` from pictures.
        num_segments: N.
        frames_per_segment: as given to `look_windows`: how many of a segment's frames the model
            sees. Of each `LOOKS_PER_FRAME` it is the first that is not black.
        on_progress: called with the number of segments done since the last call.

    Returns:
        Valence and arousal, shape (N, 2) in [0, 1]: the mean over the frames that the model sees;
        NaN where there is none. And motion, shape (N,) in [0, 1]: the mean over all neighbouring
        frames of which at least one lies in the segment; NaN where there are none.
    """
    va, motion = _Mean(num_segments, 2), _Mean(num_segments, 1)
    num_looks = LOOKS_PER_FRAME * frames_per_segment
    index_before, grey_before = -1, None
    seen_part = -1  # of each part of a segment the model sees one frame
    for batch in in_batches(frames, LOOKS_AT_ONCE):
        seen = []
        for frame in batch:
            grey = small_grey(frame.pixels)
            if grey_before is not None and frame.index == index_before + 1:
                rows = {frame.index // num_looks, index_before // num_looks}
                motion.add(list(rows), motion_between(grey_before, grey))
            index_before, grey_before = frame.index, grey
            part = frame.index // LOOKS_PER_FRAME
            if part != seen_part and not is_black(frame.pixels):
                seen_part = part
                seen.append(frame)
        if seen:
            rows_seen = [frame.index // num_looks for frame in seen]
            va.add(rows_seen, model.predict_images([frame.pixels for frame in seen]).numpy())
        on_progress(len(batch) / num_looks)
    return va.result(), motion.result()[:, 0]


def is_black(pixels: Pixels) -> bool:
    """Tell whether a picture, uint8 (H, W, 3), shows nothing: black, as between two scenes."""
    # Channel by channel: NumPy is twenty times slower along an axis of three.
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    is_bright = np.maximum(np.maximum(red, green), blue) > BLACK_LEVEL
    return bool(np.mean(is_bright) < BRIGHT_SHARE)


def motion_between(before: npt.NDArray[np.int16], after: npt.NDArray[np.int16]) -> float:
    """Return how much two pictures from `small_grey` differ, in [0, 1].

    >>> black, white = np.zeros((90, 160, 3), np.uint8), np.full((90, 160, 3), 255, np.uint8)
    >>> motion_between(small_grey(black), small_grey(white))
    1.0
    """
    return float(np.abs(before - after).mean() / 255)


def small_grey(pixels: Pixels) -> npt.NDArray[np.int16]:
    """Scale a picture, uint8 (H, W, 3), to grey levels of `MOTION_SIZE`."""
    small = Image.fromarray(pixels).convert("L").resize(MOTION_SIZE, Resampling.BOX)
    return np.asarray(small).astype(np.int16)


class _Mean:
    """Running means of N rows of D numbers."""

    def __init__(self, num_rows: int, num_columns: int) -> None:
        self._sums = np.zeros((num_rows, num_columns))
        self._counts = np.zeros((num_rows, 1))

    def add(self, rows: list[int], values: npt.ArrayLike) -> None:
        """Count `values`, one row of them for each of `rows`, which may repeat."""
        np.add.at(self._sums, rows, values)
        np.add.at(self._counts, rows, 1)

    def result(self) -> FloatArray:
        """Return the means, NaN where nothing was added."""
        with np.errstate(invalid="ignore"):
            return self._sums / self._counts
