"""Films of shots: each has its own colours, and something that moves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

RATE = 25
CLOCK = Fraction(1, 12_800)
NUM_BARS = 16
STRIP_PART = 10
"""The strip with the number of a frame is so small a part of the picture, at the top."""


def make_shots(
    path: Path,
    lengths: Sequence[float],
    *,
    size: tuple[int, int] = (160, 90),
    dissolves: dict[int, float] | None = None,
    black_after: dict[int, float] | None = None,
    frame_times: Sequence[float] | None = None,
    bright: Sequence[int] = (),
    keys_at_cuts: bool = False,
) -> Path:
    """Write a film without sound and return its path.

    Args:
        path: where to; its extension decides the container.
        lengths: of the shots, seconds.
        size: of the picture.
        dissolves: by the number of a shot how long it takes to turn into the next one, around their
            border.
        black_after: by the number of a shot how long it takes to fade to black, and the next one
            from black, before and after their border.
        frame_times: when the frames begin, for a variable rate.
        bright: numbers of shots whose lower half is white in parts.
        keys_at_cuts: whether each shot begins with a key frame, and no other frame is one.
    """
    borders = np.cumsum([0.0, *lengths])
    if frame_times is None:
        frame_times = [k / RATE for k in range(round(borders[-1] * RATE))]
    ends = [*frame_times[1:], float(borders[-1])]
    reformatter = VideoReformatter()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = CLOCK
        stream.codec_context.thread_count = 1
        options = {"preset": "ultrafast", "sc_threshold": "0", "g": "50"}
        if keys_at_cuts:
            options |= {"g": "9999", "forced-idr": "1"}
        stream.codec_context.options = options
        for time, end in zip(frame_times, ends, strict=True):
            picture = _picture(time, borders, size, dissolves or {}, black_after or {}, bright)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = reformatter.reformat(frame, format="yuv420p", threads=1)
            frame.time_base = CLOCK
            frame.pts = round(time / CLOCK)
            if keys_at_cuts and np.abs(borders - time).min() < 0.5 / RATE:
                frame.pict_type = PictureType.I
            frame.duration = round((end - time) / CLOCK)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def draw_shot(number: int, time: float, size: tuple[int, int]) -> np.ndarray:
    """Two colours of a shot, and stripes that move across them: float (H, W, 3), 0 to 255."""
    rng = np.random.default_rng(number)
    left, right = rng.uniform(40, 215, (2, 3))
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    base = left + (right - left) * (x if number % 2 else y)[..., None]
    stripes = 25 * np.sin(2 * np.pi * (5 * x + 3 * y + 0.8 * time))
    return base + stripes[..., None]


def draw_numbered_shot(number, time, size, *, borders, bright, flash=False) -> np.ndarray:
    """Draw a frame of a shot, its number in a strip at the top: uint8 (H, W, 3), for `make_film`.

    In the strip, which is too small to matter for cuts, one bar changes from one frame to the next.
    """
    picture = _picture(time, np.asarray(borders), size, {}, {}, bright)
    code = number ^ (number >> 1)
    bits = (code >> np.arange(NUM_BARS - 1, -1, -1)) & 1
    columns = np.arange(size[0]) * NUM_BARS // size[0]
    picture[: size[1] // STRIP_PART] = np.where(bits[columns] == 1, 235, 16)[None, :, None]
    return picture


def read_shot_number(pixels: np.ndarray) -> int:
    """Return the number of a frame of `draw_numbered_shot`; uint8 (H, W, 3), upright, any size."""
    height, width = pixels.shape[:2]
    row = pixels[height // STRIP_PART // 4 : height * 3 // STRIP_PART // 4].mean(axis=(0, 2))
    bars = row[((np.arange(NUM_BARS) + 0.5) * width / NUM_BARS).astype(int)] > 128
    bits = np.bitwise_xor.accumulate(bars.astype(int))
    return int((bits << np.arange(NUM_BARS - 1, -1, -1)).sum())


def _picture(time, borders, size, dissolves, black_after, bright) -> np.ndarray:
    number = min(int(np.searchsorted(borders, time + 1e-6, side="right")) - 1, len(borders) - 2)
    picture = draw_shot(number, time, size)
    if number in bright:
        picture[size[1] * 3 // 4 :] = 255
    for first, seconds in dissolves.items():
        share = (time - borders[first + 1]) / seconds + 0.5
        if 0 < share < 1:
            before, after = (draw_shot(first + k, time, size) for k in (0, 1))
            picture = (1 - share) * before + share * after
    for first, seconds in black_after.items():
        distance = abs(time - borders[first + 1]) / seconds
        picture = picture * min(1.0, distance)
    return picture.astype(np.uint8)
