"""The frames that a film is scored by: one or more of every segment.

One decode feeds every measurement of the picture: `read_looks` reads a frame of each window, and
`looks_of` hands it on as a `Look`, which computes what several meters need only once.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsumm.config import Decoder
from vsumm.decode import Frame, FrameReader, read_frames
from vsumm.media import MediaInfo, Segment
from vsumm.score.signal import FloatArray

Pixels = npt.NDArray[np.uint8]
Thumbnail = npt.NDArray[np.float32]

LOOKS_PER_FRAME = 2
"""Frames read for each that the image tower is run on: one alone shows no motion."""
SOON_SHARE = 0.25
"""How long after the first look at a part of a segment the second may come, of half that part."""
THUMBNAIL_SIZE = (16, 9)
"""Width and height of the small copy of a frame that motion compares."""
LONGEST_STRETCH_SECONDS, NUM_STRETCHES = 4.0, 100
"""A quick look decodes one key frame in each of so many equal stretches of a film; of a long film,
one in each that is so long."""
BLACK_LEVEL = 24
"""A frame is black if hardly any pixel is brighter than this, of 255 (video black is 16)."""
BRIGHT_SHARE = 0.005
"""Share of brighter pixels that a black frame may have: noise, a logo's edge."""


@dataclass(frozen=True)
class Look:
    """One frame of a film, as the meters of the picture get it."""

    frame: Frame
    """The frame, with its index among all windows and its time."""
    row: int
    """Index of the segment that the frame lies in, below N."""
    part: int
    """Index of the part of the film of which the image tower gets one frame."""

    @cached_property
    def is_black(self) -> bool:
        """Whether the frame shows nothing: black, as between two scenes."""
        return is_black(self.frame.pixels)

    @cached_property
    def thumbnail(self) -> Thumbnail:
        """A copy of the frame at `THUMBNAIL_SIZE`, shape (9, 16, 3), values in [0, 1]."""
        from PIL import Image  # here, since a film that was measured before needs none

        box = Image.Resampling.BOX
        small = Image.fromarray(self.frame.pixels).resize(THUMBNAIL_SIZE, box)
        return np.asarray(small, dtype=np.float32) / np.float32(255)


def look_windows(
    segments: Sequence[Segment],
    *,
    frames_per_segment: int,
    key_seconds: npt.ArrayLike = (),
) -> list[Segment]:
    """Cut every segment into windows; one frame of each is read.

    Without key frames the windows are equal. With them, fewer frames have to be decoded for two
    looks at each part of a segment (K key frame, ^ looks):

        parts      |       |       |       |       |
        key frames    K                  K
        equal      ^   ^   ^   ^   ^   ^ ^ ^              windows, 1 s each
        decoded    ...     K-------------K
        planned    ...^ ^  ^   ^   ^ ^   ^ ^
        decoded       K--------------    K-

    A part that has a key frame is looked at from there on. Of the last part before one the second
    look comes soon after the first.

    Args:
        segments: N segments, chronological, without gaps.
        frames_per_segment: parts of a segment; there are `LOOKS_PER_FRAME` windows of each.
        key_seconds: (K,) when key frames come on screen, ascending.

    >>> look_windows([Segment(0.0, 2.0)], frames_per_segment=1)
    [Segment(start_seconds=0.0, end_seconds=1.0), Segment(start_seconds=1.0, end_seconds=2.0)]
    >>> look_windows([Segment(0.0, 2.0)], frames_per_segment=1, key_seconds=[0.5])
    [Segment(start_seconds=0.5, end_seconds=0.75), Segment(start_seconds=0.75, end_seconds=2.0)]
    """
    num_windows = LOOKS_PER_FRAME * frames_per_segment
    shares = [number / num_windows for number in range(num_windows)]
    windows: list[Segment] = []
    for segment in segments:
        starts = [segment.start_seconds + share * segment.duration_seconds for share in shares]
        windows += [Segment(*window) for window in pairwise([*starts, segment.end_seconds])]
    keys = np.asarray(key_seconds, dtype=np.float64)
    return _planned(windows, keys) if len(keys) else windows


def _planned(windows: Sequence[Segment], keys: FloatArray) -> list[Segment]:
    """Move pairs of windows to where little has to be decoded for them, see `look_windows`."""
    planned: list[Segment] = []
    is_needed_behind = False  # whether decoding goes on into the part behind
    for first, second in zip(windows[-2::-2], windows[::-2], strict=True):
        key, later_key = _first_in(first, keys), _first_in(second, keys)
        gap = SOON_SHARE * first.duration_seconds
        is_free = is_needed_behind or later_key is not None
        if key is None and later_key is not None and later_key + gap < second.end_seconds:
            begin, again = later_key, later_key + gap
        else:
            begin = first.start_seconds if key is None else key
            again = second.start_seconds if is_free else begin + gap
        is_needed_behind = key is None and begin == first.start_seconds
        planned += [Segment(again, second.end_seconds), Segment(begin, again)]
    return planned[::-1]


def _first_in(window: Segment, keys: FloatArray) -> float | None:
    """Return the first key frame of a window."""
    place = np.searchsorted(keys, window.start_seconds)
    is_inside = place < len(keys) and keys[place] < window.end_seconds
    return float(keys[place]) if is_inside else None


