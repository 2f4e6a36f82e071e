"""A few seconds of the reel as a moving picture without sound: GIF or WebP."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image

from vsumm.animation import BYTES_PER_SECOND, FRAMES_PER_SECOND, WIDTHS
from vsumm.errors import NoSignalError
from vsumm.files import atomic_output, check_extension, shown
from vsumm.media import Segment
from vsumm.palette import common_palette, indexed
from vsumm.reel import ReelConfig, reshape_images
from vsumm.report.frames import fit_width, images_at
from vsumm.report.moments import picks_of
from vsumm.summary import Summary

FORMATS = (".gif", ".webp")
"""Extensions that a preview may have."""
PREVIEW_SECONDS = 10.0
"""Length of a preview; that of the reel where it is shorter."""
SHOT_SECONDS = 2.0
"""How much a preview shows of one pick."""
MAX_BYTES = round(PREVIEW_SECONDS * BYTES_PER_SECOND)
"""Size that a preview may have; it becomes smaller until it has it."""


def write_preview(
    summary: Summary, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write the beginnings of the best picks, in the order of the reel, as a moving picture.

    It has the shape of the reel that the summary names.

    Args:
        summary: whose film.
        path: where to; its extension says which format, see `FORMATS`.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        NoSignalError: nothing was picked, or the film has no picture that can be read.
        OutputError: the extension is another one, or the file cannot be written.
    """
    suffix = check_preview(path)
    pieces = shown_pieces(summary)
    times = [time for piece in pieces for time in _times_in(piece)]
    images = images_at(summary.media, times, short_side=max(WIDTHS))
    if not images:
        raise NoSignalError(
            f"{shown(summary.media.path)}: no picture of a pick to make a preview from"
        )
    video = summary.media.video
    assert video is not None  # there are pictures
    geometry = ReelConfig.from_plain(summary.reel).geometry_of(video)
    images = reshape_images(images, summary.media, pieces, geometry)
    frames = [images[time] for time in times if time in images]
    data = _within_limit(frames, suffix)
    with atomic_output(path, overwrite=overwrite) as partial:
        partial.write_bytes(data)
    return Path(path)


def check_preview(path: str | os.PathLike[str]) -> str:
    """Return the format of a preview by the extension of its path, in lower case.

    Raises:
        OutputError: there is no preview in that format.
    """
    return check_extension(path, FORMATS, said="a preview ends in")


def shown_pieces(summary: Summary) -> list[Segment]:
    """Return which parts of the picks a preview shows, in the order of the reel.

    The best picks show their first `SHOT_SECONDS`, as many as there is time for; where all of them
    leave time over, they show more.
    """
    picks = picks_of(summary)
    best = sorted(range(len(picks)), key=lambda k: (picks[k].rank, picks[k].segment.start_seconds))
    chosen = [picks[k] for k in sorted(best[: round(PREVIEW_SECONDS / SHOT_SECONDS)])]
    share = PREVIEW_SECONDS / len(chosen) if chosen else 0.0
    return [
        Segment(
            pick.segment.start_seconds,
            min(pick.segment.end_seconds, pick.segment.start_seconds + share),
        )
        for pick in chosen
    ]


def _times_in(piece: Segment) -> list[float]:
    count = max(1, round(piece.duration_seconds * FRAMES_PER_SECOND))
    return [piece.start_seconds + k / FRAMES_PER_SECOND for k in range(count)]


def _within_limit(frames: list[Image.Image], suffix: str) -> bytes:
    """Encode at the greatest width that keeps the limit, or else at the smallest width."""
    data = b""
    for width in WIDTHS:
        small = [fit_width(frame, width) for frame in frames]
        data = _gif(small) if suffix == ".gif" else _webp(small)
        if len(data) <= MAX_BYTES:
            break
    return data


def _gif(frames: list[Image.Image]) -> bytes:
    palette = common_palette(frames)
    return _animation([indexed(frame, palette) for frame in frames], "GIF", optimize=False)


def _webp(frames: list[Image.Image]) -> bytes:
    return _animation(frames, "WEBP", quality=60, method=3)


def _animation(frames: list[Image.Image], kind: str, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        kind,
        save_all=True,
        append_images=frames[1:],
        duration=1000 // FRAMES_PER_SECOND,
        loop=0,
        **options,
    )
    return buffer.getvalue()
