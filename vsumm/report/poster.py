"""One picture that stands for the film: sharp, bright, and from a segment with a high score."""

from __future__ import annotations

import os
from collections.abc import Mapping
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


def best_frame(summary: Summary) -> Image.Image | None:
    """Return the best frame in the film's size, or None where no picture can be read.

    Frames of picked segments compete; those of others where there are too few.
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
    best = best_of(candidates, scores)
    wanted = min(video.width, video.height)
    return images_at(summary.media, [best], short_side=wanted).get(best, candidates[best])


def best_of(images: Mapping[float, Image.Image], scores: Mapping[float, float | None]) -> float:
    """Return the time of the best picture by its quality and the score of its segment.

    Args:
        images: at least one picture, by the time in the film.
        scores: scores of segments, by the same times.
    """

    def value(time_seconds: float) -> float:
        quality = picture_quality(images[time_seconds])
        return SCORE_SHARE * (scores[time_seconds] or 0.0) + (1 - SCORE_SHARE) * quality

    return max(sorted(images), key=value)  # of equal ones the first


def _best_rows(summary: Summary) -> list[ScoredSegment]:
    ranked = sorted(
        summary.segments, key=lambda row: (not row.selected, -(row.score or 0.0), row.start_seconds)
    )
    return ranked[:NUM_SEGMENTS]
