"""Timelines for OpenTimelineIO, whose own library reads and writes the file.

A cross-fade lies on the cut between two clips there, so clips are cut in its middle. The media
reference spans the whole film: every clip can be made longer at both ends.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from vsumm.errors import ScoresError
from vsumm.timeline.media_url import path_of_url, url_of_path
from vsumm.timeline.model import Clip, CutClip, Source, Timeline, cut_clips, uncut
from vsumm.timeline.one_film import NamedClip, choose_film

KEY = "vsumm"
"""Name of our part of an object's metadata."""
OTHER_RATE_DIGITS = 1_000_000


def write(timeline: Timeline, folder: Path) -> str:
    """Return a timeline as the text of an .otio file."""
    document = otio.schema.Timeline(timeline.name)
    document.metadata[KEY] = {"film": _film_facts(timeline, folder), "notes": list(timeline.notes)}
    kinds = [otio.schema.TrackKind.Video] * timeline.source.has_picture
    if timeline.source.has_sound and not timeline.is_film_muted:
        kinds.append(otio.schema.TrackKind.Audio)
    cut = cut_clips(timeline)
    for kind in kinds:
        track = otio.schema.Track(f"film {kind.lower()}", kind=kind)
        for number, piece in enumerate(cut):
            if piece.fade:
                track.append(_transition(piece, timeline.rate))
            track.append(_clip(piece, timeline, with_marker=kind == kinds[0]))
            track[-1].metadata[KEY]["clip"] = number + 1
        document.tracks.append(track)
    if timeline.soundtrack is not None:
        document.tracks.append(_soundtrack(timeline, timeline.soundtrack))
    return str(otio.adapters.write_to_string(document, "otio_json", indent=1))


def read(text: str) -> Timeline:
    """Read the first track of pictures, or else of sound.

    Raises:
        ScoresError: it is no timeline of OpenTimelineIO, or has no track with clips.
    """
    try:
        document = otio.adapters.read_from_string(text, "otio_json")
    except Exception as error:  # the library raises what its C++ code throws
        raise ScoresError(f"no OpenTimelineIO file: {_first_line(error)}") from error
    if not isinstance(document, otio.schema.Timeline):
        raise ScoresError("no OpenTimelineIO timeline, but another object")
    tracks = [*document.video_tracks(), *document.audio_tracks()]
    films = [track for track in tracks if KEY not in track.metadata and _clips(track)]
    if not films:
        raise ScoresError("there is no track with clips in the timeline")
    items = [None, *films[0], None]  # a track finds neighbours only by a search of all of it
    film = document.metadata.get(KEY, {}).get("film", {})
    around = zip(items, items[1:], items[2:], strict=False)
    named = [clip for before, item, after in around for clip in _named(before, item, after, film)]
    clips, source, notes = choose_film(named)
    others = sum(track.kind == films[0].kind for track in films) - 1
    if others:
        notes.append(f"{others} more tracks of the same kind are left out")
    soundtracks = [track for track in tracks if KEY in track.metadata and _clips(track)]
    music = _url(_clips(soundtracks[0])[0]) if soundtracks else None
    soundtrack = path_of_url(music) if music else None
    music_start = _clips(soundtracks[0])[0].trimmed_range().start_time if music else None
    has_sound = any(track.kind == otio.schema.TrackKind.Audio for track in films)
    return Timeline(
        name=document.name or source.path.stem,
        source=source,
        clips=clips,
        soundtrack=soundtrack,
        soundtrack_start=_seconds(music_start, source.rate) if music_start else Fraction(0),
        is_film_muted=soundtrack is not None and not has_sound,
        notes=(*_effects(films[0]), *notes),
    )


def _film_facts(timeline: Timeline, folder: Path) -> dict[str, Any]:
    """Return what only we want to know of the film, once: clips name it ten thousand times."""
    source = timeline.source
    return {
        "url": url_of_path(source.path),
        "relative_path": os.path.relpath(source.path, folder),
        "sha256": source.sha256 or "",
        "rate": str(timeline.rate),
        "rotation_degrees": source.rotation_degrees,
        "size": [source.width, source.height],
        "sound": [source.sample_rate, source.num_channels],
        "is_drop_frame": source.is_drop_frame,
    }


def _clip(piece: CutClip, timeline: Timeline, *, with_marker: bool) -> Any:
    source, rate = timeline.source, float(timeline.rate)
    offset = source.timecode_frames or 0
    facts: dict[str, Any] = {"exact": piece.clip.exact_note(timeline.rate)}
    if piece.clip.score is not None:
        facts["score"] = piece.clip.score
    facts["reason"] = piece.clip.reason
    clip = otio.schema.Clip(
        name=piece.clip.name or source.path.name,
        source_range=_range(piece.source.start + offset, len(piece.source), rate),
        metadata={KEY: facts},
    )
    available = _range(offset, source.num_frames or piece.source.stop, rate)
    clip.media_reference = otio.schema.ExternalReference(url_of_path(source.path), available)
    if with_marker and piece.clip.comment:
        marker = otio.schema.Marker(piece.clip.comment, clip.source_range, color="GREEN")
        clip.markers.append(marker)
    return clip


