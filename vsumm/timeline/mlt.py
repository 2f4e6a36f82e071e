"""MLT's XML, for `melt` and Shotcut, and the form of it that Kdenlive saves.

    producer   the film, twice: in a cross-fade it plays in two places at once
    playlist   entries, from frame `in` to frame `out`, which is the last one shown
    tractor    two tracks mixed by `luma` and `mix`: a cross-fade, itself an entry of the playlist
    tractor    all tracks together: the last element is what is played

Positions are counted at the rate of the profile.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from vsumm.errors import ScoresError
from vsumm.timeline.media_url import path_of_url
from vsumm.timeline.model import Clip, Source, Timeline
from vsumm.timeline.one_film import NamedClip, choose_film
from vsumm.timeline.xml_text import add, parse, properties, text_of, to_text

REEL, MUSIC = "reel", "soundtrack"
SOUND_SIZE = (1280, 720)


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of an .mlt file."""
    root = _root(timeline, folder)
    _add_film(root, timeline, folder)
    _add_reel(root, timeline)
    if timeline.soundtrack is not None:
        _add_music(root, timeline, timeline.soundtrack)
    tractor = add(root, "tractor", id="main", in_=0, out=max(0, timeline.num_frames - 1))
    add(tractor, "property", timeline.name, name="title")
    add(tractor, "track", producer=REEL, **_hidden(timeline))
    if timeline.soundtrack is not None:
        add(tractor, "track", producer=MUSIC, hide="video")
        _add_transition(tractor, "mix", always_active=1, sum=1)
    return to_text(root)


