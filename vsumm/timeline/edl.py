"""Edit decision lists, CMX 3600: text of 1980s tape machines, and still what every program reads.

    event  reel      tracks  kind       source in   out         record in   out
    002    FILM      B       C          01:00:10:00 01:00:12:00 01:00:02:00 01:00:04:00
    003    FILM      B       D    012   ...                     (faded in over 12 frames)

Source times are the film's own time code. The file names neither the frame rate nor the path, so
comments do, which other programs pass over; without them the film itself is asked for its rate.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from vsumm.errors import OutputError, ScoresError
from vsumm.timeline.model import Clip, Source, Timeline
from vsumm.timeline.one_film import NamedClip, choose_film
from vsumm.timeline.timecode import can_drop_frames, format_timecode, parse_timecode

MOST_EVENTS = 999
"""Events have three digits."""
REEL_LETTERS = 8
RECORD_START_HOURS = 1
"""Tapes begin at one hour; there is room for colour bars before it."""

_CODE = r"(\d{2}:\d{2}:\d{2}[:;.,]\d{2,3})"
_EVENT = re.compile(
    rf"\s*(\d+)\s+(\S.*?)\s+(\S+)\s+(C|D|W\d*|K\w*)\s+(\d+\s+)?{_CODE}\s+{_CODE}\s+{_CODE}\s+{_CODE}"
)
_REMARK = re.compile(r"\*?\s*([A-Z][A-Z0-9 ]*?)\s*:\s*(.*)")


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of an .edl file.

    Raises:
        OutputError: there are more clips than an EDL can number.
    """
    if len(timeline.clips) > MOST_EVENTS:
        raise OutputError(
            f"an EDL has at most {MOST_EVENTS} events, the reel has {len(timeline.clips)} clips"
        )
    source = timeline.source
    drops = source.is_drop_frame or _drops_by_rate(timeline)
    lines = [f"TITLE: {_line(timeline.name)}", f"FCM: {'' if drops else 'NON-'}DROP FRAME", ""]
    lines += [
        f"* VSUMM RATE: {timeline.rate}",
        f"* VSUMM START: {source.timecode_frames or 0}",
        f"* VSUMM SIZE: {source.width}x{source.height}",
        f"* VSUMM RELATIVE PATH: {_line(os.path.relpath(source.path, folder))}",
        f"* VSUMM SHA256: {source.sha256 or ''}",
    ]
    if timeline.soundtrack is not None:
        mode = "REPLACES" if timeline.is_film_muted else "UNDER"
        lines.append(f"* VSUMM SOUNDTRACK {mode}: {_line(str(timeline.soundtrack))}")
        lines.append(f"* VSUMM SOUNDTRACK START: {timeline.soundtrack_frame}")
    for number in range(len(timeline.clips)):
        lines += _event_lines(timeline, number, drops)
    return "\n".join(lines) + "\n"


def read(text: str, rate_of: Callable[[Path], Fraction]) -> Timeline:
    """Read the picture events of an EDL, or else its sound events.

    Args:
        text: the file's text.
        rate_of: asked for the frame rate of a film if the EDL does not name one.

    Raises:
        ScoresError: there is no event in it.
    """
    listing = _Listing()
    for line in text.splitlines():
        listing.add(line)
    events = [event for event in listing.events if "V" in event.tracks or event.tracks == "B"]
    events = events or listing.events
    if not events:
        raise ScoresError("there is no event in the EDL")
    rate = listing.rate or rate_of(Path(events[0].clip_name or listing.name_of(events[0].reel)))
    named, notes = _named_clips(events, listing, rate)
    clips, source, more = choose_film(named)
    return Timeline(
        name=listing.title or source.path.stem,
        source=source,
        clips=clips,
        soundtrack=Path(listing.soundtrack) if listing.soundtrack else None,
        soundtrack_start=listing.soundtrack_frame / rate,
        is_film_muted=listing.is_film_muted,
        notes=(*notes, *more),
    )


