"""Timelines to write and read: a summary whose runs are chosen, a film of a chosen rate."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from vsumm.config import SummaryConfig
from vsumm.media import AudioStream, MediaInfo, VideoStream
from vsumm.summary import SCHEMA_VERSION, ScoredSegment, Summary
from vsumm.timeline import FilmClock, Timeline, timeline_of

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(60000, 1001),
]
RUNS = ((2.0, 4.0), (8.0, 9.7), (32.0, 34.0), (34.5, 36.5), (50.0, 52.0))
"""Seconds; at 29.97 frames/s their borders lie between frames."""


def summary_of_runs(info: MediaInfo, runs, *, sha256="0" * 64) -> Summary:
    """A summary that selects some runs of a film."""
    borders = sorted({0.0, info.duration_seconds, *(time for run in runs for time in run)})
    rows = []
    for start, end in pairwise(borders):
        is_selected = any(a <= start < b for a, b in runs)
        score = 0.2 + 0.01 * len(rows) + 0.5 * is_selected
        signals = {"motion": score, "image_valence": 0.5}
        rows.append(ScoredSegment(start, end, signals, score, is_selected))
    return Summary(
        schema_version=SCHEMA_VERSION,
        model="mmva-lite",
        by="image",
        budget_seconds=info.duration_seconds,
        config=SummaryConfig(by="image"),
        media=info,
        input_sha256=sha256,
        segments=tuple(rows),
    )


def made_up_info(rate, *, path=Path("/films/a film & more.mp4"), seconds=60.0, rotation=0):
    """What is known of a film that is not there."""
    size = (180, 320) if rotation in (90, 270) else (320, 180)
    video = VideoStream(0, "h264", *size, float(rate), rotation, 0.0, seconds, "yuv420p")
    return MediaInfo(path, "mov", 0.0, seconds, video, (AudioStream(1, "aac", 48000, 2, 0.0, 60),))


def made_up_clock(rate, **facts) -> FilmClock:
    """A clock of a film whose stamps fit its rate."""
    return FilmClock(rate, True, Fraction(0), Fraction(1, 30000), **facts)


def made_up_timeline(rate, *, crossfade_seconds=0.0, rotation=0, runs=RUNS, **facts) -> Timeline:
    """A timeline of five clips."""
    info = made_up_info(rate, rotation=rotation)
    summary = summary_of_runs(info, runs)
    clock = made_up_clock(rate, **facts)
    return timeline_of(summary, clock, crossfade_seconds=crossfade_seconds)


def frames_of(timeline: Timeline) -> list[range]:
    """Frames of the film that each clip shows."""
    return [clip.frames(timeline.rate) for clip in timeline.clips]
