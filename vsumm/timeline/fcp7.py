"""Final Cut Pro 7's XML, which Premiere, DaVinci Resolve and others read as well.

All numbers are frames. `start` and `end` lie on the timeline and are -1 where a transition covers
them; `in` and `out` count from the film's first frame, and span the transitions too. Without
`<format><samplecharacteristics>` Resolve imports an empty timeline.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

from vsumm.errors import ScoresError
from vsumm.timeline.media_url import path_of_url, url_of_path
from vsumm.timeline.model import Clip, CutClip, Source, Timeline, cut_clips, uncut
from vsumm.timeline.one_film import NamedClip, choose_film
from vsumm.timeline.timecode import format_timecode
from vsumm.timeline.xml_text import add, parse, text_of, to_text, whole

MOST_CHANNELS = 2
SOUNDTRACK = "vsumm soundtrack"


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of an .xml file."""
    source = timeline.source
    root = ET.Element("xmeml", version="5")
    sequence = add(root, "sequence", id="sequence-1")
    add(sequence, "name", timeline.name)
    add(sequence, "duration", timeline.num_frames)
    _add_rate(sequence, timeline.rate)
    _add_timecode(sequence, 0, source)
    media = add(sequence, "media")
    files = _Files(timeline, folder)
    if source.has_picture:
        video = add(media, "video")
        _add_picture_form(add(video, "format"), source)
        _add_track(video, timeline, files, kind="video", channel=1)
    audio = add(media, "audio")
    channels = 0 if timeline.is_film_muted else min(source.num_channels, MOST_CHANNELS)
    for channel in range(1, channels + 1):
        _add_track(audio, timeline, files, kind="audio", channel=channel)
    if timeline.soundtrack is not None:
        _add_soundtrack(audio, timeline, timeline.soundtrack)
    return to_text(root, doctype="xmeml")


def read(text: str) -> Timeline:
    """Read the first sequence of an .xml file: its first track of pictures, or else of sound.

    Raises:
        ScoresError: it has no sequence, or no clips in it.
    """
    root = parse(text, root="xmeml")
    sequence = next(root.iter("sequence"), None)
    if sequence is None:
        raise ScoresError("there is no sequence in the XML of Final Cut Pro 7")
    files = {
        item.get("id", ""): item for item in root.iter("file") if item.find("pathurl") is not None
    }
    pictures = [t for t in sequence.findall("media/video/track") if t.find("clipitem") is not None]
    sounds = [t for t in sequence.findall("media/audio/track") if t.find("clipitem") is not None]
    soundtracks = [t for t in sounds if text_of(t, "clipitem/name") == SOUNDTRACK]
    films = pictures or [track for track in sounds if track not in soundtracks]
    if not films:
        raise ScoresError("there is no track with clips in the sequence")
    rate = _rate(sequence) or _rate(films[0][0]) or Fraction(25)
    named = list(_named_clips(list(films[0]), files, rate))
    clips, source, notes = choose_film(named)
    if len(pictures) > 1:
        notes.append(f"{len(pictures) - 1} more picture tracks are left out")
    if any(item.find("filter") is not None for item in films[0]):
        notes.append("effects and changes of speed are left out")
    music = soundtracks[0].find("clipitem") if soundtracks else None
    soundtrack = _file_of(music, files)
    path = path_of_url(text_of(soundtrack, "pathurl")) if soundtrack is not None else None
    return Timeline(
        name=text_of(sequence, "name", source.path.stem),
        source=source,
        clips=clips,
        soundtrack=path,
        soundtrack_start=(whole(music, "in") or 0) / rate if music is not None else Fraction(0),
        is_film_muted=path is not None and len(sounds) == len(soundtracks),
        notes=tuple(notes),
    )


