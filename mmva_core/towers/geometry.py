"""Which size pictures are brought to for an image tower. Nothing here imports torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mmva_core.config import Geometry

ImageArray = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
"""A picture: (H, W, 3) uint8, RGB."""
CROP_SIDE = 224
"""Side of the training pictures of the image towers, pixels."""
SHORT_SIDE = 256
"""Short side of a picture before the centre crop, pixels."""
STRIDE = 32
"""Side of the picture over side of the last map."""


def check_image(image: ImageArray) -> ImageArray:
    """Return `image` if it is a uint8 RGB array (H, W, 3) with at least one pixel.

    Raises:
        TypeError: `image` is not an array of uint8.
        ValueError: `image` has another shape.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        kind = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise TypeError(f"image must be a NumPy array of uint8, got {kind}")
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"image must have shape (H, W, 3), got {image.shape}")
    return image


def target_size(
    height: int, width: int, geometry: Geometry
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the size to resize to and the size of the centre crop, each (height, width).

    Args:
        height: height of the picture, pixels.
        width: width of the picture, pixels.
        geometry: "crop": short side 256, centre square of 224 (how the tower was trained).
            "rect": the whole picture at about its aspect ratio (at most 4 : 1), about as many
            pixels as 224 x 224, both sides multiples of 32, the long one rounded up: close to the
            cost of "crop", nothing cut off.
            "squash": the whole picture squeezed to 224 x 224.

    >>> target_size(720, 1280, "crop")
    ((256, 455), (224, 224))
    >>> target_size(720, 1280, "rect")
    ((160, 320), (160, 320))
    """
    if geometry == "squash":
        return (CROP_SIDE, CROP_SIDE), (CROP_SIDE, CROP_SIDE)
    if geometry == "rect":
        side = CROP_SIDE // STRIDE  # the square is side * side cells of the last map
        aspect = min(max(width, height) / min(width, height), 4.0)
        cells = (round(side / aspect**0.5), math.ceil(side * aspect**0.5))
        rows, columns = cells if width >= height else cells[::-1]
        size = (rows * STRIDE, columns * STRIDE)
        return size, size
    scale = SHORT_SIDE / min(height, width)
    return (round(height * scale), round(width * scale)), (CROP_SIDE, CROP_SIDE)


def group_by_shape(shapes: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], list[int]]:
    """Group positions by shape, in order of first appearance.

    >>> group_by_shape([(2, 3), (4, 3), (2, 3)])
    {(2, 3): [0, 2], (4, 3): [1]}
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for position, shape in enumerate(shapes):
        groups.setdefault(shape, []).append(position)
    return groups
