"""Turn the clips of a timeline back into runs of the film."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from vsumm.errors import ScoresError
from vsumm.media import MediaInfo, Segment, in_order_of
from vsumm.timeline.model import Clip, Timeline
from vsumm.timeline.survey import FilmClock
from vsumm.words import counted


@dataclass(frozen=True)
class TimelineRuns:
    """What a reel can be cut from."""

    runs: tuple[Segment, ...]
    """Pieces of the film, not overlapping, in the order of the timeline."""
    crossfade_seconds: float
    """Length of all cross-fades between them."""
    notes: tuple[str, ...]
    """What the timeline asks for that a reel cannot show, one line each."""


def runs_of(timeline: Timeline, info: MediaInfo, clock: FilmClock) -> TimelineRuns:
    """Return what a timeline shows of its film.

    Args:
        timeline: clips, possibly edited by another program.
        info: the film.
        clock: how its positions are counted.

    Raises:
        ScoresError: there are no clips, or one begins after the end of the film.
    """
    if not timeline.clips:
        raise ScoresError("the timeline shows nothing of the film")
    origin, notes = _origin(timeline, clock)
    spans = [_span(clip, origin, clock) for clip in timeline.clips]
    duration = Fraction(info.duration_seconds)
    spans, shortened = _within(spans, duration, clock)
    fade, about_fades = _crossfade(timeline.clips, 1 / clock.rate)
    joined, num_overlaps = _joined(sorted(spans), 1 / clock.rate, fade)
    if num_overlaps:
        notes.append(f"{counted(num_overlaps, 'clip')} overlapped another one: joined")
    by_time = [Segment(float(start), float(end)) for start, end in joined]
    shown = [Segment(float(start), float(end)) for start, end in spans]
    runs = tuple(in_order_of(by_time, shown))
    if len(runs) < 2:
        fade = Fraction(0)
    return TimelineRuns(runs, float(fade), (*notes, *shortened, *about_fades))


def on_film(timeline: Timeline, clock: FilmClock) -> Timeline:
    """Return a timeline whose clips count from the film's first frame, at the film's rate."""
    origin, notes = _origin(timeline, clock)
    shift = clock.first_frame_seconds
    clips = []
    for clip in timeline.clips:
        if clip.run is not None:
            start = max(Fraction(0), clip.run[0] - shift)
            clips.append(
                replace(clip, start=start, end=max(clip.run[1] - shift, start + clip.fade_in))
            )
        else:
            clips.append(replace(clip, start=clip.start - origin, end=clip.end - origin))
    return replace(timeline, clips=tuple(clips), notes=(*timeline.notes, *notes))


def _origin(timeline: Timeline, clock: FilmClock) -> tuple[Fraction, list[str]]:
    """Return where the clips' zero lies in media time."""
    if timeline.source.timecode_frames is not None or not clock.timecode_frames:
        return Fraction(0), []
    starts = clock.timecode_frames / clock.rate
    if all(clip.start >= starts for clip in timeline.clips if clip.run is None):
        return starts, []
    return Fraction(0), ["clips begin before the film's time code: counted from its first frame"]


def _span(clip: Clip, origin: Fraction, clock: FilmClock) -> tuple[Fraction, Fraction]:
    """Return when a clip is on the presentation clock."""
    if clip.run is not None:
        return clip.run
    # Stamps are rounded: a frame may appear a little before the time that its number means.
    shift = clock.first_frame_seconds - origin
    if (1 / clock.rate / clock.stamp_seconds).denominator != 1:
        shift -= clock.slack_seconds
    return max(clip.start + shift, Fraction(0)), clip.end + shift


def _within(
    spans: Sequence[tuple[Fraction, Fraction]], duration: Fraction, clock: FilmClock
) -> tuple[list[tuple[Fraction, Fraction]], list[str]]:
    """Cut off what lies after the end of the film."""
    frame = 1 / clock.rate
    for number, (start, _) in enumerate(spans, 1):
        if start >= duration:
            raise ScoresError(
                f"clip {number} begins at {float(start):.3f} s, after the end of the film "
                f"({float(duration):.3f} s): is this the right film? {{do}} names another",
                argument="media=...",
                option="--media",
            )
    num_long = sum(end > duration + frame for _, end in spans)
    within = [(start, min(end, duration)) for start, end in spans]
    notes = [f"{counted(num_long, 'clip')} went on after the end of the film: shortened"]
    return within, notes if num_long else []


def _crossfade(clips: Sequence[Clip], frame: Fraction) -> tuple[Fraction, list[str]]:
    """Return the one length of cross-fade that a reel can have."""
    fades = Counter(clip.run_fade if clip.run is not None else clip.fade_in for clip in clips[1:])
    if not fades:
        return Fraction(0), []
    fade, _ = fades.most_common(1)[0]
    # Rounded to frames, equal cross-fades may differ by one.
    others = [other for other in fades if abs(other - fade) > frame or (other == 0) != (fade == 0)]
    if not others:
        return fade, []
    what = f"are {float(fade):.3g} s long" if fade else "become cuts"
    return fade, [f"the transitions have different lengths: all {what}"]


def _joined(
    spans: Sequence[tuple[Fraction, Fraction]], frame: Fraction, fade: Fraction
) -> tuple[list[tuple[Fraction, Fraction]], int]:
    """Join what overlaps, and what touches unless it is faded over; count the overlaps."""
    joined: list[tuple[Fraction, Fraction]] = []
    num_overlaps = 0
    for start, end in spans:
        before = joined[-1][1] if joined else Fraction(0)
        if not joined or start > before:
            joined.append((start, end))
        elif fade and before - start <= frame < end - before:
            joined.append((before, end))  # they overlap by rounding alone
        else:
            num_overlaps += before - start > frame
            joined[-1] = joined[-1][0], max(before, end)
    return joined, num_overlaps
