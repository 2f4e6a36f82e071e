"""Sizes of the picture of a reel, and what each shot shows of the film's.

    film 1920 x 1080      crop 9:16                    blur 9:16
    ┌──────────────┐      ┌────┬────┬────┐             ┌──────┐ blurred
    │              │      │    │████│    │ 606 x 1080  │██████│ the whole picture
    │              │      │    │████│    │             ├──────┤ 1080 x 608
    └──────────────┘      └────┴────┴────┘             └──────┘ 1080 x 1920

Runs wherever it is needed: plain data.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Fit = Literal["crop", "blur"]
Size = tuple[int, int]
"""Width and height, pixels."""

NEAR_PIXELS = 2
"""A picture that differs by less from the shape that is asked for is left as it is."""


@dataclass(frozen=True)
class Geometry:
    """Sizes in square pixels, all even."""

    size: Size
    """The pictures of the reel."""
    film_size: Size
    """Whole pictures of the film, as they come: no side is shorter than the reel's, unless `fit` is
    "blur"."""
    fitted_size: Size
    """Whole pictures of the film between bars: no side is longer than the reel's."""
    fit: Fit
    """How the picture is fitted where the shot does not say otherwise."""

    @property
    def is_whole(self) -> bool:
        """Whether the reel shows the film's pictures as they come."""
        return self.size == self.film_size

    @property
    def axis(self) -> int:
        """0 if the crop moves to the left and right, 1 if up and down."""
        return int(self.size[0] * self.film_size[1] > self.size[1] * self.film_size[0])

    @property
    def share(self) -> float:
        """How much of the picture the crop shows along that axis."""
        return self.size[self.axis] / self.film_size[self.axis]


@dataclass(frozen=True)
class Shot:
    """What the reel shows of one shot: a crop that moves, or all of it."""

    start_seconds: float
    """When it begins, on the presentation clock."""
    times: tuple[float, ...] = ()
    """Instants in ascending order at which the crop is known; it moves evenly between them."""
    centres: tuple[float, ...] = ()
    """Where the middle of the crop is then, as a share of the width from the left, or of the height
    from above."""
    is_blurred: bool = False
    """Whether all of the picture is shown between blurred bars."""

    def centre_at(self, seconds: float) -> float:
        """Return where the middle of the crop is; in the middle of the picture by default.

        >>> Shot(0.0, (1.0, 2.0), (0.3, 0.5)).centre_at(1.5)
        0.4
        """
        if not self.times:
            return 0.5
        after = bisect_right(self.times, seconds)
        if after in (0, len(self.times)):
            return self.centres[max(0, after - 1)]
        (a, b), (x, y) = self.times[after - 1 : after + 1], self.centres[after - 1 : after + 1]
        return x + (y - x) * (seconds - a) / (b - a)


def shot_at(shots: Sequence[Shot], seconds: float) -> Shot | None:
    """Return the shot on screen at an instant; the first one before all; None where there is none.

    Args:
        shots: in the order of their beginnings.
        seconds: the instant, on the presentation clock.
    """
    number = bisect_right(shots, seconds, key=lambda shot: shot.start_seconds) - 1
    return shots[max(0, number)] if shots else None


def lay_out_picture(
    width: int, height: int, aspect: Fraction | None, fit: Fit, *, max_width: int | None = None
) -> Geometry:
    """Return the sizes for a film whose pictures are shown at a size.

    Nothing is enlarged. A crop is the largest part that has the aspect; with bars the picture has
    as many pixels as the film's.

    Args:
        width: of the film, upright, in square pixels.
        height: likewise.
        aspect: width by height of the reel; None: as the film.
        fit: whether a part of the picture fills it, or all of it lies between bars.
        max_width: most pixels that the reel may be wide; None: as wide as it comes.
    """
    wanted = _wanted_size(width, height, aspect, fit)
    share = 1.0 if max_width is None else min(1.0, max_width / wanted[0])
    if abs(wanted[0] - width) < NEAR_PIXELS and abs(wanted[1] - height) < NEAR_PIXELS:
        size = _scaled(width, height, share)
        return Geometry(size, size, size, fit)
    size = _scaled(*wanted, share)
    fitted = _scaled(width, height, min(size[0] / width, size[1] / height))
    fitted = min(fitted[0], size[0]), min(fitted[1], size[1])
    if fit == "blur":
        return Geometry(size, fitted, fitted, fit)
    # A film that is not shrunk keeps its pixels: only an odd last row or column goes.
    cover = _scaled(width, height, 1 if share == 1 else max(size[0] / width, size[1] / height))
    return Geometry(size, (max(cover[0], size[0]), max(cover[1], size[1])), fitted, fit)


def _wanted_size(width: int, height: int, aspect: Fraction | None, fit: Fit) -> tuple[float, float]:
    if aspect is None:
        return width, height
    if fit == "blur":
        high = math.sqrt(width * height / aspect)
        return high * aspect, high
    return min(float(width), float(height * aspect)), min(float(height), float(width / aspect))


def _scaled(width: float, height: float, share: float) -> Size:
    """Return a size, even as encoders take it."""
    # A float may lie just below the number that it stands for.
    sides = (round(side * share) if share < 1 else int(side + 1e-6) for side in (width, height))
    wide, high = (max(2, side // 2 * 2) for side in sides)
    return wide, high
