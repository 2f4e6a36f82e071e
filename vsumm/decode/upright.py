"""Name the filters that make a decoded frame an upright, cropped, square, opaque SDR picture.

Frames that are scored, shown in a report and put into the reel all go through them. They differ by
their `PictureTarget`: size and pixel format; a quick scaler where pictures are shrunk to be scored;
the first field of interlaced frames where each is decoded by itself, all fields where the frames
come one after the other.

    coded frame ─> fields ─> no alpha ─> crop ─> scale, colours ─> mirror, turn ─> bars, even size

Runs in the decoding and encoding processes only, see `vsumm.workers.child`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from vsumm.decode.colours import (
    BT709,
    MATRIX_NAMES,
    RGB_MATRIX,
    UNSPECIFIED,
    has_alpha,
    is_full_range,
    is_hdr,
    is_limited_grey,
    is_rgb,
    matrix_of,
    usual_matrix,
)
from vsumm.media import VideoStream, displayed_size

LARGEST_STRETCH = Fraction(103, 100)
"""Pictures of another shape than the first are stretched up to this; beyond, bars fill the rest."""

SHRUNK_FIRST = ("yuv420p", "yuvj420p")
"""Formats that the scaler shrinks and then turns into RGB faster than it does both at once."""

EXACT_SCALER = "bicubic+accurate_rnd+full_chroma_int"
QUICK_SCALER = "bilinear"
"""Flags of FFmpeg's scaler: for pictures that are looked at, and for those that are scored."""

TONE_MAPPING = ("haldclut", "clut=first")
"""Looks colours up in the table of `vsumm.decode.hdr`, which is its second input."""

