"""What the numbers of a decoded frame mean: matrix, range, transparency, dynamic range.

Codes are those of ITU-T H.273. Many files name none; what players assume then is assumed here.

Runs in the decoding and encoding processes only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from typing import Any

import av

from vsumm.decode.hdr import HLG, PQ

BT709 = 1
"""BT.709 among primaries, transfer characteristics and matrices."""
SMPTE170M = 6
"""The matrix of standard definition, that of BT.601."""
BT2020 = 9
"""The matrix of ultra-high definition, with constant brightness left out."""
UNSPECIFIED = 2
"""The file does not say."""
RGB_MATRIX = 0
"""There is none: the planes are red, green and blue."""
LIMITED_RANGE, FULL_RANGE = 1, 2
"""AVColorRange: 8-bit luma in 16 to 235, or in 0 to 255."""

HD_WIDTH, SD_HEIGHT = 1280, 576
"""From this width on, or with more lines than this, a picture is of high definition."""

MATRIX_NAMES = {
    BT709: "bt709",
    4: "fcc",
    5: "bt470",
    SMPTE170M: "smpte170m",
    7: "smpte240m",
    BT2020: "bt2020",
}
"""What FFmpeg's scaler calls the matrices that it knows."""


def is_hdr(transfer: int) -> bool:
    """Whether a transfer characteristic is one of high dynamic range."""
    return transfer in (PQ, HLG)


def is_rgb(pixel_format: str) -> bool:
    """Whether pixels are red, green and blue, or a palette of such."""
    return av.VideoFormat(pixel_format).is_rgb or pixel_format == "pal8"


def has_alpha(frame: Any) -> bool:
    """Whether parts of a frame may be transparent; a palette may hold such entries."""
    name = frame.format.name
    return name == "pal8" or any(component.is_alpha for component in frame.format.components)


def is_limited_grey(frame: Any) -> bool:
    """Whether a frame has luma only, in the range of television.

    FFmpeg's scaler takes any grey for full range.
    """
    return bool(frame.format.name.startswith("gray") and frame.color_range == LIMITED_RANGE)


def is_full_range(frame: Any) -> bool:
    """Whether black is 0 in a frame of luma and chroma; untagged ones are of limited range."""
    name = frame.format.name
    is_untagged_grey = name.startswith("gray") and frame.color_range != LIMITED_RANGE
    return bool(frame.color_range == FULL_RANGE or name.startswith("yuvj") or is_untagged_grey)


def matrix_of(frame: Any) -> int:
    """Return the matrix that turns a frame of luma and chroma into red, green and blue."""
    if frame.colorspace not in (UNSPECIFIED, RGB_MATRIX):
        return int(frame.colorspace)
    if is_hdr(frame.color_trc):
        return BT2020
    return usual_matrix(frame.width, frame.height)


def usual_matrix(width: int, height: int) -> int:
    """Return the matrix that players assume where a file names none.

    >>> usual_matrix(1280, 720) == BT709, usual_matrix(720, 576) == SMPTE170M
    (True, True)
    """
    return BT709 if width >= HD_WIDTH or height > SD_HEIGHT else SMPTE170M
