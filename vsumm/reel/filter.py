"""Turn decoded pictures upright, square-pixelled, even-sized, progressive and opaque.

The size is that of the display after rotation and sample aspect ratio; an odd last row or column
is cropped, because the usual 4:2:0 encoders take even sizes only. Transparent parts become black,
as in most players.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.error import BlockingIOError as AgainError
from av.error import EOFError as EndError
from av.filter import Graph

from vsumm.decode import displayed_size

BT709 = 1
"""BT.709 among primaries, transfer characteristics and matrices (ITU-T H.273)."""
_SMPTE170M = 6
_RGB_MATRIX = 0
LIMITED_RANGE, FULL_RANGE = 1, 2
"""AVColorRange: 8-bit luma in 16 to 235, or in 0 to 255."""
_HD_LINES = 720
LARGEST_STRETCH = Fraction(103, 100)
"""Pictures of another shape than the first are stretched up to this; beyond, bars fill the rest."""
_TRANSPOSE = {
    90: [("transpose", "clock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "cclock")],
}


@dataclass(frozen=True)
class PictureTarget:
    """What every picture of the reel looks like."""

    width: int
    """Width in square pixels, even."""
    height: int
    """Height in square pixels, even."""
    pixel_format: str
    """FFmpeg's name of the pixel format that the encoder takes."""
    rotation_degrees: int
    """Clockwise rotation that makes the picture upright."""
    display_width: int
    """Width of the source's display, which may be odd."""
    display_height: int
    """Height of the source's display, which may be odd."""
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Columns and rows that are cut off before all else: left, top, right, bottom."""
    is_mirrored: bool = False
    """Whether left and right are swapped before that rotation."""
    sample_aspect_ratio: Fraction = Fraction(1)
    """Width of a coded sample of the source by its height, where its pictures do not say."""
    is_tone_mapped: bool = False
    """Whether a high dynamic range is mapped to the common one, for lack of 10 bits or of tags."""

    @property
    def is_full_range(self) -> bool:
        """Whether black is 0 and white the largest value, rather than 16 and 235."""
        return self.pixel_format.startswith("yuvj")


class PictureFilter:
    """Bring pictures of one stream, in order, into the form of a `PictureTarget`."""

    def __init__(self, target: PictureTarget) -> None:
        self._target = target
        self._is_interlaced = False
        self._graph: _Chain | None = None

    def apply(self, frames: Iterable[tuple[Fraction, Any]]) -> Iterator[tuple[Fraction, Any]]:
        """Yield the pictures of one stretch of the film with their times, seconds.

        The pictures must follow each other in the film: deinterlacing looks at neighbours.
        """
        for time, frame in frames:
            self._is_interlaced |= frame.interlaced_frame
            chain = _chain(frame, self._target, with_deinterlacing=self._is_interlaced)
            shape = (frame.width, frame.height, frame.format.name)
            key = (chain, shape, frame.color_range, frame.colorspace, frame.color_trc)
            if self._graph is not None and self._graph.key != key:
                yield from self._finish()
            if not chain:
                yield time, frame
                continue
            if self._graph is None:
                self._graph = _Chain(key, chain, frame)
            yield from self._graph.push(time, frame)
        if self._is_interlaced:
            yield from self._finish()

    def _finish(self) -> Iterator[tuple[Fraction, Any]]:
        """End the chain, and yield what is still in it.

        Only chains with memory end with their stretch: tone mapping takes long to set up.
        """
        graph, self._graph = self._graph, None
        if graph is not None:
            yield from graph.finish()


class _Chain:
    """A chain of filters that gives one picture for each that it takes, perhaps later."""

    def __init__(self, key: Any, chain: tuple[tuple[str, str], ...], frame: Any) -> None:
        self.key = key
        self._times: list[Fraction] = []
        graph = Graph()
        source = graph.add("buffer", _buffer_arguments(frame))
        nodes = [source, *(graph.add(name, arguments) for name, arguments in chain)]
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        self._graph, self._source, self._sink = graph, source, nodes[-1]

    def push(self, time: Fraction, frame: Any) -> Iterator[tuple[Fraction, Any]]:
        self._times.append(time)
        self._source.push(frame)
        return self._pull()

    def finish(self) -> Iterator[tuple[Fraction, Any]]:
        self._source.push(None)
        return self._pull()

    def _pull(self) -> Iterator[tuple[Fraction, Any]]:
        while True:
            try:
                frame = self._sink.pull()
            except (AgainError, EndError):
                return
            yield self._times.pop(0), frame


def black_picture(target: PictureTarget) -> Any:
    """A black frame, for where the film has sound but no picture yet."""
    frame = av.VideoFrame(target.width, target.height, "gray")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame.reformat(
        format=target.pixel_format, dst_color_range="JPEG" if target.is_full_range else "MPEG"
    )


def output_matrix(source_matrix: int, source_format: str, target: PictureTarget) -> int:
    """The matrix coefficients (ITU-T H.273, table 4) of the reel's pictures.

    Those of the source, unless it is RGB: then BT.709 for high and BT.601 for standard definition.
    """
    if target.is_tone_mapped:
        return BT709
    if _is_rgb(source_format) or source_matrix == _RGB_MATRIX:
        return BT709 if target.height >= _HD_LINES else _SMPTE170M
    return source_matrix


def _chain(
    frame: Any, target: PictureTarget, *, with_deinterlacing: bool
) -> tuple[tuple[str, str], ...]:
    """Name the filters that this picture needs, with their arguments; none if it fits already."""
    chain: list[tuple[str, str]] = []
    pixel_format = frame.format.name
    if with_deinterlacing:
        chain.append(("bwdif", "mode=send_frame:deint=interlaced"))
    if _has_alpha(frame):
        pixel_format = "gbrap"
        chain += [("format", pixel_format), ("premultiply", "inplace=1")]
    width, height = _shown_size(frame, target)
    if (width, height) != (frame.width, frame.height):
        left, top, _, _ = target.crop
        chain.append(("crop", f"{width}:{height}:{left}:{top}:exact=1"))
    if target.is_mirrored:
        chain.append(("hflip", ""))
    chain += _TRANSPOSE.get(target.rotation_degrees, [])
    if target.rotation_degrees % 180:
        width, height = height, width
    fitted = _fitted_size(frame, target)
    if fitted != (target.width, target.height):
        width, height = fitted
        chain.append(_scale(pixel_format, frame, target, size=fitted))
        chain += [("pad", f"{target.width}:{target.height}:-1:-1"), ("setsar", "1")]
    elif _is_resized((width, height), target):
        width, height = target.width, target.height
        chain.append(_scale(pixel_format, frame, target))
    elif pixel_format != target.pixel_format or _has_other_values(frame, target):
        chain.append(_scale(pixel_format, frame, target, size=(width, height)))
    if width > target.width or height > target.height:
        chain.append(("crop", f"{target.width}:{target.height}:0:0:exact=1"))
    if chain:
        chain.append(("format", target.pixel_format))
    return tuple(chain)


def _fitted_size(frame: Any, target: PictureTarget) -> tuple[int, int]:
    """Return the size at which a picture fills the target in one direction at least, even.

    A film may change its shape: a telephone is turned, a broadcast goes from narrow to wide.
    """
    ratio = frame.opaque if isinstance(frame.opaque, Fraction) else target.sample_aspect_ratio
    width, height = displayed_size(*_shown_size(frame, target), ratio, target.rotation_degrees)
    shape = Fraction(width * target.display_height, height * target.display_width)
    if 1 / LARGEST_STRETCH <= shape <= LARGEST_STRETCH:
        return target.width, target.height
    if shape > 1:
        return target.width, max(2, round(target.height / shape / 2) * 2)
    return max(2, round(target.width * shape / 2) * 2), target.height


def _shown_size(frame: Any, target: PictureTarget) -> tuple[int, int]:
    """Return how large the part of a coded picture is that is shown."""
    left, top, right, bottom = target.crop
    width, height = frame.width - left - right, frame.height - top - bottom
    return (width, height) if min(width, height) > 0 else (frame.width, frame.height)


def _has_other_values(frame: Any, target: PictureTarget) -> bool:
    """Whether black and white are other numbers in the target."""
    is_full = frame.color_range == FULL_RANGE
    return target.is_tone_mapped or (is_full and not target.is_full_range)


def _is_resized(size: tuple[int, int], target: PictureTarget) -> bool:
    """Whether more than an odd last row or column has to go to get the target's size."""
    if size[0] < target.width or size[1] < target.height:
        return True
    display_size = (target.display_width, target.display_height)
    return size not in (display_size, (target.width, target.height))