def _event_lines(timeline: Timeline, number: int, drops: bool) -> list[str]:
    source, rate = timeline.source, timeline.rate
    offset = source.timecode_frames or 0
    record_start = parse_timecode(f"{RECORD_START_HOURS:02d}:00:00:00", rate, drop_frame=drops) or 0

    def codes(first: int, last: int, at: int) -> str:
        at += record_start
        moments = (first + offset, last + offset, at, at + last - first)
        return " ".join(format_timecode(moment, rate, drop_frame=drops) for moment in moments)

    clip, place = timeline.clips[number], timeline.places()[number]
    frames = clip.frames(rate)
    fade_in, fade_out = (round(f * rate) for f in (clip.fade_in, timeline.fades_out[number]))
    head = f"{number + 1:03d}  {_reel(source):<{REEL_LETTERS}} {_tracks(timeline):<4}"
    lines = []
    if fade_in:
        before = timeline.clips[number - 1].frames(rate).stop - fade_in
        lines.append(f"{head}  C        {codes(before, before, place.start)}")
    kind = f"D    {fade_in:03d}" if fade_in else "C       "
    lines.append(f"{head}  {kind} {codes(frames.start, frames.stop - fade_out, place.start)}")
    name = _line(source.path.name)
    lines += [f"* {'TO' if fade_in else 'FROM'} CLIP NAME: {name}"]
    lines += [f"* SOURCE FILE: {_line(str(source.path))}"]
    for label, value in (
        ("COMMENT", clip.comment),
        ("VSUMM NAME", clip.name),
        ("VSUMM SCORE", "" if clip.score is None else repr(clip.score)),
        ("VSUMM REASON", clip.reason),
        ("VSUMM EXACT", clip.exact_note(rate)),
    ):
        if value:
            lines.append(f"* {label}: {_line(value)}")
    return lines


def _drops_by_rate(timeline: Timeline) -> bool:
    """Whether numbers are skipped although the film has no time code: as its rate would have it."""
    return not timeline.source.timecode_frames and can_drop_frames(timeline.rate)


def _reel(source: Source) -> str:
    letters = re.sub(r"[^A-Z0-9_]", "", source.path.stem.upper())[:REEL_LETTERS]
    return letters or "AX"


def _tracks(timeline: Timeline) -> str:
    source = timeline.source
    channels = 0 if timeline.is_film_muted else source.num_channels
    sound = "" if channels == 0 else "A" if channels == 1 else "AA"
    if not source.has_picture:
        return sound or "A"
    return {"": "V", "A": "B", "AA": "AA/V"}[sound]


def _line(text: str) -> str:
    """Return a text on one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


@dataclass
class _Event:
    number: str
    reel: str
    tracks: str
    kind: str
    fade: int
    codes: tuple[str, str, str, str]
    remarks: dict[str, str] = field(default_factory=dict)

    @property
    def clip_name(self) -> str:
        """The file that comments name."""
        label = "TO CLIP NAME" if self.kind != "C" else "FROM CLIP NAME"
        names = ("SOURCE FILE", "SOURCE FILE PATH", label, "FROM CLIP NAME", "TO CLIP NAME")
        return next((self.remarks[name] for name in names if self.remarks.get(name)), "")


class _Listing:
    """Collects what the lines say."""

    def __init__(self) -> None:
        self.title = ""
        self.drops = False
        self.rate: Fraction | None = None
        self.start: int | None = None
        self.size = (0, 0)
        self.sha256 = self.relative_path = self.soundtrack = ""
        self.soundtrack_frame = 0
        self.is_film_muted = False
        self.has_speed_changes = False
        self.events: list[_Event] = []

    def add(self, line: str) -> None:
        """Take the next line."""
        if match := _EVENT.match(line):
            number, reel, tracks, kind, fade = match.groups()[:5]
            codes = (match[6], match[7], match[8], match[9])
            self.events.append(_Event(number, reel, tracks, kind, int(fade or 0), codes))
        elif line.lstrip().startswith("M2"):
            self.has_speed_changes = True
        elif match := _REMARK.match(line.strip()):
            self._remark(match[1], match[2].strip())

    def name_of(self, reel: str) -> str:
        """Return the file that comments name for another event of a reel, or the reel's name."""
        return next((e.clip_name for e in self.events if e.reel == reel and e.clip_name), reel)

    def _remark(self, label: str, value: str) -> None:
        match label:
            case "TITLE":
                self.title = value
            case "FCM":
                self.drops = not value.upper().startswith("NON")
            case "VSUMM RATE":
                self.rate = _rate(value)
            case "VSUMM START" if value.isdecimal():
                self.start = int(value)
            case "VSUMM SIZE" if re.fullmatch(r"\d{1,6}x\d{1,6}", value):
                width, _, height = value.partition("x")
                self.size = int(width), int(height)
            case "VSUMM SHA256":
                self.sha256 = value
            case "VSUMM RELATIVE PATH":
                self.relative_path = value
            case "VSUMM SOUNDTRACK REPLACES" | "VSUMM SOUNDTRACK UNDER":
                self.soundtrack = value
                self.is_film_muted = label.endswith("REPLACES")
            case "VSUMM SOUNDTRACK START" if value.isdecimal():
                self.soundtrack_frame = int(value)
            case _:
                if self.events:
                    self.events[-1].remarks.setdefault(label, value)


