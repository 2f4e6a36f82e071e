"""Turn a decoded frame into upright RGB pixels of the wanted size.

Runs in the decoding process only, see `vsumm.worker`.
"""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import Interpolation

from vsumm.decode_size import Geometry

SMPTE_2084, ARIB_STD_B67 = 16, 18
"""Transfer characteristics of HDR film, numbered as in ITU-T H.273."""


def to_pixels(frame: av.VideoFrame, geometry: Geometry) -> np.ndarray:
    """Scale, convert and rotate: uint8 (H, W, 3) RGB, contiguous."""
    width, height = geometry.width, geometry.height
    if geometry.rotation_degrees % 180:
        width, height = height, width
    has_alpha = any(component.is_alpha for component in frame.format.components)
    converted = frame.reformat(
        width,
        height,
        "rgba" if has_alpha else "rgb24",
        interpolation=Interpolation.BILINEAR,
        threads=1,
    )
    pixels: np.ndarray = converted.to_ndarray()
    if has_alpha:
        pixels = _over_black(pixels)
    return np.ascontiguousarray(np.rot90(pixels, -(geometry.rotation_degrees // 90)))


def _over_black(pixels: np.ndarray) -> np.ndarray:
    """Blend (H, W, 4) over black: players show black where a film is transparent."""
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + 127) // 255).astype(np.uint8)
