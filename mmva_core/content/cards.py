"""Draw title cards, credits, logos, slides and blank pictures, and frames that are none of these.

Both kinds go through the same video compression. They are what the card head is trained on: no
film is needed, and none that it is measured on has been seen.

Positions and sizes are shares of the picture: x of its width, y and sizes of its height.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import font_roboto
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from mmva_core.inputs import read_image_file
from mmva_core.lite import compress
from mmva_core.towers import ImageArray

SIZES = ((456, 256), (342, 256))
"""Width and height of a drawing, pixels: 16:9 and 4:3."""
LINES = (144, 180, 240, 256)
"""Heights of the compressed pictures, pixels."""
QUALITIES = (18, 36)
"""Constant rate factors of x264, best and worst."""
FONTS = tuple(sorted(font_roboto.font_files.values()))
"""TrueType fonts that are written in."""
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"

Colour = tuple[int, int, int]
Generator = np.random.Generator
Item = TypeVar("Item")


def draw_card(photographs: Sequence[Path], generator: Generator) -> ImageArray:
    """Draw a picture that shows text, a logo or nothing, as a frame of a compressed video.

    Args:
        photographs: pictures for backgrounds, blurred or darkened.
        generator: decides everything.

    Returns:
        (H, W, 3) uint8.
    """
    sheet = _Sheet(_background(photographs, generator), generator)
    layouts = (_title, _credits, _logo, _slide, _nothing)
    _pick(layouts, (0.28, 0.27, 0.15, 0.18, 0.12), generator)(sheet)
    return _compressed(sheet.image, generator)


def draw_scene(photographs: Sequence[Path], generator: Generator) -> ImageArray:
    """Make a frame of a video from a photograph: cut, often dark, blurred, framed or captioned.

    Args:
        photographs: pictures to take one from.
        generator: decides everything.

    Returns:
        (H, W, 3) uint8.
    """
    image = _photograph(photographs, generator, zoom=generator.uniform(0.35, 1.0))
    if generator.random() < 0.25:
        image = _dimmed(image, generator.uniform(0.1, 0.6))
    if generator.random() < 0.1:
        image = image.convert("L").convert("RGB")
    if generator.random() < 0.15:
        image = image.filter(ImageFilter.GaussianBlur(generator.uniform(1, 5)))
    sheet = _Sheet(image, generator)
    overlays = (_subtitle, _watermark, _name_plate, _frame, _nothing)
    _pick(overlays, (0.12, 0.08, 0.1, 0.12, 0.58), generator)(sheet)
    return _compressed(sheet.image, generator)


class _Sheet:
    """A picture to draw on."""

    def __init__(self, image: Image.Image, generator: Generator) -> None:
        self.image, self.generator = image, generator
        is_dark = bool(np.asarray(image).mean() < 128)
        plain: Colour = (255, 255, 255) if is_dark else (0, 0, 0)
        self.ink = plain if generator.random() < 0.65 else _colour(generator, is_bright=is_dark)
        self.font = FONTS[generator.integers(len(FONTS))]

    def write(self, x: float, y: float, size: float, num_words: int, *, anchor: str) -> None:
        """Write made-up words; `anchor` as in Pillow, "mm" centres them."""
        width, height = self.image.size
        font = ImageFont.truetype(self.font, max(6, round(size * height)))
        text = _words(num_words, self.generator)
        place = (x * width, y * height)
        ImageDraw.Draw(self.image).text(place, text, self.ink, font, anchor=anchor)

    def fill(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill a rectangle."""
        width, height = self.image.size
        box = (left * width, top * height, right * width, bottom * height)
        ImageDraw.Draw(self.image).rectangle(box, fill=colour)


def _nothing(sheet: _Sheet) -> None:
    """Leave the background as it is."""


def _title(sheet: _Sheet) -> None:
    """Write one to three large lines near the middle."""
    generator = sheet.generator
    size, top = generator.uniform(0.06, 0.22), generator.uniform(0.25, 0.6)
    for line in range(generator.integers(1, 4)):
        smaller = 1.0 if line == 0 else generator.uniform(0.5, 1.0)
        num_words = int(generator.integers(1, 4))
        sheet.write(0.5, top + 1.3 * size * line, size * smaller, num_words, anchor="mm")


