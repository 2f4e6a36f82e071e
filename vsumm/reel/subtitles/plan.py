"""Which subtitles a reel has, and where each goes: into its container, or beside it.

film.mkv   track 2 (eng) ──────┐               MP4, MOV   mov_text
film.de.srt ───────────────────┼─> reel.mp4    MKV        ASS stays ASS, all others SubRip
film.vtt ──────────────────────┘               WebM       WebVTT
                                               others     reel.eng.srt, ... beside the reel
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vsumm.media import MediaInfo, SubtitleStream
from vsumm.reel.formats import ReelFormat
from vsumm.reel.languages import long_code

Form = Literal["srt", "ass", "vtt"]
"""How a text is written."""
FORM_OF_FILE: dict[str, Form] = {".srt": "srt", ".ass": "ass", ".ssa": "ass", ".vtt": "vtt"}
"""How the files beside a film are written, by extension, lower case."""
FLAG_WORDS = {
    "default": "default",
    "forced": "forced",
    "sdh": "hearing_impaired",
    "cc": "hearing_impaired",
    "hi": "hearing_impaired",
}
"""What words in the name of a file say about it: `film.en.forced.srt`."""
MOST_FILES = 50
"""Files of subtitles beside a film that are looked at."""


@dataclass(frozen=True)
class TrackPlan:
    """One track of subtitles, and where it goes."""

    form: Form
    """How its text is kept; in a container it can become another one."""
    stream: int | None = None
    """Its stream in the film, or None for a file of its own."""
    file: Path | None = None
    """That file."""
    language: str | None = None
    """Its language, as the film or the name of the file says it."""
    title: str | None = None
    """Its title."""
    flags: tuple[str, ...] = ()
    """Dispositions by FFmpeg's names, for example "default" or "forced"."""
    encoder: str | None = None
    """What the container of the reel keeps it as; None: it is written beside the reel."""
    beside: Path | None = None
    """Where to, then."""


@dataclass(frozen=True)
class CutTrack:
    """Subtitles as the reel shows them."""

    text: str
    """The cues, on the clock of the reel."""
    form: Form
    """How they are written."""
    plan: TrackPlan
    """Where they come from and go."""


def plan_tracks(info: MediaInfo, target: Path, chosen: ReelFormat) -> tuple[TrackPlan, ...]:
    """Find the subtitles of a film, in it and beside it, and say where each goes.

    Args:
        info: the film.
        target: where the reel goes.
        chosen: its container.
    """
    found = [_of_stream(track) for track in info.subtitles if track.is_text]
    found += [_of_file(path, words) for path, words in _files_beside(info.path)]
    tracks = [replace(track, encoder=chosen.subtitle_encoders.get(track.form)) for track in found]
    names = _names_beside(target, [track for track in tracks if track.encoder is None])
    return tuple(
        track if track.encoder is not None else replace(track, beside=next(names))
        for track in tracks
    )


def keeps_fonts(tracks: Iterable[TrackPlan]) -> bool:
    """Return whether a reel takes over the fonts that are attached to its film: ASS names them."""
    return any(track.encoder == "ass" and track.stream is not None for track in tracks)


def _of_stream(track: SubtitleStream) -> TrackPlan:
    forms: dict[str, Form] = {"ass": "ass", "ssa": "ass", "webvtt": "vtt"}
    return TrackPlan(
        form=forms.get(track.codec, "srt"),
        stream=track.index,
        language=track.language,
        title=track.title,
        flags=track.flags,
    )


def _of_file(path: Path, words: Sequence[str]) -> TrackPlan:
    codes = [long_code(word) for word in words if word not in FLAG_WORDS]
    flags = dict.fromkeys(FLAG_WORDS[word] for word in words if word in FLAG_WORDS)
    form, language = FORM_OF_FILE[path.suffix.lower()], next(iter(codes), None)
    return TrackPlan(form, file=path, language=language, flags=tuple(flags))


def _files_beside(film: Path) -> list[tuple[Path, list[str]]]:
    """Return the files of subtitles with the name of a film, and the words that follow it there.

    Languages and flags may follow, nothing else: `film.summary.srt` belongs to another film.
    """
    folder = film.absolute().parent
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return []
    found = []
    for name in names:
        stem = Path(name).stem
        if Path(name).suffix.lower() not in FORM_OF_FILE or not stem.startswith(film.stem):
            continue
        first, *words = stem[len(film.stem) :].lower().split(".")
        if not first and all(word in FLAG_WORDS or long_code(word) for word in words):
            found.append((folder / name, words))
    return found[:MOST_FILES]


def _names_beside(target: Path, tracks: Iterable[TrackPlan]) -> Iterator[Path]:
    """Yield a name for each track that lies beside the reel: `reel.srt`, `reel.deu.forced.srt`."""
    taken: set[str] = set()
    for track in tracks:
        words = [long_code(track.language or "") or "", *(f for f in track.flags if f == "forced")]
        stem = ".".join([target.stem, *filter(None, words)])
        number, name = 1, f"{stem}.{track.form}"
        while name in taken:
            number += 1
            name = f"{stem}.{number}.{track.form}"
        taken.add(name)
        yield target.with_name(name)
