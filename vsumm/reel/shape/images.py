"""Give Pillow images of a film the shape of its reel, as `Reshaper` does with frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageFilter, ImageOps

from vsumm.media import MediaInfo, Segment
from vsumm.reel.shape.follow import follow
from vsumm.reel.shape.geometry import Geometry, Shot, shot_at

BLUR_SHARE = 1 / 16
"""Radius of the blur of bars as a share of their width."""


def reshape_images(
    images: Mapping[float, Image.Image],
    info: MediaInfo,
    pieces: Sequence[Segment],
    geometry: Geometry,
) -> dict[float, Image.Image]:
    """Return what a reel shows of some pictures of a film.

    Args:
        images: whole pictures of any size, by their times on the presentation clock, seconds.
        info: the film.
        pieces: where they are from, not overlapping.
        geometry: sizes of the film's pictures and the reel's.

    Raises:
        InputError: not a single frame can be read.
    """
    if geometry.is_whole:
        return dict(images)
    if geometry.fit == "blur":
        shots: Sequence[Shot] = [Shot(0.0, is_blurred=True)]
    else:
        shots = follow(info, pieces, geometry)
    return {
        seconds: _reshaped(image, geometry, shot_at(shots, seconds) or Shot(0.0), seconds)
        for seconds, image in images.items()
    }


def _reshaped(image: Image.Image, geometry: Geometry, shot: Shot, seconds: float) -> Image.Image:
    scale = image.width / geometry.film_size[0]
    size = round(geometry.size[0] * scale), round(geometry.size[1] * scale)
    if shot.is_blurred:
        bars = ImageOps.fit(image, size).filter(ImageFilter.GaussianBlur(size[0] * BLUR_SHARE))
        whole = ImageOps.contain(image, size)
        bars.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
        return bars
    spare = image.width - size[0], image.height - size[1]
    offset = [length / 2 for length in spare]
    axis = geometry.axis
    middle = shot.centre_at(seconds) * image.size[axis] - size[axis] / 2
    offset[axis] = min(max(middle, 0), spare[axis])
    left, top = (round(length) for length in offset)
    return image.crop((left, top, left + size[0], top + size[1]))
