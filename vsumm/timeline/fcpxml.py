"""Final Cut Pro's FCPXML: every time a rational number of seconds, clips in one spine.

resources   format (frame duration, size)    asset (the film, from its time code on)
spine       asset-clip   transition over the cut   asset-clip ...
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

from vsumm.errors import ScoresError
from vsumm.timeline.media_url import path_of_url, url_of_path
from vsumm.timeline.model import Clip, CutClip, Source, Timeline, cut_clips, uncut
from vsumm.timeline.one_film import NamedClip, choose_film
from vsumm.timeline.xml_text import add, parse, to_text

VERSION = "1.9"
"""Old enough for DaVinci Resolve and Premiere's converters, new enough for `media-rep`."""
KEY = "com.vsumm."
"""Beginning of the names of our own metadata."""
SOUND_SIZE = (1280, 720)
"""Size of the picture of a timeline without one."""
STORY = {"asset-clip", "clip", "video", "audio"}
"""Elements of a spine that show one piece of an asset."""
_TIME = re.compile(r"\s*(-?\d+(?:\.\d+)?)(?:/(\d+))?s\s*")


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of an .fcpxml file."""
    source, rate = timeline.source, timeline.rate
    root = ET.Element("fcpxml", version=VERSION)
    resources = add(root, "resources")
    width, height = (source.width, source.height) if source.has_picture else SOUND_SIZE
    add(resources, "format", id="r1", frameDuration=_time(1 / rate), width=width, height=height)
    _add_film(resources, timeline, folder)
    if timeline.soundtrack is not None:
        _add_soundtrack(resources, timeline, timeline.soundtrack)
    event = add(add(root, "library"), "event", name=timeline.name)
    code_form = "DF" if source.is_drop_frame else "NDF"
    sequence = add(
        add(event, "project", name=timeline.name),
        "sequence",
        format="r1",
        duration=_time(timeline.num_frames / rate),
        tcStart="0s",
        tcFormat=code_form,
    )
    spine = add(sequence, "spine")
    for number, piece in enumerate(cut_clips(timeline)):
        if piece.fade:
            _add_transition(spine, piece, rate)
        clip = _add_clip(spine, piece, timeline)
        if number == 0 and timeline.soundtrack is not None:
            start = _time((piece.source.start + (source.timecode_frames or 0)) / rate)
            length = _time(timeline.num_frames / rate)
            add(
                clip,
                "asset-clip",
                ref="r3",
                lane=-1,
                offset=start,
                name=timeline.soundtrack.stem,
                start=_time(timeline.soundtrack_frame / rate),
                duration=length,
                audioRole="music",
            )
        _add_remarks(clip, piece, timeline)
    return to_text(root, doctype="fcpxml")


def read(text: str) -> Timeline:
    """Read the first sequence of an .fcpxml file.

    Raises:
        ScoresError: it has no sequence, or no clips in it.
    """
    root = parse(text, root="fcpxml")
    sequence = root.find(".//sequence")
    spine = None if sequence is None else sequence.find("spine")
    if sequence is None or spine is None:
        raise ScoresError("there is no sequence with a spine in the FCPXML")
    resources = _Resources(root, sequence)
    items = list(spine)
    named = []
    for number, item in enumerate(items):
        if item.tag in STORY:
            before = items[number - 1] if number else None
            after = items[number + 1] if number + 1 < len(items) else None
            named += _named(item, (before, after), resources)
    clips, source, notes = choose_film(named)
    soundtrack, music_start, is_muted = _soundtrack(items, resources)
    project = root.find(".//project")
    name = project.get("name") if project is not None else None
    return Timeline(
        name=name or source.path.stem,
        source=source,
        clips=clips,
        soundtrack=soundtrack,
        soundtrack_start=music_start,
        is_film_muted=is_muted,
        notes=(*_left_out(items), *notes),
    )


def _add_film(resources: ET.Element, timeline: Timeline, folder: Path) -> None:
    source, rate = timeline.source, timeline.rate
    last = max((clip.frames(rate).stop for clip in timeline.clips), default=1)
    sound: dict[str, str | int] = {}
    if source.has_sound:
        sound = {
            "hasAudio": 1,
            "audioSources": 1,
            "audioChannels": source.num_channels,
            "audioRate": source.sample_rate,
        }
    picture: dict[str, str | int] = {"hasVideo": 1, "format": "r1"} if source.has_picture else {}
    asset = add(
        resources,
        "asset",
        id="r2",
        name=source.path.stem,
        start=_time((source.timecode_frames or 0) / rate),
        duration=_time((source.num_frames or last) / rate),
        **picture,
        **sound,
    )
    add(asset, "media-rep", kind="original-media", src=url_of_path(source.path))
    facts = {
        "relative_path": os.path.relpath(source.path, folder),
        "sha256": source.sha256 or "",
        "rotation_degrees": str(source.rotation_degrees),
    }
    metadata = add(asset, "metadata")
    for name, value in facts.items():
        add(metadata, "md", key=KEY + name, value=value)


def _add_soundtrack(resources: ET.Element, timeline: Timeline, path: Path) -> None:
    length = _time((timeline.soundtrack_frame + timeline.num_frames) / timeline.rate)
    asset = add(
        resources, "asset", id="r3", name=path.stem, start="0s", duration=length, hasAudio=1
    )
    add(asset, "media-rep", kind="original-media", src=url_of_path(path))


def _add_transition(spine: ET.Element, piece: CutClip, rate: Fraction) -> None:
    offset, duration = _time(piece.fade.start / rate), _time(len(piece.fade) / rate)
    add(spine, "transition", name="Cross Dissolve", offset=offset, duration=duration)


def _add_clip(spine: ET.Element, piece: CutClip, timeline: Timeline) -> ET.Element:
    rate = timeline.rate
    start = piece.source.start + (timeline.source.timecode_frames or 0)
    muted = {"srcEnable": "video"} if timeline.is_film_muted else {}
    return add(
        spine,
        "asset-clip",
        ref="r2",
        offset=_time(piece.place.start / rate),
        name=piece.clip.name or timeline.source.path.stem,
        start=_time(start / rate),
        duration=_time(len(piece.source) / rate),
        tcFormat="DF" if timeline.source.is_drop_frame else "NDF",
        **muted,
    )


def _add_remarks(clip: ET.Element, piece: CutClip, timeline: Timeline) -> None:
    """Add the marker and our metadata, in the order that the DTD of FCPXML wants."""
    told = piece.clip
    if told.comment:
        duration = _time(1 / timeline.rate)
        add(clip, "marker", start=clip.get("start", "0s"), duration=duration, value=told.comment)
    facts = {"exact": told.exact_note(timeline.rate), "reason": told.reason}
    if told.score is not None:
        facts["score"] = repr(told.score)
    metadata = add(clip, "metadata")
    for name, value in facts.items():
        add(metadata, "md", key=KEY + name, value=value)


@dataclass(frozen=True)
class _Asset:
    source: Source
    start: Fraction


class _Resources:
    """What clips refer to by its id."""

    def __init__(self, root: ET.Element, sequence: ET.Element) -> None:
        self._formats = {item.get("id"): item for item in root.iter("format")}
        self._sequence_format = sequence.get("format")
        self._elements = {item.get("id"): item for item in root.iter("asset")}
        self._assets: dict[str | None, _Asset | None] = {}

    def asset(self, ref: str | None) -> _Asset | None:
        """Return the film that an id names."""
        if ref not in self._assets:
            element = self._elements.get(ref)
            self._assets[ref] = None if element is None else self._read(element)
        return self._assets[ref]

    def _read(self, asset: ET.Element) -> _Asset | None:
        media = asset.find("media-rep")
        url = asset.get("src") if media is None else media.get("src")
        if not url:
            return None
        rate, size = self._format(asset.get("format"))
        start = _seconds(asset.get("start"))
        length = _seconds(asset.get("duration"))
        facts = _facts(asset)
        is_sound = asset.get("hasVideo", "0") != "1"
        source = Source(
            path=path_of_url(url),
            rate=rate,
            num_frames=round(length * rate) or None,
            timecode_frames=round(start * rate),
            width=0 if is_sound else size[0],
            height=0 if is_sound else size[1],
            rotation_degrees=int(facts.get("rotation_degrees") or 0),
            sample_rate=_number(asset.get("audioRate")),
            num_channels=_number(asset.get("audioChannels")),
            sha256=facts.get("sha256") or None,
            relative_path=facts.get("relative_path") or None,
        )
        return _Asset(source, start)

    def _format(self, ref: str | None) -> tuple[Fraction, tuple[int, int]]:
        for name in (ref, self._sequence_format):
            element = self._formats.get(name)
            if element is not None and (duration := _seconds(element.get("frameDuration"))) > 0:
                return 1 / duration, (
                    _number(element.get("width")),
                    _number(element.get("height")),
                )
        raise ScoresError("no format of the FCPXML has a frame duration")


def _named(
    item: ET.Element, around: tuple[ET.Element | None, ET.Element | None], resources: _Resources
) -> list[NamedClip]:
    inner = item.find("video") if item.tag == "clip" else None
    asset = resources.asset((item if inner is None else inner).get("ref"))
    if asset is None:
        return []
    rate = asset.source.rate
    origin = asset.start
    start = _seconds(item.get("start"), origin)
    length = _seconds(item.get("duration"))
    # Some programs count from the first frame although the asset begins later.
    start = start - origin if start >= origin else start
    if length <= 0 or start < 0:
        return []
    facts = _facts(item)
    clip = Clip(
        start=start,
        end=start + length,
        name=item.get("name", ""),
        score=_score(facts.get("score")),
        reason=facts.get("reason", ""),
    )
    fade_in, fade_out = (
        round(_seconds(near.get("duration")) * rate)
        if near is not None and near.tag == "transition"
        else 0
        for near in around
    )
    clip = uncut(clip, fade_in, fade_out, rate).with_note(facts.get("exact", ""), rate)
    return [NamedClip(clip, asset.source)]


def _soundtrack(
    items: list[ET.Element], resources: _Resources
) -> tuple[Path | None, Fraction, bool]:
    """Return the file, where in it the reel begins, and whether it replaces the film's sound."""
    clips = [item for item in items if item.tag in STORY]
    for sound in clips[0].findall("asset-clip[@audioRole='music']"):
        if asset := resources.asset(sound.get("ref")):
            start = _seconds(sound.get("start"), asset.start) - asset.start
            return asset.source.path, max(start, Fraction(0)), clips[0].get("srcEnable") == "video"
    return None, Fraction(0), False