def _credits(sheet: _Sheet) -> None:
    """Write many small lines: centred, in two columns, or across the whole picture."""
    generator = sheet.generator
    size, y, end = (
        generator.uniform(0.02, 0.06),
        generator.uniform(-0.1, 0.4),
        generator.uniform(0.7, 1.1),
    )
    form = generator.integers(3)
    while y < end:
        if form == 0:
            sheet.write(0.5, y, size, int(generator.integers(1, 5)), anchor="mm")
        elif form == 1:
            sheet.write(0.48, y, size, int(generator.integers(1, 3)), anchor="rm")
            sheet.write(0.52, y, size, 2, anchor="lm")
        else:
            sheet.write(0.5, y, size, int(generator.integers(6, 14)), anchor="mm")
        gap = generator.uniform(1, 3) if generator.random() < 0.12 else 0.0
        y += size * (1.4 + gap)


def _logo(sheet: _Sheet) -> None:
    """Lay a few coloured shapes over each other, mostly with a name below."""
    generator = sheet.generator
    width, height = sheet.image.size
    x, y, size = (
        generator.uniform(0.3, 0.7),
        generator.uniform(0.25, 0.6),
        generator.uniform(0.08, 0.3),
    )
    draw = ImageDraw.Draw(sheet.image)
    for _ in range(generator.integers(1, 5)):
        radius = size * generator.uniform(0.4, 1) * height
        angles = np.sort(generator.uniform(0, 2 * np.pi, generator.choice((3, 4, 5, 40))))
        corners = [
            (x * width + radius * np.cos(a), y * height + radius * np.sin(a)) for a in angles
        ]
        draw.polygon(corners, fill=_colour(generator))
    if generator.random() < 0.8:
        below = min(0.92, y + 1.4 * size)
        num_words = int(generator.integers(1, 4))
        sheet.write(0.5, below, generator.uniform(0.05, 0.15), num_words, anchor="mm")


def _slide(sheet: _Sheet) -> None:
    """Write a heading and lines below it, at times with a bar chart."""
    generator = sheet.generator
    size, left = generator.uniform(0.04, 0.07), generator.uniform(0.04, 0.12)
    sheet.write(left, 0.12, 1.6 * size, int(generator.integers(2, 6)), anchor="lm")
    y, end = 0.12 + 2.5 * size, generator.uniform(0.6, 0.95)
    while y < end:
        sheet.write(left + size, y, size, int(generator.integers(2, 8)), anchor="lm")
        y += size * generator.uniform(1.4, 2)
    if generator.random() < 0.3:
        for bar in range(generator.integers(3, 8)):
            x = 0.55 + 0.05 * bar
            sheet.fill(x, generator.uniform(0.3, 0.8), x + 0.035, 0.88, _colour(generator))


def _subtitle(sheet: _Sheet) -> None:
    sheet.ink = (255, 255, 255) if sheet.generator.random() < 0.8 else (255, 255, 0)
    y, num_words = sheet.generator.uniform(0.82, 0.93), int(sheet.generator.integers(3, 8))
    sheet.write(0.5, y, 0.06, num_words, anchor="mm")


def _watermark(sheet: _Sheet) -> None:
    sheet.ink = (255, 255, 255)
    x, y = sheet.generator.uniform(0.8, 0.95), sheet.generator.uniform(0.05, 0.12)
    sheet.write(x, y, 0.05, 1, anchor="rm")


def _name_plate(sheet: _Sheet) -> None:
    generator = sheet.generator
    top, right = generator.uniform(0.72, 0.85), generator.uniform(0.5, 1.0)
    sheet.fill(generator.choice((0.0, 0.05)), top, right, top + 0.12, _colour(generator))
    sheet.ink = (255, 255, 255)
    sheet.write(0.08, top + 0.06, 0.06, int(generator.integers(2, 5)), anchor="lm")


def _frame(sheet: _Sheet) -> None:
    """Show the picture small inside a frame, or between black bars."""
    generator, (width, height) = sheet.generator, sheet.image.size
    colour = _colour(generator) if generator.random() < 0.5 else (0, 0, 0)
    framed = Image.new("RGB", (width, height), colour)
    share = generator.uniform(0.6, 0.92)
    sizes = ((share, share), (share, 1.0), (1.0, share))
    across, down = sizes[generator.integers(len(sizes))]
    small = sheet.image.resize((round(width * across), round(height * down)))
    framed.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    sheet.image = framed