def _scale(
    pixel_format: str, frame: Any, target: PictureTarget, size: tuple[int, int] | None = None
) -> tuple[str, str]:
    width, height = size or (target.width, target.height)
    arguments = f"{width}:{height}:flags=bicubic+accurate_rnd+full_chroma_int"
    if _is_limited_gray(frame, pixel_format) and not target.is_full_range:
        # The scaler takes any grey for full range: let it copy the values.
        return "scale", f"{arguments}:in_range=full:out_range=full"
    arguments += f":out_range={'full' if target.is_full_range else 'limited'}"
    if target.is_tone_mapped:
        arguments += ":out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709"
        arguments += ":intent=perceptual"
    elif _is_rgb(pixel_format):
        matrix = output_matrix(frame.colorspace, pixel_format, target)
        arguments += f":out_color_matrix={'bt709' if matrix == BT709 else 'smpte170m'}"
    elif frame.color_range == FULL_RANGE or pixel_format.startswith("yuvj"):
        arguments += ":in_range=full"
    else:
        arguments += ":in_range=limited"
    return "scale", arguments


def _is_limited_gray(frame: Any, pixel_format: str) -> bool:
    return pixel_format.startswith("gray") and frame.color_range == LIMITED_RANGE


def _is_rgb(pixel_format: str) -> bool:
    return av.VideoFormat(pixel_format).is_rgb or pixel_format == "pal8"


def _has_alpha(frame: Any) -> bool:
    # A palette may hold transparent entries.
    name = frame.format.name
    return name == "pal8" or any(component.is_alpha for component in frame.format.components)


def _buffer_arguments(frame: Any) -> str:
    base = frame.time_base or Fraction(1, av.time_base)  # some decoders forget it at the end
    return (
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
        f":time_base={base.numerator}/{base.denominator}:pixel_aspect=1/1"
        f":colorspace={frame.colorspace}:range={frame.color_range}"
    )
