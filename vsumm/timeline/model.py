"""What an editing program is told: which pieces of one film, in which order, and why.

    film      ├ first frame                                        all of it stays reachable
    counts    0 1 2 ...  [48 ... 96)            [250 ... 298)      frames of a constant rate
    timeline             [ clip 1  )[ clip 2  )                    one after the other
    fade_in                     [//)                               a cross-fade overlaps two clips

Positions are `Fraction` seconds of media time: 0 is the first frame of the picture, whatever the
container's clock and the time code show there. A clip that was made from a run of a summary also
keeps that run, exact on the presentation clock; it counts for as long as nobody moves the clip.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

_NUMBER = r"(\d+(?:/[1-9]\d*)?)"
_EXACT = re.compile(rf"vsumm:(\d+)\+(\d+)~(\d+)={_NUMBER}\.\.{_NUMBER}~{_NUMBER}")
"""What `Clip.exact_note` writes: first frame, number of frames, of them faded in = run, fade."""


@dataclass(frozen=True)
class Source:
    """The film that clips are taken from, as far as a timeline tells it.

    Raises:
        ValueError: the rate is not positive.
    """

    path: Path
    """The film."""
    rate: Fraction
    """Frames per second that positions are counted in."""
    num_frames: int | None = None
    """Length of the film in such frames; None where that is unknown."""
    timecode_frames: int | None = 0
    """Frame number that the time code shows at the first frame. None: clips are given in the
    film's own time code, wherever that starts."""
    is_drop_frame: bool = False
    """Whether the time code skips numbers, to keep pace with the clock at 29.97 frames/s."""
    width: int = 0
    """Displayed width in pixels, upright; 0 for sound without picture."""
    height: int = 0
    """Displayed height in pixels, upright."""
    rotation_degrees: int = 0
    """Clockwise rotation that a player applies."""
    sample_rate: int = 0
    """Samples of sound per second; 0 where there is no sound."""
    num_channels: int = 0
    """Channels of sound."""
    sha256: str | None = None
    """SHA-256 of the film, hexadecimal."""
    relative_path: str | None = None
    """The film as seen from the folder of the timeline that was read."""

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError(f"rate must be positive, got {self.rate}")

    @property
    def has_picture(self) -> bool:
        """Whether there is anything to see."""
        return self.width > 0

    @property
    def has_sound(self) -> bool:
        """Whether there is anything to hear."""
        return self.num_channels > 0


@dataclass(frozen=True)
class Clip:
    """One piece of the film.

    Raises:
        ValueError: the piece is empty, starts before zero, or its cross-fade is longer than it.
    """

    start: Fraction
    """First instant, seconds of media time."""
    end: Fraction
    """First instant after it."""
    run: tuple[Fraction, Fraction] | None = None
    """The stretch of the presentation that it stands for, seconds, where that is known exactly."""
    fade_in: Fraction = Fraction(0)
    """How long it is cross-faded with the clip before it, which it overlaps; 0 is a cut."""
    run_fade: Fraction = Fraction(0)
    """Length of the cross-fade between such stretches; `fade_in` is rounded to frames."""
    name: str = ""
    """Short name, for lists."""
    score: float | None = None
    """How good it was found, in [0, 1]."""
    reason: str = ""
    """Why it was picked, one line."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a clip needs 0 <= start < end, got [{self.start}, {self.end})")
        if not 0 <= self.fade_in <= self.end - self.start:
            raise ValueError(f"a cross-fade of {self.fade_in} s is longer than its clip")

    @property
    def duration(self) -> Fraction:
        """Length, seconds, with the cross-fades at both ends."""
        return self.end - self.start

    def frames(self, rate: Fraction) -> range:
        """Return the numbers of its frames, counted from the film's first one; at least one."""
        first = round(self.start * rate)
        return range(first, max(first + 1, round(self.end * rate)))

    @property
    def comment(self) -> str:
        """Score and reason as one line."""
        score = "" if self.score is None else f"score {self.score:.2f}"
        return ": ".join(part for part in (score, self.reason) if part)

    def exact_note(self, rate: Fraction) -> str:
        """Return a note that `with_note` restores the exact run from; empty without a run."""
        if self.run is None:
            return ""
        frames = self.frames(rate)
        counted = f"{frames.start}+{len(frames)}~{round(self.fade_in * rate)}"
        return f"vsumm:{counted}={self.run[0]}..{self.run[1]}~{self.run_fade}"

    def with_note(self, note: str, rate: Fraction) -> Clip:
        """Return this clip with the exact times of a note, unless the clip was changed since."""
        match = _EXACT.search(note)
        if match is None:
            return self
        frames = self.frames(rate)
        counted = frames.start, len(frames), round(self.fade_in * rate)
        start, end, fade = Fraction(match[4]), Fraction(match[5]), Fraction(match[6])
        if counted != (int(match[1]), int(match[2]), int(match[3])) or start >= end:
            return self
        return replace(self, run=(start, end), run_fade=fade)


