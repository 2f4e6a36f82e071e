"""What a summary or a timeline picks of its film."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import msgspec

from vsumm.errors import NoSignalError, ScoresError
from vsumm.files import shown
from vsumm.media import MediaInfo, Segment, probe
from vsumm.reel import ReelConfig
from vsumm.summary import Summary
from vsumm.timeline import (
    FilmClock,
    Source,
    Timeline,
    clips_of,
    find_film,
    notes_of,
    read_text,
    read_timeline,
    runs_of,
    source_of,
    survey_film,
    tell_why,
)


@dataclass(frozen=True)
class Candidate:
    """A piece of the film that a reel may show."""

    segment: Segment
    """The piece."""
    score: float | None
    """How good it was found, in [0, 1]; None where nobody said."""


@dataclass(frozen=True)
class Picks:
    """A film, the pieces of it that make the reel, and the pieces that could."""

    info: MediaInfo
    """The film."""
    runs: tuple[Segment, ...]
    """What the reel shows, in its order, not overlapping."""
    reel: ReelConfig
    """How the reel is made."""
    candidates: tuple[Candidate, ...]
    """What can be chosen from when the budget changes."""
    audio_track: int = 0
    """Which audio track is taken."""
    spread: float = 0.0
    """How much more of one place counts for less when it is chosen again."""
    summary: Summary | None = None
    """The summary that was read, if it was one."""
    sha256: str | None = None
    """SHA-256 of the film, hexadecimal, where the file said it."""
    notes: tuple[str, ...] = ()
    """What was found missing or could not be followed, one line each."""

    clock: FilmClock | None = None
    """How positions in the film are counted, where that is known already."""

    @property
    def sound_shifts(self) -> tuple[float, ...]:
        """As `Summary.sound_shifts`; nothing where other runs were chosen, or none are joined."""
        is_as_read = self.summary is not None and tuple(self.summary.runs) == self.runs
        if self.summary is None or not is_as_read or self.reel.crossfade_seconds:
            return ()
        return self.summary.sound_shifts

    @property
    def track_option(self) -> str:
        """The option of `vsumm render` that takes the same audio track."""
        return f"--audio-track {self.audio_track}"

    def timeline(self) -> Timeline:
        """Return the picks as a timeline; the film is asked for its clock if need be.

        Raises:
            InputError: the film cannot be read.
        """
        clock = self.clock or survey_film(self.info)
        fade = Fraction(self.reel.crossfade_seconds)
        clips = clips_of(self.runs, self.info, clock, fade)
        if self.summary is not None:
            clips = tell_why(clips, self.summary)
        else:
            scores = zip(clips, self._scores(), strict=True)
            clips = [replace(clip, score=score) for clip, score in scores]
        return Timeline(
            name=self.info.path.stem,
            source=source_of(self.info, clock, sha256=self.sha256),
            clips=tuple(clips),
            soundtrack=self.reel.soundtrack,
            soundtrack_start=Fraction(self.reel.soundtrack_start_seconds),
            is_film_muted=self.reel.soundtrack is not None
            and self.reel.soundtrack_mode == "replace",
            notes=tuple(notes_of(self.info, clock)),
        )

    def _scores(self) -> list[float | None]:
        """Return for each run the score of the first candidate that it shows."""
        candidates = sorted(self.candidates, key=lambda c: c.segment.start_seconds)
        ends = list(accumulate((c.segment.end_seconds for c in candidates), max))
        scores: list[float | None] = []
        for run in self.runs:
            first = bisect_right(ends, run.start_seconds)
            is_shown = first < len(candidates) and (
                candidates[first].segment.start_seconds < run.end_seconds
            )
            scores.append(candidates[first].score if is_shown else None)
        return scores


def load_picks(
    path: Path,
    *,
    media: Path | None = None,
    adapt: Callable[[ReelConfig], ReelConfig] | None = None,
) -> Picks:
    """Read a summary or a timeline and find its film.

    Args:
        path: the JSON of a summary, or a timeline that `vsumm.timeline` reads.
        media: the film; looked for where the file says it is, if left out.
        adapt: changes how the file says that the reel is made.

    Raises:
        InputError: the file or the film is missing or cannot be read.
        ScoresError: the file has no form that is known, or does not fit the film.
        NoSignalError: nothing is picked.
    """
    adapt = adapt or (lambda config: config)
    summary = _summary(path) if path.suffix.lower() == ".json" else None
    if summary is not None:
        return _from_summary(summary, path, media, adapt)
    return _from_timeline(path, media, adapt)


def _summary(path: Path) -> Summary | None:
    """Return the summary in a JSON file, None if it is none."""
    text = read_text(path)
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ScoresError(f"{shown(path)}: no JSON: {error}") from error
    if not isinstance(document, dict) or "schema_version" not in document:
        return None
    try:
        return Summary.from_json(text)
    except ScoresError as error:
        raise error.about(shown(path)) from error


def _from_summary(
    summary: Summary,
    path: Path,
    media: Path | None,
    adapt: Callable[[ReelConfig], ReelConfig],
) -> Picks:
    relative, absolute = summary.film_paths or (None, summary.media.path)
    film, notes = _find(
        absolute,
        path,
        media,
        relative_path=None if relative is None else os.fspath(relative),
        sha256=summary.input_sha256,
    )
    summary = replace(summary, media=replace(summary.media, path=film))
    info = probe(film)
    if not summary.runs:
        raise NoSignalError(f"{shown(path)}: nothing was selected, there is no reel to cut")
    last = summary.runs_by_time[-1]
    if last.start_seconds >= info.duration_seconds:
        raise ScoresError(
            f"{shown(path)}: it picks {last.start_seconds:.3f} s, but "
            f"{shown(film)} ends at {info.duration_seconds:.3f} s: is it the right film?"
        )
    try:
        config = ReelConfig.from_plain(summary.reel)
    except ValueError as error:
        raise ScoresError(f"{shown(path)}: {error}") from error
    config = adapt(_with_files(config, path.absolute().parent))
    picks = picks_of_summary(summary, config)
    return replace(picks, info=info, notes=tuple(notes))


def _with_files(config: ReelConfig, folder: Path) -> ReelConfig:
    """Find soundtrack and font of a reel beside its summary, if they were moved with it."""
    moved = {
        name: folder / path.name
        for name in ("soundtrack", "title_font")
        if (path := getattr(config, name)) and not path.exists() and (folder / path.name).exists()
    }
    return replace(config, **moved)


def picks_of_summary(summary: Summary, reel: ReelConfig) -> Picks:
    """Return what a summary picks of its film, for a reel that is made in some way."""
    track = summary.config.audio_track
    return Picks(
        info=summary.media,
        runs=tuple(summary.runs),
        reel=reel,
        candidates=tuple(Candidate(row.segment, row.score) for row in summary.segments),
        audio_track=summary.media.main_track if track is None else track,
        spread=summary.config.spread if summary.by == "highlights" else 0.0,
        summary=summary,
        sha256=summary.input_sha256,
    )


def _from_timeline(
    path: Path, media: Path | None, adapt: Callable[[ReelConfig], ReelConfig]
) -> Picks:
    films: dict[Path, tuple[MediaInfo, FilmClock, list[str]]] = {}

    def film_of(source: Source | Path) -> tuple[MediaInfo, FilmClock, list[str]]:
        named = source if isinstance(source, Path) else source.path
        if named not in films:
            relative = None if isinstance(source, Path) else source.relative_path
            sha256 = None if isinstance(source, Path) else source.sha256
            film, notes = _find(named, path, media, relative_path=relative, sha256=sha256)
            info = probe(film)
            films[named] = info, survey_film(info), notes
        return films[named]

    timeline = read_timeline(path, rate_of=lambda named: film_of(named)[1].rate)
    info, clock, notes = film_of(timeline.source)
    try:
        shown_runs = runs_of(timeline, info, clock)
    except ScoresError as error:
        raise error.about(shown(path)) from error
    config = ReelConfig(
        crossfade_seconds=shown_runs.crossfade_seconds,
        soundtrack=timeline.soundtrack,
        soundtrack_start_seconds=float(timeline.soundtrack_start),
        soundtrack_mode="replace" if timeline.is_film_muted else "duck",
    )
    return Picks(
        info=info,
        runs=shown_runs.runs,
        reel=adapt(config),
        candidates=_candidates(timeline, info, clock),
        sha256=timeline.source.sha256,
        notes=(*notes, *timeline.notes, *shown_runs.notes),
        clock=clock,
    )


def _candidates(timeline: Timeline, info: MediaInfo, clock: FilmClock) -> tuple[Candidate, ...]:
    """Return the clips of a timeline one by one."""
    return tuple(
        Candidate(run, clip.score)
        for clip in timeline.clips
        for run in runs_of(replace(timeline, clips=(clip,)), info, clock).runs
    )


def _find(
    named: Path,
    path: Path,
    media: Path | None,
    *,
    relative_path: str | None = None,
    sha256: str | None = None,
) -> tuple[Path, list[str]]:
    if media is not None:
        return media, []
    folder = path.absolute().parent
    return find_film(named, folder=folder, relative_path=relative_path, sha256=sha256)
