"""One picture that stands for the film: sharp, bright, and from a segment with a high score."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from vsumm.errors import NoSignalError
from vsumm.files import atomic_output, shown
from vsumm.report.frames import images_at, jpeg_bytes, picture_quality
from vsumm.summary import ScoredSegment, Summary

NUM_SEGMENTS = 12
"""Segments of the highest scores whose frames compete."""
FRAMES_PER_SEGMENT = 3
"""Frames of each of them that compete."""
SCORE_SHARE = 0.4
"""How much the score counts beside the quality of the picture, in [0, 1]."""
POSTER_QUALITY = 90
"""JPEG quality."""


def write_poster(
    summary: Summary, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write the best frame of the film as a JPEG file, in the film's size.

    Raises:
        NoSignalError: the film has no picture that can be read.
        OutputError: the file cannot be written.
    """
    image = best_frame(summary)
    if image is None:
        raise NoSignalError(f"{shown(summary.media.path)}: no picture to make a poster from")
    with atomic_output(path, overwrite=overwrite) as partial:
        partial.write_bytes(jpeg_bytes(image, quality=POSTER_QUALITY))
    return Path(path)


def best_frame(summary: Summary, *, short_side: int | None = None) -> Image.Image | None:
    """Return the best frame, or None where no picture can be read.

    Args:
        summary: whose film; picked segments come first, others where there are too few.
        short_side: short side of the picture in pixels, the film's if left out.
    """
    video = summary.media.video
    if video is None:
        return None
    scores = {
        row.start_seconds + (k + 0.5) * row.segment.duration_seconds / FRAMES_PER_SEGMENT: row.score
        for row in _best_rows(summary)
        for k in range(FRAMES_PER_SEGMENT)
    }
    candidates = images_at(summary.media, list(scores), short_side=256)
    if not candidates:
        return None

    def value(time_seconds: float) -> float:
        quality = picture_quality(candidates[time_seconds])
        return SCORE_SHARE * (scores[time_seconds] or 0.0) + (1 - SCORE_SHARE) * quality

    best = max(candidates, key=value)  # of equal ones the first
    wanted = short_side or min(video.width, video.height)
    return images_at(summary.media, [best], short_side=wanted).get(best, candidates[best])


def _best_rows(summary: Summary) -> list[ScoredSegment]:
    ranked = sorted(
        summary.segments, key=lambda row: (not row.selected, -(row.score or 0.0), row.start_seconds)
    )
    return ranked[:NUM_SEGMENTS]
