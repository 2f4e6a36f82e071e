"""Eighteen statistics of the pixels of a picture, for a baseline without a network."""

from __future__ import annotations

import numpy as np
from PIL import Image

from mmva_core.towers import ImageArray

SIDE = 128
"""Side of the square that pictures are resized to first, pixels."""
QUANTILES = (0.05, 0.25, 0.75, 0.95)
"""Quantiles of the brightness."""


def pixel_statistics(image: ImageArray) -> list[float]:
    """Compute the 18 statistics of a picture (H, W, 3) uint8, colours scaled to [0, 1].

    Mean and SD of red, green, blue, saturation and brightness (10); quantiles of the brightness
    (4); mean horizontal and vertical gradient (2); brightness of the middle minus the mean (1); and
    mean red minus mean blue (1).
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
