"""Draw scores, picks and their pictures with Matplotlib, which is optional."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vsumm import decode
from vsumm.errors import InputError
from vsumm.media import MediaInfo, Segment

PICK_COLOUR = "#f2b705"
MAX_THUMBNAILS = 8
"""Picks that are shown as pictures; of more, some are chosen evenly."""
THUMBNAIL_SIDE = 72
"""Their short side, pixels of the film; drawn as high as the band."""
BAND_FROM, BAND_TO = 1.08, 1.6
"""Where on the scale of scores the band of pictures lies."""


def draw(
    axes: Any,
    info: MediaInfo,
    segments: Sequence[Segment],
    scores: Sequence[float],
    runs: Sequence[Segment],
    *,
    with_thumbnails: bool,
) -> None:
    """Draw a curve of scores, a bar for every run, and the middles of some runs as pictures.

    Args:
        axes: Matplotlib's axes.
        info: the film; pictures are left out where they cannot be read.
        segments: N segments, chronological.
        scores: N scores in [0, 1]; NaN where there is none.
        runs: what was picked.
        with_thumbnails: whether to read and draw pictures.
    """
    middles = [(segment.start_seconds + segment.end_seconds) / 2 for segment in segments]
    axes.plot(middles, scores, linewidth=1.2)
    for run in runs:
        axes.axvspan(run.start_seconds, run.end_seconds, color=PICK_COLOUR, alpha=0.4, zorder=0)
    shown = _thumbnails(info, runs) if with_thumbnails else []
    axes.set(xlim=(0, info.duration_seconds), xlabel="seconds", ylabel="score")
    axes.set_ylim(0, BAND_TO if shown else 1)
    axes.set_yticks([0, 0.5, 1])
    for number, (time, pixels) in enumerate(shown):
        centre = (number + 0.5) / len(shown)
        box = axes.inset_axes(
            [number / len(shown), BAND_FROM / BAND_TO, 1 / len(shown), 1 - BAND_FROM / BAND_TO]
        )
        box.imshow(pixels)
        box.set_axis_off()
        axes.plot(
            [time, centre * info.duration_seconds], [1, BAND_FROM], color=PICK_COLOUR, linewidth=0.8
        )


def _thumbnails(info: MediaInfo, runs: Sequence[Segment]) -> list[tuple[float, Any]]:
    """Return middles of runs, seconds, and what is on screen there, uint8 (H, W, 3)."""
    chosen = runs[:: max(1, -(-len(runs) // MAX_THUMBNAILS))]
    times = [(run.start_seconds + run.end_seconds) / 2 for run in chosen]
    if info.video is None or not times:
        return []
    try:
        with decode.read_frames(info, times, short_side=THUMBNAIL_SIDE) as frames:
            return [(times[frame.index], frame.pixels) for frame in frames]
    except InputError:  # the film has moved, or is damaged: the curve says enough
        return []
