"""Augment pictures as video would change them: crop, grade, letterbox, compress.

The augmented views of training pictures teach the head what photographs look like as video frames.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageEnhance

from mmva_core.towers import ImageArray

SMALLEST_AREA = 0.7
"""Smallest share of the picture's area that a crop keeps."""
ASPECTS = (1.0, 1.9)
"""Range of the aspect ratio (width / height) of a crop, limited by the picture."""
SHORT_SIDES = (144, 180, 240)
"""Shorter sides of the compressed pictures, pixels."""
QUALITIES = (20, 33)
"""Range of x264's constant rate factor, best and worst quality."""
GRADES = {"brightness": (0.75, 1.2), "contrast": (0.8, 1.2), "colour": (0.5, 1.4)}
"""Ranges of the factors of colour grading."""
BAR_SHARES = (0.04, 0.16)
"""Range of a black bar's height, as a share of the picture's."""
GRADED, LETTERBOXED, MIRRORED = 0.6, 0.2, 0.5
"""Probabilities of each change."""


def as_video_frame(image: ImageArray, generator: np.random.Generator) -> ImageArray:
    """Change a picture at random so that it looks like a video frame.

    Args:
        image: (H, W, 3) uint8.
        generator: random numbers.

    Returns:
        (H', W', 3) uint8, both sides even.
    """
    picture = _crop(Image.fromarray(image), generator)
    if generator.random() < GRADED:
        for name, (low, high) in GRADES.items():
            picture = _enhance(picture, name, generator.uniform(low, high))
    if generator.random() < LETTERBOXED:
        picture = _letterbox(picture, generator.uniform(*BAR_SHARES))
    short_side = int(generator.choice(SHORT_SIDES))
    pixels = compress(np.asarray(picture), short_side, int(generator.integers(*QUALITIES)))
    return np.ascontiguousarray(pixels[:, ::-1]) if generator.random() < MIRRORED else pixels


def compress(image: ImageArray, short_side: int, quality: int) -> ImageArray:
    """Scale a picture and compress it as an H.264 key frame.

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


def _crop(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
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
