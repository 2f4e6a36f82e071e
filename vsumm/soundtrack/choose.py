"""Choose the track, and the place in it, that follows the picture of a reel best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmva_core.clock import clock_text
from mmva_core.inputs import Tags
from mmva_core.matching_score import score_of_distance
from mmva_core.retrieval import (
    Curve,
    Floats,
    Place,
    compare_starts,
    rank_tracks,
)
from vsumm.files import RecordCache, shown
from vsumm.running_order import order_by_course, reel_times
from vsumm.score import FloatArray
from vsumm.soundtrack.beats import Beats
from vsumm.soundtrack.curve import music_course, reel_curve, reel_cuts
from vsumm.soundtrack.cut_to_beats import cut_to_beats
from vsumm.soundtrack.library import read_library, tracks_in
from vsumm.soundtrack.place import Fit, fit_at, fit_to_beats, part_to_hear
from vsumm.soundtrack.rhythm import JOB as RHYTHM_JOB
from vsumm.soundtrack.rhythm import listen
from vsumm.soundtrack.tags import JOB as TAGS_JOB
from vsumm.soundtrack.tags import read_tags
from vsumm.summary import Summary, TrackMatch
from vsumm.words import counted
from vsumm.workers import prepare_server

NUM_BEST = 5
"""Tracks that are named, the chosen one among them."""


@dataclass(frozen=True)
class Choice:
    """Music for a reel."""

    best: tuple[TrackMatch, ...]
    """Tracks at their best places, best first; the first one is chosen."""
    summary: Summary
    """What the reel shows; its cuts may have been moved."""
    line: str
    """Why, and what the file says of its artist and licence."""
    fade_seconds: float | None = None
    """How long it fades out, from a bar or a beat on; None where no beat was found."""


def choose_soundtrack(
    summary: Summary,
    index: Path,
    *,
    crossfade_seconds: float = 0.0,
    moves_cuts: bool = False,
    cache: RecordCache | None = None,
) -> Choice:
    """Choose music for the reel of a summary, by `mmva_core.retrieval.rank_tracks`.

    The start of the chosen track is moved to the beat, see `place.py`. Where the settings of the
    summary allow another order of its runs, and name no arc that they follow, they follow the
    chosen track.

    Args:
        summary: what the reel shows.
        index: folder of an index of music, see `open_library`.
        crossfade_seconds: how long each run of the reel overlaps the next one.
        moves_cuts: whether cuts of the reel may be moved to beats, see `cut_to_beats.py`.
        cache: where cuts and phrases of the film are kept.

    Raises:
        InputError: the index cannot be read, or none of its files is there any more.
        NoSignalError: the reel shows no picture.
    """
    # What reads tags and listens is loaded while tracks are ranked.
    prepare_server(*(job.partition(":")[0] for job in (TAGS_JOB, RHYTHM_JOB)))
    curve = reel_curve(summary, crossfade_seconds=crossfade_seconds)
    opened = read_library(index)
    root = Path(opened.header.root)
    positions = tracks_in(opened, index)
    places = rank_tracks(curve, opened, positions)
    best, said = _best(places, root)
    chosen = places[0]
    windows = next(
        opened.va[opened.offsets[position] : opened.offsets[position + 1]]
        for position in positions
        if opened.items[position].name == chosen.name
    )
    if summary.config.reorder and summary.config.arc is None:
        summary = _ordered(summary, windows, chosen.start_seconds, cache)
        curve = reel_curve(summary, crossfade_seconds=crossfade_seconds)
    placed = _place(
        summary,
        curve,
        windows,
        root / chosen.name,
        chosen.start_seconds,
        crossfade_seconds=crossfade_seconds,
        moves_cuts=moves_cuts,
        cache=cache,
    )
    start = placed.fit.start_seconds
    places[0] = chosen = _moved(chosen, start, placed.curve, windows, opened.header.sigma)
    match = replace(
        best[0],
        start_seconds=chosen.start_seconds,
        score=chosen.score,
        distance=chosen.distance,
        correlation=chosen.correlation,
        tempo=placed.beats.tempo,
        cuts_on_beats=placed.fit.on_beats,
    )
    line = _line(match.file, places, placed.line, said)
    return Choice((match, *best[1:]), placed.summary, line, placed.fit.fade_seconds)


def order_by_track(
    summary: Summary, index: Path, *, start_seconds: float = 0.0, cache: RecordCache | None = None
) -> Summary:
    """Order the runs of a reel by the arousal of the only track of an index.

    Args:
        summary: what the reel shows.
        index: folder of the index, see `open_library`.
        start_seconds: where in the track the reel begins.
        cache: where phrases of the film are kept.

    Raises:
        InputError: the index cannot be read.
        NoSignalError: the reel shows no picture.
    """
    return _ordered(summary, read_library(index).rows_of(0).va, start_seconds, cache)


def _best(places: Sequence[Place], root: Path) -> tuple[tuple[TrackMatch, ...], Tags]:
    """Return the best tracks at their places, with what their files say; and that of the first."""
    told = [(place, root / place.name) for place in places[:NUM_BEST]]
    all_tags = read_tags([file for _, file in told])
    best = tuple(
        TrackMatch(
            file=file,
            start_seconds=place.start_seconds,
            score=place.score,
            distance=place.distance,
            correlation=place.correlation,
            title=said.title,
            artist=said.artist,
            licence=said.licence,
        )
        for (place, file), said in zip(told, all_tags, strict=True)
    )
    return best, all_tags[0]


def _ordered(
    summary: Summary, windows: Floats, start_seconds: float, cache: RecordCache | None
) -> Summary:
    course = music_course(windows, start_seconds, reel_times(summary))
    return order_by_course(summary, course, "the soundtrack", cache)


@dataclass(frozen=True, eq=False)
class _Placed:
    """A reel that lies in its music to the beat."""

    summary: Summary
    """What it shows."""
    curve: Curve
    """Of its picture."""
    beats: Beats
    """Of the part of the track in which it lies."""
    fit: Fit
    """Where it lies."""
    line: str
    """How its cuts lie to the beat."""


def _place(
    summary: Summary,
    curve: Curve,
    windows: Floats,
    file: Path,
    start_seconds: float,
    *,
    crossfade_seconds: float,
    moves_cuts: bool,
    cache: RecordCache | None,
) -> _Placed:
    """Place a reel in a track to the beat, near where its curve has found a place."""
    track_seconds = float(windows[-1, 3])
    cuts = reel_cuts(summary, crossfade_seconds=crossfade_seconds)
    beats = listen(file, *part_to_hear(start_seconds, curve.length_seconds, track_seconds))
    fit = fit_to_beats(curve, windows, start_seconds, beats, cuts)
    line = _rhythm(beats, fit, cuts)
    if not moves_cuts or len(beats.seconds) < 2 or not len(cuts):
        return _Placed(summary, curve, beats, fit, line)
    moved = cut_to_beats(
        summary,
        beats,
        fit.start_seconds,
        track_seconds,
        crossfade_seconds=crossfade_seconds,
        cache=cache,
    )
    curve = reel_curve(moved.summary, crossfade_seconds=crossfade_seconds)
    cuts = reel_cuts(moved.summary, crossfade_seconds=crossfade_seconds)
    fit = fit_at(fit.start_seconds, curve.length_seconds, beats, cuts, track_seconds)
    cost = f"for {moved.loss:.1%} of the score" if moved.loss > 0 else "at no loss of score"
    line = f"{line}, {_num_on_beats(fit, cuts)} when cuts had moved, {cost}"
    return _Placed(moved.summary, curve, beats, fit, line)


def _moved(
    place: Place, start_seconds: float, curve: Curve, windows: Floats, sigma: float
) -> Place:
    """Return a place at another start."""
    found = compare_starts(curve, windows, np.array([start_seconds]))
    return replace(
        place,
        start_seconds=start_seconds,
        score=float(score_of_distance(found.costs, sigma)[0]),
        distance=float(found.distances[0]),
        correlation=float(found.correlations[0]),
        num_seams=int(found.num_seams[0]),
    )


def _rhythm(beats: Beats, fit: Fit, cuts: FloatArray) -> str:
    """Say how the cuts lie to the beat."""
    if len(beats.seconds) < 2:
        return "no beat found"
    num_on_beats = _num_on_beats(fit, cuts)
    return f"{num_on_beats} of {counted(len(cuts), 'cut')} on its {beats.tempo:.0f} beats a minute"


def _num_on_beats(fit: Fit, cuts: FloatArray) -> int:
    return round(fit.on_beats * len(cuts))


def _line(file: Path, places: list[Place], rhythm: str, tags: Tags) -> str:
    """Say what was chosen, why, and whose it is."""
    chosen, median = places[0], places[len(places) // 2]
    begins_again = ", plays again from its beginning" if chosen.num_seams else ""
    return (
        f"soundtrack: {shown(file)} from {clock_text(chosen.start_seconds)}{begins_again}: score "
        f"{chosen.score:.2f}, distance {chosen.distance:.2f}, arousal r {chosen.correlation:.2f} "
        f"(median of {len(places)}: {median.score:.2f}, {median.distance:.2f}, "
        f"{median.correlation:.2f}; trust arousal more than valence); {rhythm}; {tags}"
    )