class _Files:
    """Describe the film once, and then by its id."""

    def __init__(self, timeline: Timeline, folder: Path) -> None:
        self._timeline = timeline
        self._folder = folder
        self._is_described = False

    def add_to(self, item: ET.Element) -> None:
        """Write which file a clip is taken from."""
        file = add(item, "file", id="file-1")
        if self._is_described:
            return
        self._is_described = True
        source = self._timeline.source
        add(file, "name", source.path.name)
        add(file, "pathurl", url_of_path(source.path))
        _add_rate(file, source.rate)
        add(file, "duration", source.num_frames or _last_frame(self._timeline))
        _add_timecode(file, source.timecode_frames or 0, source)
        media = add(file, "media")
        if source.has_picture:
            _add_picture_form(add(media, "video"), source)
        if source.has_sound:
            audio = add(media, "audio")
            form = add(audio, "samplecharacteristics")
            add(form, "depth", 16)
            add(form, "samplerate", source.sample_rate)
            add(audio, "channelcount", source.num_channels)
        comments = add(add(file, "metadata"), "vsumm")
        add(comments, "relativepath", os.path.relpath(source.path, self._folder))
        add(comments, "sha256", source.sha256 or "")
        add(comments, "rotation", source.rotation_degrees)


def _add_track(
    parent: ET.Element, timeline: Timeline, files: _Files, *, kind: str, channel: int
) -> None:
    track = add(parent, "track")
    length = timeline.source.num_frames or _last_frame(timeline)
    cut = zip(cut_clips(timeline), timeline.fades_out, strict=True)
    for number, (piece, fade_out) in enumerate(cut, 1):
        if piece.fade:
            _add_transition(track, piece, timeline.rate, kind)
        item = add(track, "clipitem", id=f"{kind}-{channel}-{number}")
        add(item, "masterclipid", "master-1")
        add(item, "name", piece.clip.name or timeline.source.path.name)
        add(item, "enabled", "TRUE")
        add(item, "duration", length)
        _add_rate(item, timeline.rate)
        add(item, "start", -1 if piece.fade else piece.place.start)
        add(item, "end", -1 if fade_out else piece.place.stop)
        frames = piece.clip.frames(timeline.rate)
        add(item, "in", frames.start)
        add(item, "out", frames.stop)
        files.add_to(item)
        if kind == "audio":
            origin = add(item, "sourcetrack")
            add(origin, "mediatype", "audio")
            add(origin, "trackindex", channel)
        elif piece.clip.comment:
            _add_marker(item, piece)
        _add_comments(item, piece.clip, timeline.rate)
    if kind == "audio":
        add(track, "outputchannelindex", channel)


def _add_transition(track: ET.Element, piece: CutClip, rate: Fraction, kind: str) -> None:
    item = add(track, "transitionitem")
    _add_rate(item, rate)
    add(item, "start", piece.fade.start)
    add(item, "end", piece.fade.stop)
    add(item, "alignment", "center")
    effect = add(item, "effect")
    name = "Cross Dissolve" if kind == "video" else "Cross Fade (+3dB)"
    add(effect, "name", name)
    add(effect, "effectid", name)
    add(effect, "effecttype", "transition")
    add(effect, "mediatype", kind)


def _add_marker(item: ET.Element, piece: CutClip) -> None:
    marker = add(item, "marker")
    add(marker, "name", piece.clip.name)
    add(marker, "comment", piece.clip.comment)
    add(marker, "in", piece.source.start)
    add(marker, "out", -1)


def _add_comments(item: ET.Element, clip: Clip, rate: Fraction) -> None:
    comments = add(item, "comments")
    add(comments, "mastercomment1", clip.reason)
    add(comments, "mastercomment2", "" if clip.score is None else repr(clip.score))
    add(comments, "mastercomment4", clip.exact_note(rate))


def _add_soundtrack(audio: ET.Element, timeline: Timeline, path: Path) -> None:
    item = add(add(audio, "track"), "clipitem", id="soundtrack-1")
    add(item, "name", SOUNDTRACK)
    add(item, "enabled", "TRUE")
    add(item, "duration", timeline.num_frames)
    _add_rate(item, timeline.rate)
    for name, value in (("start", 0), ("end", timeline.num_frames)):
        add(item, name, value)
    first = timeline.soundtrack_frame
    for name, value in (("in", first), ("out", first + timeline.num_frames)):
        add(item, name, value)
    file = add(item, "file", id="file-2")
    add(file, "name", path.name)
    add(file, "pathurl", url_of_path(path))
    add(add(add(file, "media"), "audio"), "channelcount", MOST_CHANNELS)


def _add_rate(parent: ET.Element, rate: Fraction) -> None:
    element = add(parent, "rate")
    add(element, "timebase", round(rate))
    add(element, "ntsc", "TRUE" if rate.denominator != 1 else "FALSE")


