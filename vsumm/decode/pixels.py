"""Turn decoded frames into upright RGB pixels of the wanted size.

Runs in the decoding process only, see `vsumm.workers.child`.
"""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from vsumm.decode.hdr import HLG, PQ, to_sdr
from vsumm.decode.size import Geometry

IN_TWO_STEPS = ("yuv420p", "yuvj420p")
"""Formats that libswscale shrinks and converts faster one after the other: 1.3 ms for a frame of
720p where both at once took 2.5 ms. No value of a pixel differs by more than 3 of 255."""


class PixelConverter:
    """Scale, convert and rotate frames, with one set-up for all of them.

    Args:
        geometry: size and rotation of the upright picture.
    """

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._scaler = VideoReformatter()
        self._shrinker = VideoReformatter()

    def convert(self, frame: av.VideoFrame) -> np.ndarray:
        """Return the pixels: uint8 (H, W, 3) RGB for SDR displays, contiguous.

        Transparent film is shown over black, as players do. HDR film is mapped to the range of an
        ordinary screen: taken as it is, it would look washed out. Of two fields the first is shown:
        together they are torn where something moves.
        """
        has_alpha = any(component.is_alpha for component in frame.format.components)
        if frame.color_trc in (PQ, HLG):
            pixels = to_sdr(self._scale(frame, "rgb48le"), frame.color_trc)
        elif has_alpha:
            pixels = _over_black(self._scale(frame, "rgba"))
        else:
            pixels = self._scale(frame, "rgb24")
        if self._geometry.is_mirrored:
            pixels = pixels[:, ::-1]
        return np.ascontiguousarray(np.rot90(pixels, -(self._geometry.rotation_degrees // 90)))

    def _scale(self, frame: av.VideoFrame, pixel_format: str) -> np.ndarray:
        width, height = self._geometry.width, self._geometry.height
        if self._geometry.rotation_degrees % 180:
            width, height = height, width
        whole, left, top = self._whole_size(frame, width, height)
        # The scaler keeps the fields of interlaced frames apart, in every other line.
        step = 2 if frame.interlaced_frame else 1
        steps = [(self._scaler, pixel_format)]
        if pixel_format == "rgb24" and frame.format.name in IN_TWO_STEPS and width < frame.width:
            steps = [(self._shrinker, "yuv444p"), *steps]
        for scaler, name in steps:
            frame = scaler.reformat(
                frame,
                whole[0],
                whole[1] * step,
                name,
                interpolation=Interpolation.BILINEAR,
                threads=1,
            )
        return frame.to_ndarray()[::step][top : top + height, left : left + width]

    def _whole_size(
        self, frame: av.VideoFrame, width: int, height: int
    ) -> tuple[tuple[int, int], int, int]:
        """Return the size to scale to, and where in that the picture begins, at the left and top.

        Args:
            frame: a frame as it was coded.
            width: width of what is shown of it, after scaling.
            height: height of that.
        """
        left, top, right, bottom = self._geometry.crop
        shown = frame.width - left - right, frame.height - top - bottom
        if min(shown) <= 0 or shown == (frame.width, frame.height):
            return (width, height), 0, 0
        across, down = width / shown[0], height / shown[1]
        whole = round(frame.width * across), round(frame.height * down)
        left, top = min(round(left * across), whole[0] - width), round(top * down)
        return whole, left, min(top, whole[1] - height)


def _over_black(pixels: np.ndarray) -> np.ndarray:
    """Blend (H, W, 4) over black."""
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + 127) // 255).astype(np.uint8)