def read_looks(
    info: MediaInfo, windows: Sequence[Segment], *, decoder: Decoder = "auto"
) -> FrameReader:
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
        decoder=decoder,
    )


@dataclass(frozen=True, eq=False)
class KeyLooks:
    """Which windows have a key frame, and which segments show that of another one."""

    windows: Sequence[int]
    """Indices of the windows, ascending."""
    seconds: Sequence[float]
    """When the first key frame of each comes on screen, on the presentation clock."""
    rows: npt.NDArray[np.intp]
    """(N,) the segment whose key frame stands for each: its own or that of the latest one before
    that has any; before the first, the first."""


def spaced(key_seconds: FloatArray, duration_seconds: float) -> FloatArray:
    """Return the key frames that a quick look decodes.

    To decode a key frame and to run the image tower on it takes most of the time of a quick look.

    Args:
        key_seconds: (K,) when key frames come on screen, ascending.
        duration_seconds: length of the film.

    >>> spaced(np.array([0.0, 1.0, 3.5, 4.5, 9.0]), 600.0).tolist()
    [0.0, 4.5, 9.0]
    """
    stretch_seconds = min(LONGEST_STRETCH_SECONDS, duration_seconds / NUM_STRETCHES)
    _, first = np.unique(key_seconds // stretch_seconds, return_index=True)
    return key_seconds[first]


def find_key_looks(
    key_seconds: FloatArray, windows: Sequence[Segment], *, frames_per_segment: int
) -> KeyLooks:
    """Find the key frames that are looked at: the first of each window, where there is one.

    Args:
        key_seconds: (K,) when key frames come on screen, ascending; at least one.
        windows: the `look_windows` of N segments.
        frames_per_segment: as for those.

    >>> windows = look_windows([Segment(0.0, 2.0), Segment(2.0, 4.0)], frames_per_segment=1)
    >>> find_key_looks(np.array([0.0, 0.5, 1.5]), windows, frames_per_segment=1).seconds
    [0.0, 1.5]
    """
    starts = np.array([window.start_seconds for window in windows])
    windows_of_keys = np.clip(np.searchsorted(starts, key_seconds, "right") - 1, 0, None)
    found, first = np.unique(windows_of_keys, return_index=True)
    num_looks = LOOKS_PER_FRAME * frames_per_segment
    own = np.full(len(windows) // num_looks, -1)
    own[found // num_looks] = found // num_looks
    rows = np.maximum(np.maximum.accumulate(own), found[0] // num_looks)
    return KeyLooks(found.tolist(), key_seconds[first].tolist(), rows)


def looks_of(
    frames: Iterable[Frame], *, frames_per_segment: int, windows: Sequence[int] | None = None
) -> Iterator[Look]:
    """Yield every frame of the `look_windows` with its segment and its part of it.

    Args:
        frames: chronological.
        frames_per_segment: as for the windows.
        windows: which windows they are of; None: of all, in turn.
    """
    num_looks = LOOKS_PER_FRAME * frames_per_segment
    for frame in frames:
        if windows is not None:
            frame = replace(frame, index=windows[frame.index])
        yield Look(frame, frame.index // num_looks, frame.index // LOOKS_PER_FRAME)


class FirstSeen:
    """Picks the first frame of every part that is not black: the one that towers get."""

    def __init__(self) -> None:
        self._last_part = -1

    def of(self, looks: Sequence[Look]) -> list[Look]:
        """Return those of the next frames that are picked."""
        chosen = []
        for look in looks:
            if look.part != self._last_part and not look.is_black:
                self._last_part = look.part
                chosen.append(look)
        return chosen


class RunningMean:
    """Weighted means of N rows of D numbers, added one by one."""

    def __init__(self, num_rows: int, num_columns: int) -> None:
        self._sums = np.zeros((num_rows, num_columns))
        self._weights = np.zeros((num_rows, 1))

    def add(self, rows: Sequence[int], values: npt.ArrayLike, *, weight: float = 1.0) -> None:
        """Count `values`, one row of them for each of `rows`, which may repeat."""
        np.add.at(self._sums, rows, weight * np.asarray(values, dtype=np.float64))
        np.add.at(self._weights, rows, weight)

    def result(self) -> FloatArray:
        """Return the means, shape (N, D), NaN where nothing was added."""
        with np.errstate(invalid="ignore"):
            return self._sums / self._weights

    def directions(self) -> FloatArray:
        """Return the means at length 1, shape (N, D), NaN where nothing was added."""
        means = self.result()
        with np.errstate(invalid="ignore"):
            unit: FloatArray = means / np.linalg.norm(means, axis=1, keepdims=True)
        return unit


def is_black(pixels: Pixels) -> bool:
    """Return whether a picture, uint8 (H, W, 3), shows nothing: black, as between two scenes."""
    # Channel by channel: NumPy is twenty times slower along an axis of three.
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    is_bright = np.maximum(np.maximum(red, green), blue) > BLACK_LEVEL
    return bool(np.mean(is_bright) < BRIGHT_SHARE)
