"""Eighteen numbers that describe the pixels of a picture: the baseline that knows no things.

What a network must beat before it may be said to see anything.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from mmva_core.towers import ImageArray

SIDE = 128
"""Pictures are brought to this square first, pixels."""
QUANTILES = (0.05, 0.25, 0.75, 0.95)
"""Of the brightness."""


def pixel_statistics(image: ImageArray) -> list[float]:
    """Describe a picture (H, W, 3) uint8 by 18 numbers, colours from 0 to 1.

    Mean and SD of red, green, blue, saturation and brightness (10); quantiles of the brightness
    (4); mean steepness across and down (2); how much brighter the middle is than the rest (1); and
    the distance between warm and cold colours (1).
    """
    small = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX)
    rgb = np.asarray(small, dtype=np.float64) / 255
    saturation, brightness = np.moveaxis(np.asarray(small.convert("HSV")) / 255, 2, 0)[1:]
    planes = [*np.moveaxis(rgb, 2, 0), saturation, brightness]
    quarter = SIDE // 4
    middle = brightness[quarter:-quarter, quarter:-quarter].mean()
    statistics = [
        *(plane.mean() for plane in planes),
        *(plane.std() for plane in planes),
        *np.quantile(brightness, QUANTILES),
        np.abs(np.diff(brightness, axis=1)).mean(),
        np.abs(np.diff(brightness, axis=0)).mean(),
        middle - brightness.mean(),
        (rgb[..., 0] - rgb[..., 2]).mean(),
    ]
    return [float(value) for value in statistics]