def _add_timecode(parent: ET.Element, frame: int, source: Source) -> None:
    code = add(parent, "timecode")
    _add_rate(code, source.rate)
    add(code, "string", format_timecode(frame, source.rate, drop_frame=source.is_drop_frame))
    add(code, "frame", frame)
    add(code, "displayformat", "DF" if source.is_drop_frame else "NDF")


def _add_picture_form(parent: ET.Element, source: Source) -> None:
    form = add(parent, "samplecharacteristics")
    _add_rate(form, source.rate)
    add(form, "width", source.width)
    add(form, "height", source.height)
    add(form, "anamorphic", "FALSE")
    add(form, "pixelaspectratio", "square")
    add(form, "fielddominance", "none")


def _last_frame(timeline: Timeline) -> int:
    return max((clip.frames(timeline.rate).stop for clip in timeline.clips), default=1)


def _named_clips(
    items: list[ET.Element], files: dict[str, ET.Element], rate: Fraction
) -> Iterable[NamedClip]:
    for number, item in enumerate(items):
        if item.tag != "clipitem" or text_of(item, "enabled", "TRUE").upper() == "FALSE":
            continue
        first, last = whole(item, "in"), whole(item, "out")
        file = _file_of(item, files)
        if first is None or last is None or not 0 <= first < last:
            continue
        if file is None:
            raise ScoresError(f"the clip {text_of(item, 'name')!r} names no file")
        own_rate = _rate(item) or rate
        clip = Clip(
            start=first / own_rate,
            end=last / own_rate,
            name=text_of(item, "name"),
            score=_score(text_of(item, "comments/mastercomment2")),
            reason=text_of(item, "comments/mastercomment1"),
        )
        before = _fade(items[number - 1]) if number else 0
        after = _fade(items[number + 1]) if number + 1 < len(items) else 0
        clip = _with_fades(clip, before, after, item, own_rate)
        note = text_of(item, "comments/mastercomment4")
        yield NamedClip(clip.with_note(note, own_rate), _source(file, own_rate))


def _with_fades(clip: Clip, before: int, after: int, item: ET.Element, rate: Fraction) -> Clip:
    """Add the frames under transitions, where `in` and `out` do not span them already."""
    is_open_start, is_open_end = whole(item, "start") == -1, whole(item, "end") == -1
    longer = uncut(clip, before, after, rate)
    return Clip(
        start=clip.start if is_open_start else longer.start,
        end=clip.end if is_open_end else longer.end,
        fade_in=longer.fade_in,
        name=clip.name,
        score=clip.score,
        reason=clip.reason,
    )


def _source(file: ET.Element, rate: Fraction) -> Source:
    picture = file.find("media/video")
    return Source(
        path=path_of_url(text_of(file, "pathurl")),
        rate=rate,
        num_frames=whole(file, "duration") or None,
        timecode_frames=whole(file, "timecode/frame") or 0,
        is_drop_frame=text_of(file, "timecode/displayformat") == "DF",
        width=0 if picture is None else whole(picture, "samplecharacteristics/width") or 0,
        height=0 if picture is None else whole(picture, "samplecharacteristics/height") or 0,
        rotation_degrees=whole(file, "metadata/vsumm/rotation") or 0,
        sample_rate=whole(file, "media/audio/samplecharacteristics/samplerate") or 0,
        num_channels=whole(file, "media/audio/channelcount") or 0,
        sha256=text_of(file, "metadata/vsumm/sha256") or None,
        relative_path=text_of(file, "metadata/vsumm/relativepath") or None,
    )


def _file_of(item: ET.Element | None, files: dict[str, ET.Element]) -> ET.Element | None:
    file = None if item is None else item.find("file")
    return None if file is None else files.get(file.get("id", ""))


def _fade(item: ET.Element) -> int:
    if item.tag != "transitionitem":
        return 0
    start, end = whole(item, "start"), whole(item, "end")
    return max(0, end - start) if start is not None and end is not None else 0


def _rate(element: ET.Element) -> Fraction | None:
    base = whole(element, "rate/timebase")
    if not base or base < 0:
        return None
    is_ntsc = text_of(element, "rate/ntsc").upper() == "TRUE"
    return Fraction(base * 1000, 1001) if is_ntsc else Fraction(base)


def _score(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
