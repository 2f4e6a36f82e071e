"""Read the tracks of a film and cut them with the reel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pysubs2

from vsumm.errors import InputError
from vsumm.files import open_regular_file, shown
from vsumm.media import MediaInfo
from vsumm.reel.layout import PlacedRun
from vsumm.reel.subtitles.cut import cut_cues, split_overlaps
from vsumm.reel.subtitles.embedded import Cue
from vsumm.reel.subtitles.plan import CutTrack, Form, TrackPlan
from vsumm.reel.subtitles.text import decode_text, parse_subtitles, subtitle_text
from vsumm.workers import WorkerLostError, run_in_worker

MAX_BYTES = 64 << 20
"""Largest file of subtitles that is read; 100,000 cues take about 10 MB."""
ONE_AT_A_TIME = ("mov_text",)
"""Encoders of containers that show one cue at a time."""


@dataclass(frozen=True)
class _Loaded:
    form: Form
    subtitles: pysubs2.SSAFile


def cut_tracks(
    plans: Sequence[TrackPlan], info: MediaInfo, runs: Sequence[PlacedRun]
) -> tuple[list[CutTrack], list[str]]:
    """Read subtitles and cut them with the reel.

    Args:
        plans: which tracks.
        info: the film.
        runs: what the reel consists of.

    Returns:
        The tracks that say anything in the reel, and one line for each that could not be read or
        was guessed at.
    """
    tracks: list[CutTrack] = []
    notes: list[str] = []
    embedded = _read_embedded([plan for plan in plans if plan.stream is not None], info, notes)
    for plan in plans:
        loaded = embedded.get(plan.stream) if plan.file is None else _read_file(plan, notes)
        if loaded is None:
            continue
        cut = _cut(loaded, runs, is_flat=plan.encoder in ONE_AT_A_TIME)
        if len(cut):
            form = loaded.form if plan.encoder is not None else plan.form
            tracks.append(CutTrack(subtitle_text(cut, loaded.form, form), form, plan))
    return tracks, notes


def _read_file(plan: TrackPlan, notes: list[str]) -> _Loaded | None:
    assert plan.file is not None
    try:
        with os.fdopen(open_regular_file(str(plan.file)), "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InputError(f"larger than {MAX_BYTES >> 20} MiB")
        text, guess = decode_text(data, plan.language)
        loaded = _Loaded(*parse_subtitles(text))
    except InputError as error:
        notes.append(f"{shown(plan.file)}: left out of the reel: {error}")
        return None
    if guess is not None:
        notes.append(f"{shown(plan.file)}: no UTF-8, read as {guess}")
    return loaded


def _read_embedded(
    plans: Sequence[TrackPlan], info: MediaInfo, notes: list[str]
) -> dict[int | None, _Loaded]:
    """Return the tracks inside a film by their streams."""
    if not plans:
        return {}
    cues: dict[int, list[Cue]] = {}
    loaded: dict[int | None, _Loaded] = {}
    try:
        for message in run_in_worker(
            "vsumm.reel.subtitles.embedded:run_subtitles",
            path=str(Path(info.path).absolute()),
            streams=[plan.stream for plan in plans],
            start_seconds=info.start_seconds,
        ):
            facts = message.header
            if facts["kind"] == "cues":
                cues.setdefault(facts["stream"], []).extend(facts["cues"])
            elif facts["kind"] == "header":
                found = cues.pop(facts["stream"], [])
                loaded[facts["stream"]] = _loaded(facts["form"], facts["header"], found)
    except (InputError, WorkerLostError) as error:
        notes.append(f"{shown(info.path)}: its subtitles are left out of the reel: {error}")
    return loaded


def _loaded(form: str, header: str, cues: Sequence[Cue]) -> _Loaded:
    if form != "ass":
        subtitles = pysubs2.SSAFile()
        for start, end, words, settings in cues:
            text = words.replace("\r", "").strip("\n").replace("\n", "\\N")
            subtitles.append(pysubs2.SSAEvent(start, end, text=text, effect=settings))
        return _Loaded(cast("Form", form), subtitles)
    subtitles = pysubs2.SSAFile.from_string(header, "ass") if header else pysubs2.SSAFile()
    subtitles.events = [event for cue in cues if (event := _ass_event(cue)) is not None]
    return _Loaded("ass", subtitles)


def _ass_event(cue: Cue) -> pysubs2.SSAEvent | None:
    """Return a cue as FFmpeg keeps it: number, layer, style, name, three margins, effect, words."""
    fields = cue[2].rstrip("\r\n").split(",", 8)
    if len(fields) < 9:
        return None
    _, layer, style, name, *margins, effect, text = fields
    left, right, vertical = (_whole(margin) for margin in margins)
    return pysubs2.SSAEvent(
        start=cue[0],
        end=cue[1],
        text=text,
        layer=_whole(layer),
        style=style,
        name=name,
        marginl=left,
        marginr=right,
        marginv=vertical,
        effect=effect,
    )


def _whole(text: str) -> int:
    return int(text) if text.strip().lstrip("-").isdecimal() else 0


def _cut(loaded: _Loaded, runs: Sequence[PlacedRun], *, is_flat: bool) -> pysubs2.SSAFile:
    """Return subtitles with the times of the reel, and nothing that it does not show."""
    old = loaded.subtitles
    events = [event for event in old.events if not event.is_comment and event.text.strip()]
    if is_flat:
        events = [event for event in events if not event.is_drawing]
    pieces = cut_cues([(event.start, event.end) for event in events], runs)
    cut = pysubs2.SSAFile()
    cut.info, cut.styles, cut.fonts_opaque = old.info, old.styles, old.fonts_opaque
    if not is_flat:
        cut.events = [_moved(events[piece.index], piece.start, piece.end) for piece in pieces]
        return cut
    for start, end, numbers in split_overlaps(pieces):
        together = _moved(events[numbers[0]], start, end)
        for other in (events[number] for number in numbers[1:]):
            style = f"{{\\r{other.style}}}" if loaded.form == "ass" else ""
            together.text += f"\\N{style}{other.text}"
        cut.append(together)
    return cut


def _moved(event: pysubs2.SSAEvent, start: int, end: int) -> pysubs2.SSAEvent:
    moved = event.copy()
    moved.start, moved.end = start, end
    return moved