@dataclass(frozen=True)
class Timeline:
    """Clips of one film, one after the other.

    Raises:
        ValueError: a cross-fade is longer than the clip before it leaves room for.
    """

    name: str
    """Title."""
    source: Source
    """The film."""
    clips: tuple[Clip, ...]
    """What is shown, in order."""
    soundtrack: Path | None = None
    """Sound on a track of its own, from the beginning."""
    soundtrack_start: Fraction = Fraction(0)
    """Where in that sound it begins, seconds."""
    is_film_muted: bool = False
    """Whether the soundtrack takes the place of the film's sound."""
    notes: tuple[str, ...] = ()
    """What the timeline cannot say exactly, or what was left out of it, one line each."""

    def __post_init__(self) -> None:
        for number, (clip, fade_out) in enumerate(zip(self.clips, self.fades_out, strict=True), 1):
            if clip.fade_in + fade_out > clip.duration:
                raise ValueError(f"the cross-fades of clip {number} are longer than it")

    @property
    def rate(self) -> Fraction:
        """Frames per second."""
        return self.source.rate

    @property
    def fades_out(self) -> list[Fraction]:
        """How long each clip overlaps the next one, seconds."""
        return [clip.fade_in for clip in self.clips[1:]] + [Fraction(0)] * bool(self.clips)

    @property
    def soundtrack_frame(self) -> int:
        """The frame nearest to `soundtrack_start`, counted at the rate of the timeline."""
        return round(self.soundtrack_start * self.rate)

    def places(self) -> list[range]:
        """Return the frames of the timeline that each clip covers; cross-fades overlap.

        >>> film = Source(Path("film.mp4"), Fraction(25))
        >>> clips = (Clip(Fraction(0), Fraction(2)), Clip(Fraction(4), Fraction(5)))
        >>> Timeline("reel", film, clips).places()
        [range(0, 50), range(50, 75)]
        """
        places: list[range] = []
        position = 0
        for clip in self.clips:
            position -= round(clip.fade_in * self.rate)
            places.append(range(position, position + len(clip.frames(self.rate))))
            position = places[-1].stop
        return places

    @property
    def num_frames(self) -> int:
        """Length in frames."""
        return self.places()[-1].stop if self.clips else 0


@dataclass(frozen=True)
class CutClip:
    """A clip as programs show it that put a cross-fade on the cut between two clips."""

    clip: Clip
    """The clip with all its frames."""
    source: range
    """Frames of the film up to the cuts, which lie in the middle of the cross-fades."""
    place: range
    """Frames of the timeline."""
    fade: range
    """Frames of the timeline in which it is faded in; empty for a cut."""


def cut_clips(timeline: Timeline) -> list[CutClip]:
    """Return clips that touch instead of overlapping: each cross-fade is halved by a cut."""
    rate = timeline.rate
    fades = [round(clip.fade_in * rate) for clip in timeline.clips] + [0]
    cut: list[CutClip] = []
    for number, (clip, place) in enumerate(zip(timeline.clips, timeline.places(), strict=True)):
        before, after = fades[number] // 2, fades[number + 1] - fades[number + 1] // 2
        frames = clip.frames(rate)
        source = range(frames.start + before, frames.stop - after)
        fade = range(place.start, place.start + fades[number])
        cut.append(CutClip(clip, source, range(place.start + before, place.stop - after), fade))
    return cut


def uncut(clip: Clip, fade_in: int, fade_out: int, rate: Fraction) -> Clip:
    """Return a clip with the frames that its cross-fades add to it: the inverse of `cut_clips`.

    Args:
        clip: a clip up to its cuts.
        fade_in: frames that it is faded in.
        fade_out: frames that the next one is faded in.
        rate: frames per second.
    """
    start = clip.start - Fraction(fade_in // 2) / rate
    end = clip.end + Fraction(fade_out - fade_out // 2) / rate
    return replace(clip, start=max(start, Fraction(0)), end=end, fade_in=Fraction(fade_in) / rate)


def ceil_frame(seconds: Fraction, rate: Fraction, slack: Fraction) -> int:
    """Return the first frame that is not before an instant by more than `slack` seconds."""
    return max(0, math.ceil((seconds - slack) * rate))
