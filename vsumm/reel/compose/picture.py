"""Compose the picture of a reel with moviepy: cross-fades between runs, a title over the first one.

Only pictures that are blended or drawn upon go through moviepy, in RGB; all others pass by as they
are. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import av
import font_roboto
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from moviepy import ColorClip, CompositeVideoClip, TextClip, VideoClip, vfx
from numpy.typing import NDArray
from PIL import ImageFont

from vsumm.decode import BT709, PictureTarget
from vsumm.errors import OutputError
from vsumm.reel.config import ReelConfig
from vsumm.reel.layout import PlacedRun, ticks_of_runs
from vsumm.reel.place_pictures import PicturePlacer, ReelClock, ReelPicture

TITLE_SECONDS = 3.0
"""How long the title stays."""
TITLE_FADE_SECONDS = 0.4
"""How long it takes to appear and to go."""
TITLE_SIZE = 1 / 16
"""Size of its letters as a share of the picture's height."""
TITLE_SIZE_ACROSS = 1 / 13
"""The same of its width, which is what limits a line of a tall picture."""
SAFE_MARGIN = 0.1
"""Share of the picture on every side that a title keeps clear of (title safe area, SMPTE ST 2046-1
and before)."""
APP_MARGIN = 0.2
"""The same below of tall pictures, on which the apps of phones lay their own texts there."""
BOX_OPACITY = 0.55
"""How dark the box behind the title is, so that it can be read on any picture."""
BOX_MARGIN = 0.4
"""How much larger the box is than the letters on every side, in sizes of a letter."""
_NO_CHARACTER = "\uffff"
"""A code point that no font has a glyph for: fonts draw a box, or nothing."""

Pixels = NDArray[np.uint8]


class ComposedPictures:
    """The pictures of all runs, cross-faded and with a title, one for every tick of the clock.

    Attributes:
        missing_glyphs: the characters of the title that the font does not have.
    """

    def __init__(
        self,
        placers: Sequence[PicturePlacer],
        clock: ReelClock,
        target: PictureTarget,
        config: ReelConfig,
        *,
        matrix: int,
    ) -> None:
        """Prepare to compose.

        Args:
            placers: two that read the same film, for the two runs that a cross-fade blends.
            clock: of a constant rate.
            target: what the pictures look like.
            config: what to add.
            matrix: matrix coefficients of the reel (ITU-T H.273, table 4).

        Raises:
            OutputError: the title's font cannot be read, or the title is too long.
        """
        self._placers = placers
        self._clock = clock
        self._converter = _RgbConverter(target, matrix)
        size = target.width, target.height
        seconds = config.crossfade_seconds
        self._fade = _Crossfade(size, seconds) if seconds else None
        self._title = None
        self.missing_glyphs = ""
        if config.title is not None:
            font = config.title_font or Path(font_roboto.font_files["RobotoMedium"])
            self.missing_glyphs = missing_glyphs(config.title, font)
            self._title = _Title(size, config.title, font)

    @property
    def held_seconds(self) -> float:
        """How long the last good frame replaces damaged or missing ones."""
        return sum(placer.held_seconds for placer in self._placers)

    def pictures(self, runs: Sequence[PlacedRun]) -> Iterator[ReelPicture]:
        """Yield the pictures of all runs in the order of the reel."""
        for picture in self._faded(runs):
            seconds = float(picture.tick / self._clock.rate)
            if self._title is not None and seconds < TITLE_SECONDS:
                drawn = self._title.over(self._converter.to_rgb(picture.frame), seconds)
                picture = replace(picture, frame=self._converter.from_rgb(drawn))
            yield picture

    def _faded(self, runs: Sequence[PlacedRun]) -> Iterator[ReelPicture]:
        """Yield the pictures; where two runs overlap, both are read side by side.

        ticks             0 ........ 40 .... 50 ............ 90
        run 0, placer 0   [=====================)
        run 1, placer 1              [=====================)
        yielded           0..39: run 0   40..49: blended   50..89: run 1
        """
        all_ticks = ticks_of_runs(runs, self._clock.rate)
        next_starts = [*(ticks.start for ticks in all_ticks[1:]), all_ticks[-1].stop]
        fading: Iterator[ReelPicture] = iter(())
        for number, (run, ticks) in enumerate(zip(runs, all_ticks, strict=True)):
            placer = self._placers[number % len(self._placers)]
            pictures = placer.pictures_of(run, ticks)
            for picture in islice(pictures, next_starts[number] - ticks.start):
                below = next(fading, None)
                yield picture if below is None else self._blend(below, picture, run)
            fading = pictures

    def _blend(self, below: ReelPicture, above: ReelPicture, run: PlacedRun) -> ReelPicture:
        assert self._fade is not None
        # Blend by the middle of the picture's time, so that the first one shows both runs.
        seconds = float((above.tick + 0.5) / float(self._clock.rate) - float(run.reel_start))
        pixels = self._converter.to_rgb(below.frame), self._converter.to_rgb(above.frame)
        mixed = self._fade.between(*pixels, seconds)
        return replace(above, frame=self._converter.from_rgb(mixed), is_first_of_run=False)


def missing_glyphs(text: str, font: Path) -> str:
    """Return the characters of a text that a font has no glyph for, each once.

    Raises:
        OutputError: the file is not a font.
    """
    try:
        face = ImageFont.truetype(str(font), 40)
    except OSError as error:
        raise OutputError(f"{font}: this is not a font that can be read") from error
    box = _drawn(face, _NO_CHARACTER)
    known = (character for character in text if not character.isspace())
    return "".join(dict.fromkeys(c for c in known if _drawn(face, c) == box))


