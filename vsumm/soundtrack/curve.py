"""The curve of valence and arousal that the picture of a reel follows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmva_core.retrieval import Curve, Floats
from vsumm.config import SummaryConfig
from vsumm.errors import NoSignalError
from vsumm.files import shown
from vsumm.media import MediaInfo, Segment
from vsumm.reel import lay_out
from vsumm.score import FloatArray, arousal_score, ranks, smooth
from vsumm.summary import Summary

SMOOTHED_POINTS = 3
"""Points of the reel that are averaged: as long as a window of the music tower, 6 s of 2-second
segments."""


def check_film(info: MediaInfo, config: SummaryConfig) -> None:
    """Check before the work starts that a film will have a curve.

    Raises:
        NoSignalError: it has no picture, or only its sound is looked at.
    """
    if info.video is None:
        raise NoSignalError(
            f"{shown(info.path)}: there is no picture that music could go along with; name the "
            "music itself, {do}",
            argument="ReelConfig(soundtrack=...)",
            option="--soundtrack FILE",
        )
    if config.by == "music":
        raise NoSignalError(
            f"{shown(info.path)}: scored by the sound alone, there is no curve of the picture; "
            "use {do}",
            argument="by='highlights'",
            option="--by highlights",
        )


def reel_curve(
    summary: Summary, runs: Sequence[Segment] | None = None, *, crossfade_seconds: float = 0.0
) -> Curve:
    """Return the curve of a reel, one point for every segment's length.

    Arousal is that of the picture, raised by motion as `--by image` does; valence is that of the
    picture. The film's own sound has no part in it.

    Args:
        summary: what was measured of the film.
        runs: what the reel shows, in its order; `summary.runs` if left out.
        crossfade_seconds: how long each run overlaps the next one.

    Raises:
        NoSignalError: nothing is picked, or its picture is not measured or black throughout.
    """
    runs = summary.runs if runs is None else runs
    if not runs or "image_arousal" not in summary.signal_names:
        raise NoSignalError(f"{shown(summary.media.path)}: there is no picture in its reel")
    step = max(row.segment.duration_seconds for row in summary.segments)
    placed = lay_out(runs, crossfade_seconds=crossfade_seconds)
    length = float(placed[-1].reel_end)
    times = np.arange(min(step, length) / 2, length, step)
    run_starts = [float(run.reel_start) for run in placed]
    segment_starts = [row.start_seconds for row in summary.segments]
    rows = []
    for time in times:
        number = bisect_right(run_starts, time) - 1
        in_film = float(placed[number].source_start) + time - run_starts[number]
        rows.append(bisect_right(segment_starts, in_film) - 1)
    va = smooth(_picture_va(summary)[rows], width=SMOOTHED_POINTS)
    if not np.isfinite(va).all(axis=1).any():
        raise NoSignalError(f"{shown(summary.media.path)}: the picture of its reel is black")
    return Curve(times, va, length)


def music_course(windows: Floats, start_seconds: float, times: FloatArray) -> FloatArray:
    """Return the arousal of a track under a reel, as ranks from 0 to 1 within what is heard, (K,).

    Args:
        windows: (W, 4) of the track, see `mmva_core.retrieval.compare_starts`.
        start_seconds: where in it the reel begins.
        times: (K,) seconds from the beginning of the reel.
    """
    middles = (windows[:, 2] + windows[:, 3]) / 2
    heard = (start_seconds + times) % float(windows[-1, 3])
    return ranks(np.interp(heard, middles, windows[:, 1]))


def reel_cuts(summary: Summary, *, crossfade_seconds: float = 0.0) -> FloatArray:
    """Return when the reel of a summary goes from one run to the next, seconds, ascending.

    Args:
        summary: what the reel shows.
        crossfade_seconds: how long each run overlaps the next one; its middle counts.
    """
    placed = lay_out(summary.runs, crossfade_seconds=crossfade_seconds)
    return np.array([float(run.reel_start) + crossfade_seconds / 2 for run in placed[1:]])


def _picture_va(summary: Summary) -> FloatArray:
    """Return valence and arousal of every segment's picture, (N, 2), NaN where it is black."""
    columns = {
        name: np.array([row.signals.get(name) for row in summary.segments], dtype=np.float64)
        for name in ("image_valence", "image_arousal", "motion")
    }
    config = replace(summary.config, smoothing_segments=1)
    arousal = arousal_score(columns, config, by="image")
    return np.stack([columns["image_valence"], arousal], axis=1)
