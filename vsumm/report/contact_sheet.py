"""All picks of a reel on one picture, each with its time and its rank."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import font_roboto
from PIL import Image, ImageDraw, ImageFont, ImageOps

from mmva_core.clock import clock_text
from vsumm.errors import NoSignalError
from vsumm.files import atomic_output, shown
from vsumm.report.frames import images_at, jpeg_bytes
from vsumm.report.moments import Moment, picks_of
from vsumm.summary import Summary

MOST_TILES = 60
"""Of more picks those with the highest scores are shown."""
TILE_WIDTH = 320
"""Pixels; pictures that stand upright are as high as this."""
GAP, MARGIN, HEADER, LABEL = 14, 28, 64, 30
"""Pixels between tiles, around all of them, above them for the title, below each for its text."""
BACKGROUND, INK, FAINT = (20, 21, 23), (238, 238, 236), (150, 152, 156)
SHEET_QUALITY = 88
"""JPEG quality."""


def write_contact_sheet(
    summary: Summary, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a JPEG file with a picture of every pick, in the order of the reel.

    Raises:
        NoSignalError: nothing was picked, or the film has no picture that can be read.
        OutputError: the file cannot be written.
    """
    best = sorted(picks_of(summary), key=lambda pick: pick.rank)[:MOST_TILES]
    picks = sorted(best, key=lambda pick: pick.segment.start_seconds)
    times = [pick.best_seconds for pick in picks]
    images = images_at(summary.media, times, short_side=TILE_WIDTH)
    if not images:
        raise NoSignalError(
            f"{shown(summary.media.path)}: no picture of a pick to make a contact sheet from"
        )
    sheet = _lay_out(summary, picks, images)
    with atomic_output(path, overwrite=overwrite) as partial:
        partial.write_bytes(jpeg_bytes(sheet, quality=SHEET_QUALITY))
    return Path(path)


def _lay_out(
    summary: Summary, picks: Sequence[Moment], images: dict[float, Image.Image]
) -> Image.Image:
    """Draw tiles row by row.

    num_columns is such that the sheet is about three wide to two high.
    """
    widest = max(image.width / image.height for image in images.values())
    width = TILE_WIDTH if widest >= 1 else max(1, round(TILE_WIDTH * widest))
    height = max(1, round(width / widest))
    pitch = height + LABEL + GAP
    num_columns = min(len(picks), max(2, round(math.sqrt(1.5 * len(picks) * pitch / width))))
    num_rows = math.ceil(len(picks) / num_columns)
    size = (
        2 * MARGIN + num_columns * (width + GAP) - GAP,
        MARGIN + HEADER + num_rows * pitch - GAP + MARGIN,
    )
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    _write_header(draw, summary, num_shown=len(picks), width=size[0] - 2 * MARGIN)
    for number, pick in enumerate(picks):
        row, column = divmod(number, num_columns)
        x, y = MARGIN + column * (width + GAP), MARGIN + HEADER + row * pitch
        draw.rectangle((x, y, x + width - 1, y + height - 1), fill=(34, 35, 38))
        if image := images.get(pick.best_seconds):
            tile = ImageOps.contain(image, (width, height))
            sheet.paste(tile, (x + (width - tile.width) // 2, y + (height - tile.height) // 2))
        start = clock_text(pick.segment.start_seconds)
        end = clock_text(pick.segment.end_seconds)
        draw.text((x, y + height + 8), f"{start} – {end}", INK, _font(16, "RobotoMedium"))
        score = f"{pick.score:.2f}"
        draw.text((x + width, y + height + 8), score, FAINT, _font(16), anchor="ra")
    return sheet


def _write_header(
    draw: ImageDraw.ImageDraw, summary: Summary, *, num_shown: int, width: int
) -> None:
    facts = (
        f"{clock_text(summary.selected_seconds)} of {clock_text(summary.media.duration_seconds)}"
        f" · {num_shown} of {len(summary.runs)} picks · by {summary.by}"
    )
    name = _shortened(shown(summary.media.path.name), _font(22, "RobotoMedium"), width)
    draw.text((MARGIN, MARGIN - 8), name, INK, _font(22, "RobotoMedium"))
    draw.text((MARGIN, MARGIN + 24), _shortened(facts, _font(16), width), FAINT, _font(16))


def _shortened(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Cut a text to what fits into a width, pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


def _font(size: int, name: str = "Roboto") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_roboto.font_files[name], size)