def _named_clips(
    events: list[_Event], listing: _Listing, rate: Fraction
) -> tuple[list[NamedClip], list[str]]:
    notes = ["changes of speed are left out"] if listing.has_speed_changes else []
    shown: list[tuple[_Event, range]] = []
    for event in events:
        first, last = (_frame(code, rate, listing) for code in event.codes[:2])
        if event.reel.upper() in ("BL", "BLACK"):
            notes.append("gaps between clips are closed")
        elif first < last:  # or it is the outgoing side of a cross-fade
            shown.append((event, range(first, last)))
        if event.kind[0] in "WK":
            notes.append("wipes and keys become cross-fades")
    fades = [min(e.fade, len(f)) if e.kind != "C" else 0 for e, f in shown]
    fades_out = [*fades[1:], 0]
    named = []
    for number, (event, frames) in enumerate(shown):
        longer = range(frames.start, frames.stop + fades_out[number])
        fade_in = fades[number] if number else 0
        named.append(_named(event, longer, fade_in, listing, rate))
    return named, list(dict.fromkeys(notes))


def _named(
    event: _Event, frames: range, fade_in: int, listing: _Listing, rate: Fraction
) -> NamedClip:
    offset = listing.start or 0
    source = Source(
        path=Path(event.clip_name or listing.name_of(event.reel)),
        rate=rate,
        timecode_frames=listing.start,
        is_drop_frame=listing.drops,
        width=listing.size[0],
        height=listing.size[1],
        num_channels=_channels(event.tracks),
        sha256=listing.sha256 or None,
        relative_path=listing.relative_path or None,
    )
    score = event.remarks.get("VSUMM SCORE", "")
    clip = Clip(
        start=(frames.start - offset) / rate,
        end=(frames.stop - offset) / rate,
        fade_in=fade_in / rate,
        name=event.remarks.get("VSUMM NAME", ""),
        score=float(score) if re.fullmatch(r"[\d.e+-]+", score) else None,
        reason=event.remarks.get("VSUMM REASON", ""),
    )
    return NamedClip(clip.with_note(event.remarks.get("VSUMM EXACT", ""), rate), source)


def _channels(tracks: str) -> int:
    return 1 if tracks in ("B", "A") else 2 if "A" in tracks else 0


def _frame(code: str, rate: Fraction, listing: _Listing) -> int:
    frame = parse_timecode(code, rate, drop_frame=listing.drops)
    if frame is None:
        raise ScoresError(f"no time code: {code}")
    return frame


def _rate(text: str) -> Fraction | None:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return rate if rate > 0 else None
