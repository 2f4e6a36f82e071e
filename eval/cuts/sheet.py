"""Show the frames before and after each edge of a reel on one picture.

    run 1    out  out | in  in  ...  in  in | out  out
                      start                 end

Two frames on each side: the one next to the edge, and one half a second from it. What the reel
shows has a bright frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mmva_core.clock import clock_text
from vsumm.decode import read_frames
from vsumm.errors import NoSignalError
from vsumm.files import atomic_output, check_extension
from vsumm.media import MediaInfo, Segment

PICTURES = (".jpg", ".jpeg", ".png")
TILE_SIDE = 90
"""Short side of a tile, pixels."""
GAP, LABEL_WIDTH, BRIGHT = 6, 130, (255, 214, 10)
"""Pixels between tiles and before them; colour around what the reel shows."""
NEAR_SECONDS, FAR_SECONDS = 0.005, 0.5
"""How far from an edge the frames are: less than any frame lasts, and half a second."""
OFFSETS = (-FAR_SECONDS, -NEAR_SECONDS, NEAR_SECONDS, FAR_SECONDS)


def write_edge_sheet(
    info: MediaInfo, runs: Sequence[Segment], path: Path, *, overwrite: bool = False
) -> None:
    """Write a picture with a row of eight frames for each run.

    Args:
        info: the film.
        runs: pieces of it, chronological.
        path: where to; its extension says the format: .jpg, .png.
        overwrite: whether a file that is there may be replaced.

    Raises:
        InputError, NoSignalError: the film has no picture that can be read.
        OutputError: the file cannot be written.
    """
    check_extension(path, PICTURES, said="the edges are written as")
    times = [_times_of(run) for run in runs]
    frames = _frames_at(info, sorted({time for row in times for time in row}))
    if not frames:
        raise NoSignalError(f"{info.path}: there is no picture to show")
    height, width = next(iter(frames.values())).shape[:2]
    size = (LABEL_WIDTH + 9 * (width + GAP), len(runs) * (height + GAP) + GAP)
    sheet = Image.new("RGB", size, (20, 21, 23))
    draw = ImageDraw.Draw(sheet)
    for number, (run, row) in enumerate(zip(runs, times, strict=True)):
        top = GAP + number * (height + GAP)
        edges = clock_text(run.start_seconds), clock_text(run.end_seconds)
        draw.text((GAP, top + height // 3), f"{number + 1}: {edges[0]}\nto {edges[1]}", "white")
        for column, time in enumerate(row):
            left = LABEL_WIDTH + (column + (column >= 4)) * (width + GAP)
            if 2 <= column < 6:
                draw.rectangle((left - 3, top - 3, left + width + 2, top + height + 2), BRIGHT)
            if time in frames:
                sheet.paste(Image.fromarray(frames[time]), (left, top))
    with atomic_output(path, overwrite=overwrite) as partial:
        sheet.save(partial)


def _times_of(run: Segment) -> list[float]:
    """Return the eight times of a row; those before the film are negative."""
    edges = run.start_seconds, run.end_seconds
    return [round(edge + offset, 6) for edge in edges for offset in OFFSETS]


def _frames_at(info: MediaInfo, times: Sequence[float]) -> dict[float, npt.NDArray[np.uint8]]:
    """Return the frames on screen at times, ascending, by those; without those outside."""
    inside = [time for time in times if time >= 0]
    with read_frames(info, inside, short_side=TILE_SIDE) as frames:
        return {inside[frame.index]: frame.pixels for frame in frames}
