"""Do to a picture what video does: cut it, grade it, letterbox it, compress it.

Used to make views of training pictures, so that the head sees photographs as frames.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageEnhance

from mmva_core.towers import ImageArray

SMALLEST_AREA = 0.7
"""Share of the picture that a cut keeps at least."""
ASPECTS = (1.0, 1.9)
"""Width over height of a cut, where the picture allows it."""
SHORT_SIDES = (144, 180, 240)
"""Lines of the compressed pictures."""
QUALITIES = (20, 33)
"""Constant rate factors of x264, best and worst."""
GRADES = {"brightness": (0.75, 1.2), "contrast": (0.8, 1.2), "colour": (0.5, 1.4)}
"""Factors of grading."""
BAR_SHARES = (0.04, 0.16)
"""Height of a black bar, as a share of the picture's."""
GRADED, LETTERBOXED, MIRRORED = 0.6, 0.2, 0.5  # how often


def as_video_frame(image: ImageArray, generator: np.random.Generator) -> ImageArray:
    """Make a picture look like a frame of some video.

    Args:
        image: (H, W, 3) uint8.
        generator: decides what is done.

    Returns:
        (H', W', 3) uint8, both sides even.
    """
    picture = _cut(Image.fromarray(image), generator)
    if generator.random() < GRADED:
        for name, (low, high) in GRADES.items():
            picture = _enhance(picture, name, generator.uniform(low, high))
    if generator.random() < LETTERBOXED:
        picture = _letterbox(picture, generator.uniform(*BAR_SHARES))
    short_side = int(generator.choice(SHORT_SIDES))
    pixels = compress(np.asarray(picture), short_side, int(generator.integers(*QUALITIES)))
    return np.ascontiguousarray(pixels[:, ::-1]) if generator.random() < MIRRORED else pixels


def compress(image: ImageArray, short_side: int, quality: int) -> ImageArray:
    """Scale a picture and send it through H.264 as a key frame.

    Args:
        image: (H, W, 3) uint8.
        short_side: shorter side of the result, pixels.
        quality: constant rate factor of x264, 0 (lossless) to 51.

    Returns:
        The decoded picture, sides even.
    """
    height, width = image.shape[:2]
    scale = short_side / min(height, width)
    size = tuple(max(16, 2 * round(side * scale / 2)) for side in (width, height))
    small = Image.fromarray(image).resize((size[0], size[1]), Image.Resampling.BICUBIC)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {
        "crf": str(quality), "preset": "veryfast", "tune": "zerolatency", "threads": "1"
    }  # fmt: skip
    rgb = av.VideoFrame.from_ndarray(np.asarray(small), format="rgb24")
    frame = rgb.reformat(format="yuv420p")
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = encoder.extradata
    decoder.thread_count = 1
    frames = [decoded for packet in packets for decoded in decoder.decode(packet)]
    frames += decoder.decode(None)
    return np.asarray(frames[0].to_ndarray(format="rgb24"))


def _cut(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    aspect = float(np.exp(generator.uniform(*np.log(ASPECTS))))
    area = picture.width * picture.height * generator.uniform(SMALLEST_AREA, 1)
    width = min(picture.width, round((area * aspect) ** 0.5))
    height = min(picture.height, round((area / aspect) ** 0.5))
    left = int(generator.integers(picture.width - width + 1))
    top = int(generator.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def _enhance(picture: Image.Image, name: str, factor: float) -> Image.Image:
    kinds = {
        "brightness": ImageEnhance.Brightness,
        "contrast": ImageEnhance.Contrast,
        "colour": ImageEnhance.Color,
    }
    return kinds[name](picture).enhance(factor)


def _letterbox(picture: Image.Image, share: float) -> Image.Image:
    bar = round(picture.height * share)
    boxed = Image.new("RGB", picture.size)
    inner = picture.crop((0, bar, picture.width, picture.height - bar))
    boxed.paste(inner, (0, bar))
    return boxed