def wrapped(text: str, length_of: Callable[[str], float], room: float) -> list[str]:
    """Return a text in as few lines as it needs, and those as even as they can be.

    Args:
        text: words; one that is too long for a line is broken where it has to be.
        length_of: returns the length of a text.
        room: longest that a line may be.

    >>> wrapped("the quick brown fox", len, 14)
    ['the quick', 'brown fox']
    >>> wrapped("incomprehensible", len, 10)
    ['incompre', 'hensible']
    """
    lines = _broken(text, length_of, room)
    for tenths in range(9, 0, -1):
        shorter = _broken(text, length_of, room * tenths / 10)
        if len(shorter) > len(lines):
            break
        lines = shorter
    return lines


def _broken(text: str, length_of: Callable[[str], float], room: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if length_of(longer) <= room:
            lines[-1] = longer
            continue
        lines += [""] if lines[-1] else []
        for character in word:
            if lines[-1] and length_of(lines[-1] + character) > room:
                lines.append("")
            lines[-1] += character
    return lines


def _drawn(face: ImageFont.FreeTypeFont, character: str) -> tuple[Any, bytes]:
    mask = face.getmask(character)
    return mask.size, bytes(mask)


class _Crossfade:
    """Blends two pictures."""

    def __init__(self, size: tuple[int, int], seconds: float) -> None:
        self._seconds = seconds
        self._below = self._above = _black(size)
        below = VideoClip(lambda _: self._below, duration=seconds)
        above = VideoClip(lambda _: self._above, duration=seconds)
        fading = above.with_effects([vfx.CrossFadeIn(seconds)])
        self._clip = CompositeVideoClip([below, fading], use_bgclip=True)

    def between(self, below: Pixels, above: Pixels, seconds: float) -> Pixels:
        """Return the picture that far into the cross-fade."""
        self._below, self._above = below, above
        blended: Pixels = self._clip.get_frame(min(max(0.0, seconds), self._seconds * 0.999))
        return blended


class _Title:
    """Draws the title over a picture: white on a dark box, in the lower third, wrapped."""

    def __init__(self, size: tuple[int, int], text: str, font: Path) -> None:
        width, height = size
        letters = max(8, round(min(height * TITLE_SIZE, width * TITLE_SIZE_ACROSS)))
        margin = round(BOX_MARGIN * letters)
        face = ImageFont.truetype(str(font), letters)
        room = max(letters, int(width * (1 - 2 * SAFE_MARGIN)) - 2 * margin)
        clip = TextClip(
            text="\n".join(wrapped(text, face.getlength, room)),
            font=str(font),
            font_size=letters,
            color="white",
            text_align="center",
            margin=(letters // 2, letters // 2),  # or moviepy cuts off what hangs over its edges
            duration=TITLE_SECONDS,
        )
        rows, columns = (np.flatnonzero(clip.mask.get_frame(0).any(axis=axis)) for axis in (1, 0))
        if not len(rows):  # nothing but glyphs that draw nothing
            rows, columns = np.array([0]), np.array([0])
        box_width, box_height = (
            min(int(np.ptp(marks)) + 1 + 2 * margin, side)
            for marks, side in ((columns, width), (rows, height))
        )
        below = APP_MARGIN if height > width else SAFE_MARGIN
        top = round(height * (1 - below)) - box_height
        if top < height * SAFE_MARGIN:
            raise OutputError(f"the title is too long for a picture of {width} x {height}")
        left = (width - box_width) // 2
        box = ColorClip((box_width, box_height), color=(0, 0, 0), duration=TITLE_SECONDS)
        place = left + margin - int(columns[0]), margin - int(rows[0])
        fades = [vfx.CrossFadeIn(TITLE_FADE_SECONDS), vfx.CrossFadeOut(TITLE_FADE_SECONDS)]
        # Only the strip of the picture that the title lies in is composed.
        self._rows = slice(top, top + box_height)
        self._strip = _black((width, box_height))
        self._clip = CompositeVideoClip(
            [
                VideoClip(lambda _: self._strip, duration=TITLE_SECONDS),
                box.with_opacity(BOX_OPACITY).with_position((left, 0)).with_effects(fades),
                clip.with_position(place).with_effects(fades),
            ],
            use_bgclip=True,
        )

    def over(self, picture: Pixels, seconds: float) -> Pixels:
        """Return the picture with the title as it is at that time of the reel."""
        drawn = picture.copy()
        self._strip = picture[self._rows]
        drawn[self._rows] = self._clip.get_frame(seconds)
        return drawn


class _RgbConverter:
    """Turns frames of the reel into RGB pixels (H, W, 3) and back, with one matrix and range."""

    def __init__(self, target: PictureTarget, matrix: int) -> None:
        self._format = target.pixel_format
        self._range = ColorRange.JPEG if target.is_full_range else ColorRange.MPEG
        self._matrix = Colorspace.ITU709 if matrix == BT709 else Colorspace.ITU601

    def to_rgb(self, frame: Any) -> Pixels:
        rgb = frame.reformat(
            format="rgb24",
            src_colorspace=self._matrix,
            src_color_range=self._range,
            dst_color_range=ColorRange.JPEG,
        )
        pixels: Pixels = rgb.to_ndarray()
        return pixels

    def from_rgb(self, pixels: Pixels) -> Any:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels, np.uint8), "rgb24")
        return frame.reformat(
            format=self._format,
            dst_colorspace=self._matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=self._range,
        )


def _black(size: tuple[int, int]) -> Pixels:
    return np.zeros((size[1], size[0], 3), np.uint8)