def _transition(piece: CutClip, rate: Fraction) -> Any:
    before = len(piece.fade) // 2
    return otio.schema.Transition(
        name="cross-fade",
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(before, float(rate)),
        out_offset=otio.opentime.RationalTime(len(piece.fade) - before, float(rate)),
    )


def _soundtrack(timeline: Timeline, path: Path) -> Any:
    track = otio.schema.Track("soundtrack", kind=otio.schema.TrackKind.Audio)
    track.metadata[KEY] = {"soundtrack": True}
    length = _range(timeline.soundtrack_frame, timeline.num_frames, float(timeline.rate))
    reference = otio.schema.ExternalReference(target_url=url_of_path(path))
    track.append(otio.schema.Clip(path.stem, reference, length))
    return track


def _range(start: int, count: int, rate: float) -> Any:
    moment = otio.opentime.RationalTime
    return otio.opentime.TimeRange(moment(start, rate), moment(count, rate))


def _named(before: Any, item: Any, after: Any, film: Any) -> list[NamedClip]:
    """Return an item of a track with the film that it shows, if it is a clip."""
    if not isinstance(item, otio.schema.Clip):
        return []
    url = _url(item)
    facts = film if film.get("url") == url else {}
    used = item.trimmed_range()
    rate = _rate(used.start_time.rate, facts)
    reference = item.media_reference
    available = getattr(reference, "available_range", None)
    start = _seconds(used.start_time, rate)
    origin = _seconds(available.start_time, rate) if available is not None else Fraction(0)
    num_frames = round(available.duration.value) if available is not None else None
    source = Source(
        path=path_of_url(url) if url else Path(item.name),
        rate=rate,
        num_frames=num_frames,
        timecode_frames=round(origin * rate),
        is_drop_frame=bool(facts.get("is_drop_frame", False)),
        width=_pair(facts, "size")[0],
        height=_pair(facts, "size")[1],
        rotation_degrees=int(facts.get("rotation_degrees", 0)),
        sample_rate=_pair(facts, "sound")[0],
        num_channels=_pair(facts, "sound")[1],
        sha256=facts.get("sha256") or None,
        relative_path=facts.get("relative_path") or None,
    )
    start = start - origin if start >= origin else start
    length = _seconds(used.duration, rate)
    if length <= 0:
        return []
    own = item.metadata.get(KEY, {})
    score = own.get("score")
    clip = Clip(
        start=start,
        end=start + length,
        name=item.name,
        score=float(score) if isinstance(score, (int, float)) else None,
        reason=str(own.get("reason", "")),
    )
    clip = uncut(clip, _fade(before, rate), _fade(after, rate), rate)
    return [NamedClip(clip.with_note(str(own.get("exact", "")), rate), source)]


def _url(item: Any) -> str | None:
    """Return the address of the film that a clip names."""
    return getattr(item.media_reference, "target_url", None) or None


def _rate(named: float, facts: Any) -> Fraction:
    try:
        rate = Fraction(facts["rate"])
    except (KeyError, ValueError, TypeError, ZeroDivisionError):
        rate = Fraction(0)
    if rate > 0 and abs(rate - Fraction(named)) < Fraction(1, 1000):
        return rate
    ntsc = Fraction(round(named * 1.001) * 1000, 1001)
    if abs(ntsc - Fraction(named)) < Fraction(1, 100) and named != round(named):
        return ntsc
    return Fraction(named).limit_denominator(OTHER_RATE_DIGITS)


def _seconds(time: Any, rate: Fraction) -> Fraction:
    value = Fraction(time.value).limit_denominator(OTHER_RATE_DIGITS)
    own_rate = rate if abs(time.rate - float(rate)) < 1e-3 else Fraction(time.rate)
    return value / own_rate


def _fade(item: Any, rate: Fraction) -> int:
    if not isinstance(item, otio.schema.Transition):
        return 0
    return round((_seconds(item.in_offset, rate) + _seconds(item.out_offset, rate)) * rate)


def _clips(track: Any) -> list[Any]:
    return [item for item in track if isinstance(item, otio.schema.Clip)]


def _effects(track: Any) -> list[str]:
    """Return what a track asks for that a reel cannot show."""
    notes = []
    num_effects = sum(len(clip.effects) for clip in _clips(track))
    if num_effects:
        notes.append(f"{num_effects} effects or changes of speed are left out")
    if any(isinstance(item, otio.schema.Gap) and item.duration().value > 0 for item in track):
        notes.append("gaps between clips are closed")
    return notes


def _pair(facts: Any, name: str) -> tuple[int, int]:
    values = facts.get(name) or (0, 0)
    return int(values[0]), int(values[1])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