def write_kdenlive(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of a .kdenlive file: every track a tractor of two playlists."""
    root = _root(timeline, folder)
    root.set("producer", "main_bin")
    _add_film(root, timeline, folder)
    if timeline.soundtrack is not None:
        _add_music(root, timeline, timeline.soundtrack)
    playlist = add(root, "playlist", id="main_bin")
    add(playlist, "property", "1.04", name="kdenlive:docproperties.version")
    add(playlist, "property", 1, name="xml_retain")
    add(playlist, "entry", producer="film0")
    _add_reel(root, timeline)
    last = max(0, timeline.num_frames - 1)
    black = add(root, "producer", id="black_track", in_=0, out=last)
    add(black, "property", "color", name="mlt_service")
    add(black, "property", "black", name="resource")
    add(black, "property", last + 1, name="length")
    tracks = [REEL, MUSIC] if timeline.soundtrack is not None else [REEL]
    for number, name in enumerate(tracks):
        add(root, "playlist", id=f"empty{number}")
        track = add(root, "tractor", id=f"track{number}", in_=0, out=last)
        if name == MUSIC:
            add(track, "property", 1, name="kdenlive:audio_track")
        hidden = {"hide": "video"} if name == MUSIC else _hidden(timeline)
        add(track, "track", producer=name, **hidden)
        add(track, "track", producer=f"empty{number}", **hidden)
    tractor = add(root, "tractor", id="main", in_=0, out=last)
    add(tractor, "track", producer="black_track")
    for number in range(len(tracks)):
        add(tractor, "track", producer=f"track{number}")
        _add_transition(tractor, "mix", b_track=number + 1, always_active=1, sum=1)
    if timeline.source.has_picture:
        _add_transition(tractor, "qtblend", always_active=1)
    return to_text(root)


def read(text: str) -> Timeline:
    """Read the playlist of an .mlt or .kdenlive file that shows most pieces of a film.

    Raises:
        ScoresError: it has no profile, or no clips.
    """
    root = parse(text, root="mlt")
    profile = root.find("profile")
    if profile is None:
        raise ScoresError("the MLT file has no profile, so no frame rate")
    try:
        rate = Fraction(
            int(profile.get("frame_rate_num", "25")), int(profile.get("frame_rate_den", "1"))
        )
    except (ValueError, ZeroDivisionError) as error:
        raise ScoresError(f"no frame rate in the profile: {error}") from error
    document = _Document(root, rate)
    playlists = [p for p in root.iter("playlist") if p.get("id") not in ("main_bin", MUSIC)]
    named = max((document.clips(p) for p in playlists), key=len, default=[])
    clips, source, notes = choose_film(named)
    music = root.find(f".//producer[@id='{MUSIC}0']")
    path = path_of_url(dict(properties(music))["resource"]) if music is not None else None
    is_muted = any(
        track.get("producer") == REEL and track.get("hide") in ("audio", "both")
        for track in root.iter("track")
    )
    title = root.get("title") or text_of(root, "tractor[@id='main']/property[@name='title']")
    return Timeline(
        name=title or source.path.stem,
        source=source,
        clips=clips,
        soundtrack=path,
        soundtrack_start=document.music_start(),
        is_film_muted=path is not None and is_muted,
        notes=(*document.left_out(), *notes),
    )


def _root(timeline: Timeline, folder: Path) -> ET.Element:
    source, rate = timeline.source, timeline.rate
    root = ET.Element(
        "mlt",
        {"LC_NUMERIC": "C", "version": "7.0.0", "root": str(folder), "title": timeline.name},
    )
    width, height = (source.width, source.height) if source.has_picture else SOUND_SIZE
    # Encoders want even sizes, and so is the reel cropped.
    width, height = width // 2 * 2, height // 2 * 2
    shape = gcd(width, height) or 1
    add(
        root,
        "profile",
        description="as the film",
        width=width,
        height=height,
        progressive=1,
        sample_aspect_num=1,
        sample_aspect_den=1,
        display_aspect_num=width // shape,
        display_aspect_den=height // shape,
        frame_rate_num=rate.numerator,
        frame_rate_den=rate.denominator,
        colorspace=709 if height >= 720 else 601,
    )
    return root


def _add_film(root: ET.Element, timeline: Timeline, folder: Path) -> None:
    source = timeline.source
    last = max((clip.frames(timeline.rate).stop for clip in timeline.clips), default=1)
    length = source.num_frames or last
    facts: dict[str, str | int] = {
        "length": length,
        "resource": str(source.path),
        "mlt_service": "avformat" if source.has_picture else "avformat-novalidate",
        "kdenlive:id": 2,
        "kdenlive:clipname": source.path.name,
        "vsumm:relative_path": os.path.relpath(source.path, folder),
        "vsumm:sha256": source.sha256 or "",
        "vsumm:timecode_frames": source.timecode_frames or 0,
        "vsumm:is_drop_frame": int(source.is_drop_frame),
        "vsumm:rotation_degrees": source.rotation_degrees,
        "vsumm:sample_rate": source.sample_rate,
        "vsumm:num_channels": source.num_channels,
        "vsumm:num_frames": source.num_frames or 0,
        "vsumm:has_picture": int(source.has_picture),
    }
    for number in range(2):
        producer = add(root, "producer", id=f"film{number}", in_=0, out=length - 1)
        for name, value in facts.items():
            add(producer, "property", value, name=name)


def _add_reel(root: ET.Element, timeline: Timeline) -> None:
    """Add the playlist: clips up to their cross-fades, and the cross-fades as entries between."""
    rate = timeline.rate
    fades = [round(clip.fade_in * rate) for clip in timeline.clips]
    mixes = {
        number: _add_mix(root, timeline, number, fade) for number, fade in enumerate(fades) if fade
    }
    playlist = add(root, "playlist", id=REEL)
    for number, clip in enumerate(timeline.clips):
        if number in mixes:
            add(playlist, "entry", producer=mixes[number], in_=0, out=fades[number] - 1)
        frames = clip.frames(rate)
        fade_out = fades[number + 1] if number + 1 < len(fades) else 0
        first, last = frames.start + fades[number], frames.stop - fade_out - 1
        if first <= last:
            entry = add(playlist, "entry", producer="film0", in_=first, out=last)
            add(entry, "property", 2, name="kdenlive:id")
            add(entry, "property", clip.name, name="vsumm:name")
            add(entry, "property", clip.reason, name="vsumm:reason")
            if clip.score is not None:
                add(entry, "property", repr(clip.score), name="vsumm:score")
            add(entry, "property", clip.exact_note(rate), name="vsumm:exact")


def _add_mix(root: ET.Element, timeline: Timeline, number: int, fade: int) -> str:
    """Add the cross-fade at the beginning of a clip, return its id."""
    before = timeline.clips[number - 1].frames(timeline.rate)
    clip = timeline.clips[number].frames(timeline.rate)
    name = f"fade{number}"
    mix = add(root, "tractor", id=name, in_=0, out=fade - 1)
    add(mix, "track", producer="film0", in_=before.stop - fade, out=before.stop - 1)
    add(mix, "track", producer="film1", in_=clip.start, out=clip.start + fade - 1)
    _add_transition(mix, "luma", out=fade - 1)
    _add_transition(mix, "mix", out=fade - 1, start=-1)
    return name


def _add_music(root: ET.Element, timeline: Timeline, path: Path) -> None:
    first = timeline.soundtrack_frame
    last = first + max(0, timeline.num_frames - 1)
    producer = add(root, "producer", id=f"{MUSIC}0", in_=0, out=last)
    add(producer, "property", str(path.absolute()), name="resource")
    add(producer, "property", "avformat-novalidate", name="mlt_service")
    add(producer, "property", "loop", name="eof")
    playlist = add(root, "playlist", id=MUSIC)
    add(playlist, "entry", producer=f"{MUSIC}0", in_=first, out=last)


def _add_transition(parent: ET.Element, service: str, *, b_track: int = 1, **facts: Any) -> None:
    span = {"in_": 0, "out": facts.pop("out")} if "out" in facts else {}
    transition = add(parent, "transition", **span)
    for name, value in {"mlt_service": service, "a_track": 0, "b_track": b_track, **facts}.items():
        add(transition, "property", value, name=name)


def _hidden(timeline: Timeline) -> dict[str, str]:
    return {"hide": "audio"} if timeline.is_film_muted else {}


@dataclass(frozen=True)
class _Piece:
    """What one entry of a playlist shows, with the cross-fades around it."""

    entry: ET.Element
    producer: str
    start: int
    stop: int
    fade: int


class _Document:
    """Finds the clips of playlists."""

    def __init__(self, root: ET.Element, rate: Fraction) -> None:
        self._root = root
        self._rate = rate
        profile = root.find("profile")
        assert profile is not None
        self._size = tuple(int(profile.get(name, "0")) for name in ("width", "height"))
        self._facts = {
            item.get("id", ""): dict(properties(item))
            for tag in ("producer", "chain")
            for item in root.iter(tag)
        }
        self._mixes = {item.get("id", ""): item for item in root.iter("tractor")}
        self._has_blanks = self._has_filters = False

    def clips(self, playlist: ET.Element) -> list[NamedClip]:
        """Return the clips of a playlist; cross-fades become parts of the clips around them."""
        pieces: list[_Piece] = []
        incoming: _Piece | None = None  # the clip that a cross-fade has begun
        for item in playlist:
            self._has_blanks = self._has_blanks or item.tag == "blank"
            if item.tag != "entry":
                continue
            self._has_filters = self._has_filters or item.find("filter") is not None
            first, last = self._frame(item.get("in")), self._frame(item.get("out"))
            mix = self._mixes.get(item.get("producer", ""))
            tracks = [] if mix is None else mix.findall("track")
            if len(tracks) == 2 and (incoming or pieces):
                fade = last - first + 1
                before = incoming or pieces.pop()
                pieces.append(replace(before, stop=before.stop + fade))
                start = self._frame(tracks[1].get("in"))
                incoming = _Piece(item, tracks[1].get("producer", ""), start, start + fade, fade)
            elif not tracks and first <= last:
                piece = _Piece(item, item.get("producer", ""), first, last + 1, 0)
                if incoming is not None:
                    piece = replace(piece, start=incoming.start, fade=incoming.fade)
                    incoming = None
                pieces.append(piece)
        pieces += [incoming] if incoming else []
        return [named for piece in pieces for named in self._named(piece)]

    def music_start(self) -> Fraction:
        """Return where in the soundtrack the reel begins, seconds."""
        entry = self._root.find(f".//playlist[@id='{MUSIC}']/entry")
        return Fraction(0) if entry is None else self._frame(entry.get("in")) / self._rate

    def left_out(self) -> list[str]:
        """Return what the document asks for that a reel cannot show."""
        notes = ["gaps between clips are closed"] if self._has_blanks else []
        return notes + ["effects are left out"] * self._has_filters

    def _named(self, piece: _Piece) -> list[NamedClip]:
        source = self._source(piece.producer)
        if source is None:
            return []
        facts = dict(properties(piece.entry))
        score = facts.get("vsumm:score")
        clip = Clip(
            start=piece.start / self._rate,
            end=piece.stop / self._rate,
            fade_in=piece.fade / self._rate,
            name=facts.get("vsumm:name", ""),
            score=float(score) if score else None,
            reason=facts.get("vsumm:reason", ""),
        )
        return [NamedClip(clip.with_note(facts.get("vsumm:exact", ""), self._rate), source)]

    def _source(self, producer: str) -> Source | None:
        facts = self._facts.get(producer, {})
        resource = facts.get("resource")
        if not resource or facts.get("mlt_service", "").startswith("color"):
            return None
        folder = Path(self._root.get("root", ""))
        has_picture = facts.get("vsumm:has_picture", "1") == "1"

        def number(name: str) -> int:
            text = facts.get(f"vsumm:{name}", "")
            return int(text) if text.isdecimal() else 0

        return Source(
            path=folder / path_of_url(resource),
            rate=self._rate,
            num_frames=number("num_frames") or None,
            timecode_frames=number("timecode_frames"),
            is_drop_frame=bool(number("is_drop_frame")),
            width=self._size[0] if has_picture else 0,
            height=self._size[1] if has_picture else 0,
            rotation_degrees=number("rotation_degrees"),
            sample_rate=number("sample_rate"),
            num_channels=number("num_channels"),
            sha256=facts.get("vsumm:sha256") or None,
            relative_path=facts.get("vsumm:relative_path") or None,
        )

    def _frame(self, text: str | None) -> int:
        """Read a frame number, or a clock as "00:00:01.960", which Shotcut writes."""
        try:
            if text and ":" in text:
                hours, minutes, seconds = (Fraction(part) for part in text.split(":"))
                return round((hours * 3600 + minutes * 60 + seconds) * self._rate)
            return int(text or 0)
        except ValueError as error:
            raise ScoresError(f"no position of MLT: {text}") from error