def _background(photographs: Sequence[Path], generator: Generator) -> Image.Image:
    size = _size(generator)
    kind = _pick(
        ("plain", "gradient", "blurred", "stripes", "scene"),
        (0.5, 0.22, 0.12, 0.08, 0.08),
        generator,
    )
    if kind == "plain":
        colours = (
            (0, 0, 0),
            (255, 255, 255),
            _colour(generator),
            _colour(generator, is_bright=False),
        )
        return Image.new("RGB", size, _pick(colours, (0.42, 0.15, 0.2, 0.23), generator))
    if kind == "gradient":
        return _gradient(size, generator)
    if kind == "stripes":
        return _stripes(size, generator)
    image = _photograph(photographs, generator, zoom=1.0)
    if kind == "blurred":
        image = image.filter(ImageFilter.GaussianBlur(generator.uniform(6, 25)))
    return _dimmed(image, generator.uniform(0.3, 1.0))


def _gradient(size: tuple[int, int], generator: Generator) -> Image.Image:
    """Shade from one colour to another, along a line or around a point."""
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    if generator.random() < 0.5:
        angle = generator.uniform(0, 2 * np.pi)
        share = x * np.cos(angle) + y * np.sin(angle)
        share = (share - share.min()) / np.ptp(share)
    else:
        centre = generator.uniform(0.2, 0.8, 2)
        share = np.hypot(x - centre[0], y - centre[1]) / generator.uniform(0.4, 1)
    ends = np.array([_colour(generator), _colour(generator)], dtype=np.float64)
    pixels = ends[0] + (ends[1] - ends[0]) * np.clip(share, 0, 1)[..., None]
    return Image.fromarray(pixels.astype(np.uint8))


def _stripes(size: tuple[int, int], generator: Generator) -> Image.Image:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    angle, width = generator.uniform(0, np.pi), generator.uniform(8, 80)
    is_stripe = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / width) > 0
    ends = np.array([_colour(generator), _colour(generator)], dtype=np.float64)
    pixels = np.where(is_stripe[..., None], ends.mean(0), ends[0])
    return Image.fromarray(pixels.astype(np.uint8))


def _photograph(photographs: Sequence[Path], generator: Generator, *, zoom: float) -> Image.Image:
    """Cut a piece of a photograph, `zoom` of the largest that fits."""
    size = _size(generator)
    image = Image.fromarray(read_image_file(photographs[int(generator.integers(len(photographs)))]))
    scale = zoom * min(image.width / size[0], image.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = (
        generator.uniform(0, image.width - width),
        generator.uniform(0, image.height - height),
    )
    box = (left, top, left + width, top + height)
    return image.resize(size, Image.Resampling.BICUBIC, box)


def _compressed(image: Image.Image, generator: Generator) -> ImageArray:
    lines, quality = generator.choice(LINES), generator.integers(*QUALITIES)
    return compress(np.asarray(image), int(lines), int(quality))


def _size(generator: Generator) -> tuple[int, int]:
    return SIZES[0] if generator.random() < 0.7 else SIZES[1]


def _dimmed(image: Image.Image, factor: float) -> Image.Image:
    return Image.fromarray((np.asarray(image) * factor).astype(np.uint8))


def _colour(generator: Generator, *, is_bright: bool | None = None) -> Colour:
    levels = generator.integers(0, 256, 3)
    if is_bright is not None:
        levels = 255 - levels // 4 if is_bright else levels // 4
    red, green, blue = levels.tolist()
    return red, green, blue


def _words(num_words: int, generator: Generator) -> str:
    """Make up words of one to four syllables, in one kind of letters."""

    def word() -> str:
        syllables = generator.integers(1, 5)
        return "".join(
            str(generator.choice(list(part)))
            for _ in range(syllables)
            for part in (CONSONANTS, VOWELS)
        )

    text = " ".join(word() for _ in range(num_words))
    return str(_pick((text, text.upper(), text.title()), (0.3, 0.3, 0.4), generator))


def _pick(options: Sequence[Item], shares: Sequence[float], generator: Generator) -> Item:
    """Draw one of the options; `shares` say how often each comes."""
    return options[generator.choice(len(options), p=shares)]