def _left_out(items: list[ET.Element]) -> list[str]:
    """Return what a spine asks for that a reel cannot show."""
    notes = []
    unknown = sorted({i.tag for i in items if i.tag not in {*STORY, "gap", "transition"}})
    if unknown:
        notes.append(f"left out, a reel has only clips of one film: {', '.join(unknown)}")
    if any(item.tag == "gap" for item in items):
        notes.append("gaps between clips are closed")
    if any(item.find("timeMap") is not None for item in items):
        notes.append("changes of speed are left out")
    connected = sum(
        child.get("lane") is not None and child.get("audioRole") != "music"
        for item in items
        for child in item
    )
    if connected:
        notes.append(f"{connected} connected clips or titles are left out")
    if any(
        item.find(tag) is not None for item in items for tag in ("filter-video", "filter-audio")
    ):
        notes.append("effects are left out")
    return notes


def _facts(element: ET.Element) -> dict[str, str]:
    return {
        item.get("key", "").removeprefix(KEY): item.get("value", "")
        for item in element.findall("metadata/md")
        if item.get("key", "").startswith(KEY)
    }


def _time(seconds: Fraction) -> str:
    exact = Fraction(seconds)
    return f"{exact}s"


def _seconds(text: str | None, default: Fraction = Fraction(0)) -> Fraction:
    match = _TIME.fullmatch(text or "")
    if match is None:
        return default
    denominator = int(match[2] or 1)
    if denominator == 0:
        raise ScoresError(f"no time of FCPXML: {text}")
    return Fraction(match[1]) / denominator


def _number(text: str | None) -> int:
    match = re.match(r"\d+", text or "")
    # Rates are written as "48k" too.
    return int(match[0]) * (1000 if (text or "").endswith("k") else 1) if match else 0


def _score(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
