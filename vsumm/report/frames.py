"""Read single frames of a film as Pillow images, and judge how good a picture each makes."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vsumm.decode import read_frames
from vsumm.errors import InputError
from vsumm.media import MediaInfo

ENOUGH_DETAIL = 0.04
"""Mean absolute Laplacian of a sharp picture; more is texture, such as leaves, and no better."""
MOST_CRUSHED = 0.5
"""A picture of which more than this share is black or white shows little."""


def images_at(
    info: MediaInfo, times_seconds: Sequence[float], *, short_side: int, slack_seconds: float = 0.0
) -> dict[float, Image.Image]:
    """Return the pictures on screen at some times, or soon after.

    Args:
        info: the film.
        times_seconds: wanted times on the presentation clock, in any order.
        short_side: short side of the pictures in pixels; smaller films keep their size.
        slack_seconds: how much later than wanted a picture may be; cheaper than 0.

    Returns:
        Pictures by wanted time. Left out are times that cannot be read and, of a film without
        readable picture, all.
    """
    times = sorted(set(times_seconds))
    if info.video is None or not times:
        return {}
    # No frame may be later than the next wanted time: `read_frames` wants them in order.
    following = [*times[1:], float("inf")]
    latest = [min(t + slack_seconds, n) for t, n in zip(times, following, strict=True)]
    images = {}
    try:
        with read_frames(info, times, latest_seconds=latest, short_side=short_side) as frames:
            for frame in frames:
                images[times[frame.index]] = Image.fromarray(frame.pixels)
    except InputError:  # not a single frame; the summary says what could not be read
        return {}
    return images


def fit_width(image: Image.Image, width: int) -> Image.Image:
    """Return the picture no wider than `width` pixels."""
    if image.width <= width:
        return image
    return image.resize((width, max(1, round(image.height * width / image.width))))


def jpeg_bytes(image: Image.Image, *, quality: int) -> bytes:
    """Return the picture as JPEG; the same picture gives the same bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def picture_quality(image: Image.Image) -> float:
    """Return how sharp, bright and colourful a picture is, in [0, 1].

    Sharpness is the mean absolute Laplacian of the brightness at a fixed width, so that large
    pictures have no advantage; a picture that is mostly black or white has none of it.
    """
    small = np.asarray(fit_width(image, 256).convert("YCbCr"), dtype=np.float64)
    grey = small[..., 0] / 255
    if min(grey.shape) < 3:
        return 0.0
    laplacian = (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    sharpness = min(1.0, float(np.abs(laplacian).mean()) / ENOUGH_DETAIL)
    crushed = float(np.mean((grey < 0.08) | (grey > 0.97)))
    brightness = max(0.0, 1 - abs(float(grey.mean()) - 0.5) / 0.5)
    colour = min(1.0, float(np.abs(small[..., 1:] - 128).mean()) / 24)
    quality = 0.45 * sharpness + 0.4 * brightness + 0.15 * colour
    return quality * (1 - max(0.0, crushed - MOST_CRUSHED) / (1 - MOST_CRUSHED))
