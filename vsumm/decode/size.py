"""Sizes of pictures: as coded, as displayed, as wanted."""

from __future__ import annotations

from fractions import Fraction

MAX_ASPECT = 16
"""Longest side of a scaled picture, in wanted short sides; also the most a sample may be wide."""


def displayed_size(
    width: int,
    height: int,
    sample_aspect_ratio: Fraction | float | None,
    rotation_degrees: int,
) -> tuple[int, int]:
    """Return width and height in square pixels, upright; the coded size is never reduced.

    >>> displayed_size(720, 576, Fraction(16, 15), 90)
    (576, 768)
    """
    ratio = sample_aspect_ratio or Fraction(1)
    if not Fraction(1, MAX_ASPECT) <= ratio <= MAX_ASPECT:
        ratio = Fraction(1)
    if ratio >= 1:
        width = round(width * ratio)
    else:
        height = round(height / ratio)
    return (height, width) if rotation_degrees % 180 else (width, height)


def scaled_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Return the size with a given short side, aspect ratio kept, never larger than the original.

    >>> scaled_size(1920, 1080, 256)
    (455, 256)
    >>> scaled_size(192, 108, 256)
    (192, 108)
    """
    scale = min(1.0, short_side / min(width, height), MAX_ASPECT * short_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
