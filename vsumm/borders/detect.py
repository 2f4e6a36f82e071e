"""Tell cuts and dissolves from motion, among successive frames.

A cut is what PySceneDetect's adaptive detector finds: a change that stands out from those around
it. The same rule is applied here to all frames at once, in a third of the time and without what
that package loads, readers of films of its own among it. A dissolve or a fade is a stretch in which
each picture is a mixture of the first and the last one, ever more of the last: it counts as a cut
where half of it is reached.

Runs in the process that decodes, see `shots_job.py`. Letters: F frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]

PICTURE_SIZE = (64, 36)
"""Width and height of the frames that are compared, whatever shape the film has."""
BLOCK = 4
"""Pixels, in both directions, that are averaged where mixtures are looked for."""
CONTEXT = 2
"""Frames on both sides of a cut that it must stand out from: `window_width` of the detector."""
LEAST_RATIO = 3.0
"""How many times the mean of those a cut changes, at least: its `adaptive_threshold`."""
LEAST_CONTENT = 15.0
"""How much a cut changes hue, saturation and value, of 255, on average: its `min_content_val`."""
NO_CHANGE = 1e-5
"""Below this mean, nothing changes around a frame."""
FEWEST_FRAMES = 12
"""Of a dissolve, with its stable ends."""
WINDOW, WINDOW_STEP = 60, 15
"""Frames in which a dissolve is looked for, and how far apart these windows begin."""
LEAST_CHANGE = 0.05
"""Mean difference of the pictures before and after a dissolve, values in [0, 1]."""
MOST_REST = 0.5
"""How far its pictures may be from mixtures of the two, as a share of their difference."""
MOST_RETURN = 0.1
"""How much of the way a dissolve may go back from one frame to the next: noise, motion."""
STABLE_PART, STABLE_SHARE = 5, 0.15
"""In the first and the last fifth of the stretch no more of the way is gone than this: what is
before and after a dissolve belongs to it. A slow pan goes on all the time."""


def cuts_among(pictures: Sequence[Pixels]) -> list[int]:
    """Return the indices of the frames that begin a shot, ascending.

    Args:
        pictures: F successive frames, uint8 (H, W, 3) BGR, of `PICTURE_SIZE`.
    """
    hard = _hard_cuts(pictures)
    borders = [0, *hard, len(pictures)]
    soft = [
        first + middle
        for first, last in pairwise(borders)
        if first < last
        for middle in _dissolves(pictures[first:last])
    ]
    return sorted([*hard, *soft])


def _hard_cuts(pictures: Sequence[Pixels]) -> list[int]:
    if len(pictures) < 2:
        return []
    changes = _changes(np.stack(pictures))
    # Beyond the ends nothing changes, so that a cut beside them has frames on both sides too.
    around = np.pad(changes, CONTEXT)
    beside = [around[lag : lag + len(changes)] for lag in range(2 * CONTEXT + 1) if lag != CONTEXT]
    mean = sum(beside) / len(beside)
    with np.errstate(divide="ignore", invalid="ignore"):
        stands_out = (mean < NO_CHANGE) | (changes / mean >= LEAST_RATIO)
    cuts: list[int] = np.flatnonzero(stands_out & (changes >= LEAST_CONTENT)).tolist()
    return cuts


def _changes(pictures: Pixels) -> FloatArray:
    """Return by how much each of F pictures differs from the one before, (F,); the first by 0.

    The mean difference of hue, saturation and value, as OpenCV has them in 8 bits.
    """
    count, height, width, _ = pictures.shape
    hsv = cv2.cvtColor(pictures.reshape(count * height, width, 3), cv2.COLOR_BGR2HSV)
    differences = cv2.absdiff(hsv[height:], hsv[:-height]).reshape(count - 1, height, width, 3)
    totals = np.array([cv2.sumElems(difference) for difference in differences])
    hue, saturation, value = totals[:, :3].T / (height * width)
    return np.concatenate([[0.0], (hue + saturation + value) / 3])


def _dissolves(pictures: Sequence[Pixels]) -> list[int]:
    """Return the middles of the dissolves in a stretch without cuts, looked for in windows."""
    small = np.stack([_blocks(picture) for picture in pictures])
    middles: list[int] = []
    for first in range(0, max(1, len(small) - WINDOW + WINDOW_STEP), WINDOW_STEP):
        middle = _middle_of_dissolve(small[first : first + WINDOW])
        if middle is not None and (not middles or first + middle - middles[-1] > WINDOW_STEP):
            middles.append(first + middle)
    return middles


def _middle_of_dissolve(small: FloatArray) -> int | None:
    """Return the frame at which half of a dissolve is reached, None where there is none.

    Args:
        small: (F, D) frames as vectors.
    """
    if len(small) < FEWEST_FRAMES:
        return None
    before, after = small[:2].mean(axis=0), small[-2:].mean(axis=0)
    way = after - before
    if np.abs(way).mean() < LEAST_CHANGE:
        return None
    share = (small - before) @ way / (way @ way)
    rest = np.abs(small - before - share[:, None] * way).mean(axis=1) / np.abs(way).mean()
    part = len(small) // STABLE_PART
    is_stable = share[:part].max() < STABLE_SHARE and share[-part:].min() > 1 - STABLE_SHARE
    is_steady = np.diff(share).min() > -MOST_RETURN
    if rest.max() > MOST_REST or not is_stable or not is_steady:
        return None
    return int(np.argmax(share >= 0.5))


def _blocks(picture: Pixels) -> FloatArray:
    height, width, channels = picture.shape
    shape = height // BLOCK, BLOCK, width // BLOCK, BLOCK, channels
    means: FloatArray = picture.reshape(shape).mean(axis=(1, 3)).ravel()
    return means / 255
