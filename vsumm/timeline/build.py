"""Make a timeline of a summary: the frames that the reel shows, on the counts of editing programs.

run    [2.0 ───── 4.0)   exact seconds of the presentation, kept in the clip
reel   ticks of its rate, counted over the whole reel so that nothing adds up
clip   [frame 60, frame 120)   the first frame of the run, and as many as the reel has ticks
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from vsumm.media import TOLERANCE_SECONDS, MediaInfo, Segment
from vsumm.score import contributions, reasons
from vsumm.summary import Summary
from vsumm.timeline.model import Clip, Source, Timeline, ceil_frame
from vsumm.timeline.survey import FilmClock, survey_film


def timeline_of(
    summary: Summary,
    clock: FilmClock | None = None,
    *,
    crossfade_seconds: float = 0.0,
    soundtrack: Path | None = None,
    soundtrack_start_seconds: float = 0.0,
    is_film_muted: bool = False,
) -> Timeline:
    """Return the selection of a summary as a timeline.

    Args:
        summary: what is selected, of which film.
        clock: how the film is counted; read from the film if left out.
        crossfade_seconds: how long each run is faded over into the next one.
        soundtrack: a sound file for a track of its own.
        soundtrack_start_seconds: where in it the reel begins.
        is_film_muted: whether it takes the place of the film's sound.

    Raises:
        InputError: the film cannot be read.
        ValueError: the cross-fade is too long for a run.
    """
    clock = clock or survey_film(summary.media)
    fade = Fraction(crossfade_seconds)
    clips = clips_of(summary.runs, summary.media, clock, fade)
    return Timeline(
        name=summary.media.path.stem,
        source=source_of(summary.media, clock, sha256=summary.input_sha256),
        clips=tuple(tell_why(clips, summary)),
        soundtrack=soundtrack,
        soundtrack_start=Fraction(soundtrack_start_seconds),
        is_film_muted=is_film_muted,
        notes=tuple(notes_of(summary.media, clock)),
    )


def clips_of(
    runs: Sequence[Segment], info: MediaInfo, clock: FilmClock, fade: Fraction = Fraction(0)
) -> list[Clip]:
    """Return one clip for each run, with the frames that a reel of these runs shows.

    Args:
        runs: pieces of the film, in the order of the reel, not overlapping.
        info: the film.
        clock: how it is counted.
        fade: how long each run is faded over into the next one, seconds.
    """
    num_frames = source_of(info, clock).num_frames
    clips: list[Clip] = []
    before = 0  # where the clip before this one ends
    for run, ticks in zip(runs, _ticks(runs, fade, clock.rate), strict=True):
        frames = _frames(run, len(ticks), clock, num_frames)
        fade_in = min(max(0, before - ticks.start), len(frames), _room(clips, clock.rate))
        before = ticks.stop
        clips.append(
            Clip(
                start=frames.start / clock.rate,
                end=frames.stop / clock.rate,
                run=(Fraction(run.start_seconds), Fraction(run.end_seconds)),
                fade_in=fade_in / clock.rate,
                run_fade=fade if clips else Fraction(0),
                name=f"highlight {len(clips) + 1}",
            )
        )
    return clips


def tell_why(clips: Sequence[Clip], summary: Summary) -> list[Clip]:
    """Add to clips with runs the score and the reason that a summary gives for them."""
    columns = {
        name: np.array([row.signals[name] for row in summary.segments], dtype=np.float64)
        for name in summary.signal_names
    }
    parts = contributions(columns, summary.config, by=summary.by)
    starts = [row.start_seconds for row in summary.segments]
    ends = [row.end_seconds for row in summary.segments]
    told = []
    for clip in clips:
        start, end = clip.run or (clip.start, clip.end)
        rows = range(bisect_right(ends, start), bisect_left(starts, end))
        scores = [score for n in rows if (score := summary.segments[n].score) is not None]
        score = sum(scores) / len(scores) if scores else None
        reason = ", ".join(reasons(parts, rows)) if rows else ""
        told.append(replace(clip, score=score, reason=reason))
    return told


def source_of(info: MediaInfo, clock: FilmClock, *, sha256: str | None = None) -> Source:
    """Return a film as the source of a timeline."""
    video, audio = info.video, info.audio[0] if info.audio else None
    seconds = info.duration_seconds if video is None else video.duration_seconds
    return Source(
        path=Path(info.path).absolute(),
        rate=clock.rate,
        num_frames=max(1, round(Fraction(seconds) * clock.rate)),
        timecode_frames=clock.timecode_frames,
        is_drop_frame=clock.is_drop_frame,
        width=video.width if video else 0,
        height=video.height if video else 0,
        rotation_degrees=video.rotation_degrees if video else 0,
        sample_rate=audio.sample_rate if audio else 0,
        num_channels=audio.num_channels if audio else 0,
        sha256=sha256,
    )


def _ticks(runs: Sequence[Segment], fade: Fraction, rate: Fraction) -> list[range]:
    """Return the frames of the reel of each run: positions are rounded, not lengths."""
    ticks: list[range] = []
    position = Fraction(0)
    for number, run in enumerate(runs):
        end = position + Fraction(run.end_seconds) - Fraction(run.start_seconds)
        is_last = number == len(runs) - 1
        first = ceil_frame(position, rate, TOLERANCE_SECONDS)
        stop = (
            math.floor((end + TOLERANCE_SECONDS) * rate)
            if is_last
            else ceil_frame(end, rate, TOLERANCE_SECONDS)
        )
        ticks.append(range(first, max(first + 1, stop)))
        position = end - fade
    return ticks


def _room(clips: Sequence[Clip], rate: Fraction) -> int:
    """Return how many frames of the last clip are not faded in: rounding may take one too many."""
    return round((clips[-1].duration - clips[-1].fade_in) * rate) if clips else 0


def _frames(run: Segment, count: int, clock: FilmClock, num_frames: int | None) -> range:
    """Return the frames of the film that a run shows."""
    begin = Fraction(run.start_seconds) - clock.first_frame_seconds
    first = ceil_frame(begin, clock.rate, clock.slack_seconds)
    if num_frames is not None:
        first = min(first, num_frames - 1)
        count = min(count, num_frames - first)
    return range(first, first + count)


def notes_of(info: MediaInfo, clock: FilmClock) -> list[str]:
    """Return what counting frames cannot tell of a film, one line each."""
    video = info.video
    if video is None:
        return [f"there is no picture: cuts are counted at {clock.rate} a second"]
    notes = []
    if not clock.is_exact:
        notes.append(
            f"the film has a variable or unusual frame rate: positions are counted at "
            f"{float(clock.rate):.6g} frames/s, edit a proxy of that constant rate"
        )
    if video.start_seconds * clock.rate > 1 / 2:
        notes.append(
            f"the picture begins {video.start_seconds:.3f} s after the sound: positions are "
            f"counted from the first frame"
        )
    return notes