_TURNS = {
    90: [("transpose", "clock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "cclock")],
}

Filter = tuple[str, str]
"""Name of a filter of FFmpeg, and its arguments."""


@dataclass(frozen=True)
class PictureTarget:
    """What the pictures look like that frames of a film are turned into."""

    width: int
    """Width in square pixels."""
    height: int
    """Height in square pixels."""
    pixel_format: str
    """FFmpeg's name of the pixel format."""
    rotation_degrees: int
    """Clockwise rotation that makes the picture upright."""
    display_width: int
    """Width of the film's display; if the target's is a little less, columns are cut off."""
    display_height: int
    """Height of the film's display; if the target's is a little less, rows are cut off."""
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Columns and rows that are cut off before all else: left, top, right, bottom."""
    is_mirrored: bool = False
    """Whether left and right are swapped before that rotation."""
    sample_aspect_ratio: float = 1.0
    """Width of a coded sample of the film by its height, where its frames do not say."""
    is_tone_mapped: bool = True
    """Whether a high dynamic range is mapped to the common one."""
    has_first_field_only: bool = False
    """Whether the first field stands for an interlaced frame, whose neighbours are not at hand."""
    scaler: str = EXACT_SCALER
    """Flags of FFmpeg's scaler."""
    matrix: int | None = None
    """The matrix that luma and chroma are brought to, as numbered in ITU-T H.273; None: that of the
    film, see `output_matrix`."""

    @classmethod
    def of_video(
        cls, video: VideoStream, size: tuple[int, int], pixel_format: str, **rest: Any
    ) -> PictureTarget:
        """Return the target for upright pictures of a film.

        Args:
            video: what is known of its picture, perhaps from JSON.
            size: width and height in square pixels.
            pixel_format: FFmpeg's name of it.
            rest: other fields that do not follow from the film.
        """
        left, top, right, bottom = video.crop
        return cls(
            *size,
            pixel_format,
            rotation_degrees=video.rotation_degrees,
            display_width=video.width,
            display_height=video.height,
            crop=(left, top, right, bottom),
            is_mirrored=video.is_mirrored,
            sample_aspect_ratio=video.sample_aspect_ratio,
            **rest,
        )

    @property
    def is_full_range(self) -> bool:
        """Whether black is 0 and white the largest value, rather than 16 and 235."""
        return self.pixel_format.startswith("yuvj") or is_rgb(self.pixel_format)


def filter_chain(
    frame: Any, target: PictureTarget, *, with_deinterlacing: bool
) -> tuple[Filter, ...]:
    """Name the filters that a frame needs; none if it fits already.

    Args:
        frame: a frame of PyAV; `opaque` may hold the aspect ratio of its samples, a fraction.
        target: what it is turned into.
        with_deinterlacing: whether frames are interlaced, and follow each other.
    """
    pixel_format = frame.format.name
    chain: list[Filter] = []
    if with_deinterlacing:
        chain.append(("bwdif", "mode=send_frame:deint=interlaced"))
    if has_alpha(frame):
        colours = _source_colours(frame, pixel_format, with_matrix=True)
        pixel_format = "gbrap"
        chain += [
            ("scale", f"flags={target.scaler}{colours}"),
            ("format", pixel_format),
            ("premultiply", "inplace=1"),
        ]
    size = _shown_size(frame, target)
    if size != (frame.width, frame.height):
        left, top, _, _ = target.crop
        chain.append(("crop", f"{size[0]}:{size[1]}:{left}:{top}:exact=1"))
    is_halved = target.has_first_field_only and frame.interlaced_frame
    if is_halved:
        chain.append(("field", "type=top"))
    fitted = _fitted_size(frame, target)
    has_bars = fitted != (target.width, target.height)
    turned_size = _turned(size, target)
    is_resized = has_bars or is_halved or _is_resized(turned_size, target)
    if is_resized:
        chain += _scale(frame, pixel_format, target, _turned(fitted, target))
        turned_size = fitted
    elif pixel_format != target.pixel_format or _has_other_values(frame, target):
        chain += _scale(frame, pixel_format, target, size)
    if target.is_mirrored:
        chain.append(("hflip", ""))
    chain += _TURNS.get(target.rotation_degrees, [])
    if has_bars:
        chain += [("pad", f"{target.width}:{target.height}:-1:-1"), ("setsar", "1")]
    elif turned_size != (target.width, target.height):
        chain.append(("crop", f"{target.width}:{target.height}:0:0:exact=1"))
    if chain:
        chain.append(("format", target.pixel_format))
    return tuple(chain)


def output_matrix(pixel_format: str, matrix: int, transfer: int, target: PictureTarget) -> int:
    """Return the matrix of the pictures made of a film, as numbered in ITU-T H.273.

    That of the film, also where it is unknown; the usual one for films in red, green and blue.

    Args:
        pixel_format: format of the film's frames.
        matrix: what the film says of its matrix.
        transfer: what it says of its transfer characteristics.
        target: what the pictures look like.
    """
    if target.matrix is not None:
        return target.matrix
    if target.is_tone_mapped and is_hdr(transfer):
        return BT709
    if is_rgb(pixel_format) or matrix == RGB_MATRIX:
        return usual_matrix(target.width, target.height)
    return matrix


def _turned(size: tuple[int, int], target: PictureTarget) -> tuple[int, int]:
    return (size[1], size[0]) if target.rotation_degrees % 180 else size


def _shown_size(frame: Any, target: PictureTarget) -> tuple[int, int]:
    """Return how large the part of a coded picture is that is shown."""
    left, top, right, bottom = target.crop
    width, height = frame.width - left - right, frame.height - top - bottom
    return (width, height) if min(width, height) > 0 else (frame.width, frame.height)


def _fitted_size(frame: Any, target: PictureTarget) -> tuple[int, int]:
    """Return the size at which a picture fills the target in one direction at least.

    A film may change its shape: a telephone is turned, a broadcast goes from narrow to wide.
    Between bars the size is even, as the usual encoders take it.
    """
    ratio = frame.opaque if isinstance(frame.opaque, Fraction) else target.sample_aspect_ratio
    width, height = displayed_size(*_shown_size(frame, target), ratio, target.rotation_degrees)
    shape = Fraction(width * target.display_height, height * target.display_width)
    if 1 / LARGEST_STRETCH <= shape <= LARGEST_STRETCH:
        return target.width, target.height
    if shape > 1:
        return target.width, max(2, round(target.height / shape / 2) * 2)
    return max(2, round(target.width * shape / 2) * 2), target.height


def _is_resized(size: tuple[int, int], target: PictureTarget) -> bool:
    """Whether more than an odd last row or column has to go to get the target's size."""
    display_size = (target.display_width, target.display_height)
    target_size = (target.width, target.height)
    spare = [display - wanted for display, wanted in zip(display_size, target_size, strict=True)]
    return not set(spare) <= {0, 1} or size not in (display_size, target_size)


def _has_other_values(frame: Any, target: PictureTarget) -> bool:
    """Whether black and white, or colours, are other numbers in the target."""
    is_mapped = target.is_tone_mapped and is_hdr(frame.color_trc)
    has_other_range = is_full_range(frame) and not target.is_full_range
    return is_mapped or has_other_range or target.matrix not in (None, matrix_of(frame))


def _scale(
    frame: Any, pixel_format: str, target: PictureTarget, size: tuple[int, int]
) -> Iterator[Filter]:
    """Change size, pixel format and colours.

    Args:
        frame: the frame as it was decoded.
        pixel_format: what has become of its format by now.
        target: what the picture will be.
        size: width and height to scale to.
    """
    flags = f"flags={target.scaler}"
    whole = f"{size[0]}:{size[1]}:{flags}"
    to_rgb = _source_colours(frame, pixel_format, with_matrix=True)
    copied = ":in_range=full:out_range=full"  # the values stay as they are
    if target.is_tone_mapped and is_hdr(frame.color_trc):
        yield "scale", whole + to_rgb
        yield "format", "rgb48le"
        yield TONE_MAPPING
        yield "setparams", "color_primaries=bt709:color_trc=bt709"
        yield "scale", flags + _target_colours(frame, target)
    elif is_rgb(pixel_format):
        yield "scale", whole + _target_colours(frame, target)
    elif not is_rgb(target.pixel_format):
        # The scaler takes any grey for full range, and would change that of television.
        is_copied = is_limited_grey(frame) and not target.is_full_range
        out_range = ":out_range=full" if target.is_full_range else ":out_range=limited"
        has_matrix = target.matrix is not None
        colours = _source_colours(frame, pixel_format, with_matrix=has_matrix) + out_range
        if target.matrix is not None:
            colours += f":out_color_matrix={MATRIX_NAMES[target.matrix]}"
        yield "scale", whole + (copied if is_copied else colours)
    elif is_limited_grey(frame) or (pixel_format in SHRUNK_FIRST and size[0] < frame.width):
        yield "scale", whole + copied
        yield "format", "yuv444p"
        yield "scale", flags + to_rgb
    else:
        yield "scale", whole + to_rgb


def _source_colours(frame: Any, pixel_format: str, *, with_matrix: bool = False) -> str:
    """Return arguments of the scaler for the range and the matrix of what comes in."""
    if is_rgb(pixel_format):
        return ""
    arguments = f":in_range={'full' if is_full_range(frame) else 'limited'}"
    if with_matrix and frame.colorspace in (UNSPECIFIED, RGB_MATRIX):
        arguments += f":in_color_matrix={MATRIX_NAMES[matrix_of(frame)]}"
    return arguments


def _target_colours(frame: Any, target: PictureTarget) -> str:
    """Return arguments of the scaler that turns red, green and blue into the target."""
    if is_rgb(target.pixel_format):
        return ""
    matrix = output_matrix(frame.format.name, frame.colorspace, frame.color_trc, target)
    if matrix not in MATRIX_NAMES:
        matrix = usual_matrix(target.width, target.height)
    out_range = "full" if target.is_full_range else "limited"
    return f":out_range={out_range}:out_color_matrix={MATRIX_NAMES[matrix]}"
