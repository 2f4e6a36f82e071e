"""Make one reel of several films, cut to a song: measure, choose, cut, write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from mmva_core.clock import clock_text
from mmva_core.inputs import Tags
from mmva_core.skill import skill_line
from vsumm.config import Budget, SummaryConfig
from vsumm.errors import InputError, VsummError
from vsumm.files import RecordCache, atomic_output, check_output, shown
from vsumm.media import probe
from vsumm.medley.beats import move_to_beats
from vsumm.medley.choose import Choice, choose, footage_of
from vsumm.medley.song import Song, open_song
from vsumm.pipeline import summarize_media
from vsumm.progress import Watch, numbered, watching, work_on
from vsumm.reel import FilmPiece, ReelConfig, write_joined_reel
from vsumm.score import ModelSource
from vsumm.soundtrack import Beats, beat_distances, listen, on_beats, read_tags
from vsumm.summary import Summary
from vsumm.words import counted

SCHEMA_VERSION = 1
"""Raise it whenever older code would misread the JSON."""


@dataclass(frozen=True)
class MedleyJob:
    """What to make of which films."""

    films: tuple[Path, ...]
    """The films, in the order in which they are shown unless `reorder` is set."""
    song: Path
    """The sound file that the reel is cut to."""
    target: Path
    """The reel; its extension decides the container. The JSON lies beside it."""
    summary: SummaryConfig = field(default_factory=SummaryConfig)
    """How to score; `arc` is a course for the reel instead of the song's."""
    reel: ReelConfig = field(default_factory=ReelConfig)
    """How to write the reel; its soundtrack is the song."""
    budget: Budget | None = None
    """Length of the reel, a share being one of the song; None: as long as the song."""
    reorder: bool = False
    """Whether segments may come in another order than in their films."""
    with_reel: bool = True
    """Whether to write the reel, or the JSON alone."""
    overwrite: bool = False
    """Whether files that are there already may be replaced."""


@dataclass(frozen=True)
class MedleyPiece:
    """A piece of the reel."""

    film: Path
    """The film it is taken from."""
    start_seconds: float
    """When it begins in the film."""
    end_seconds: float
    """When it ends in the film."""
    reel_seconds: float
    """When it begins in the reel."""


@dataclass(frozen=True)
class MedleyResult:
    """What was made: the content of the JSON."""

    schema_version: int
    """`SCHEMA_VERSION` at the time of writing."""
    model: str
    """Name of the model that judged pictures and music."""
    song: Path
    """The song."""
    title: str
    """The piece, as the file says; empty where it says nothing, as below."""
    artist: str
    """Who made or plays it, as the file says."""
    licence: str
    """Licence or copyright notice, as the file says: who makes a reel public has to check it."""
    start_seconds: float
    """Where in the song the reel begins."""
    seconds: float
    """How long the reel is."""
    pieces: tuple[MedleyPiece, ...]
    """What it shows, in order."""
    gap: float
    """By which share of the best choice this one may be worse."""
    mean_score: float
    """Mean score of what is shown."""
    correlation: float
    """Of the arousal of what is shown with the song's, or the arc, over time."""
    spread_correlation: float
    """The same of segments spread evenly over the films."""
    tempo: float
    """Beats per minute of the song there; 0 where none were found."""
    cuts_on_beats: float
    """Share of the cuts within 80 ms of a beat."""
    notes: tuple[str, ...]
    """What a reader should know."""
    reel: Path | None = None
    """Where the reel is."""
    summary: Path | None = None
    """Where the JSON is."""

    def to_json(self) -> str:
        """Return it as JSON text."""
        encoded = msgspec.json.encode(self, enc_hook=str)
        return msgspec.json.format(encoded, indent=2).decode()


def make_medley(
    job: MedleyJob,
    *,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    on_error: Callable[[VsummError], None] | None = None,
) -> MedleyResult:
    """Make one reel of several films, cut to a song.

    Args:
        job: what to make of which films.
        cache: where scores of earlier runs are kept.
        progress: whether to show bars on stderr, or a function that is told how far it is.
        on_error: told of every film that cannot be used, and the others are; None: raise it.

    Raises:
        InputError: the song or a film cannot be read, or no film can.
        NoSignalError: there is nothing that could be shown.
        OutputError: the reel or its JSON cannot be written.
    """
    json_path = job.target.with_suffix(".json")
    inputs = [*job.films, job.song]
    check_output(json_path, overwrite=job.overwrite, inputs=inputs)
    if job.with_reel:
        check_output(job.target, overwrite=job.overwrite, inputs=inputs)
    with watching(progress) as watch:
        song = open_song(job.song, job.summary.model, progress=progress is True)
        summaries = _summarize(job, cache, watch, on_error)
        choice = _chosen(job, song, summaries)
        heard = listen(job.song, choice.start_seconds, choice.start_seconds + choice.seconds)
        beats = replace(heard, seconds=heard.seconds - choice.start_seconds)
        infos = [summary.media for summary in summaries]
        runs = move_to_beats(choice.runs, infos, beats.seconds)
        reel = replace(job.reel, soundtrack=job.song, soundtrack_start_seconds=choice.start_seconds)
        pieces = [FilmPiece(infos[film], run, _track(summaries[film])) for film, run in runs]
        result = _result(job, choice, pieces, read_tags([job.song])[0], beats)
        result = replace(result, summary=json_path)
        if job.with_reel:
            write_joined_reel(pieces, job.target, reel, overwrite=job.overwrite, progress=watch)
            result = replace(result, reel=job.target)
        with atomic_output(json_path, overwrite=job.overwrite) as partial:
            partial.write_text(result.to_json() + "\n", encoding="utf-8")
    return result


def _summarize(
    job: MedleyJob,
    cache: RecordCache | None,
    watch: Watch,
    on_error: Callable[[VsummError], None] | None,
) -> list[Summary]:
    """Score the films; what they would be cut to is of no interest here."""
    config = replace(
        job.summary,
        budget_fraction=1.0,
        budget_seconds=None,
        cut_at="grid",
        arc=None,
        reorder=False,
    )
    source = ModelSource(config)
    summaries = []
    for number, path in enumerate(job.films, 1):
        each = numbered(watch, number, len(job.films))
        try:
            with work_on(each, path):
                media = probe(path)
                summaries.append(
                    summarize_media(media, config, source=source, cache=cache, progress=each)
                )
        except VsummError as error:
            if on_error is None:
                raise
            on_error(error)
    if not summaries:
        raise InputError("none of the films can be used")
    return summaries


def _chosen(job: MedleyJob, song: Song, summaries: Sequence[Summary]) -> Choice:
    seconds = song.length_seconds
    if job.budget is not None:
        seconds = job.budget.seconds_of(seconds)
    return choose(
        footage_of(summaries),
        song,
        seconds,
        arc=job.summary.arc,
        min_run_seconds=job.summary.min_run_seconds,
        reorder=job.reorder,
    )


def _track(summary: Summary) -> int | None:
    return summary.config.audio_track if summary.media.audio else None


def _result(
    job: MedleyJob,
    choice: Choice,
    pieces: Sequence[FilmPiece],
    tags: Tags,
    beats: Beats,
) -> MedleyResult:
    lengths = np.array([piece.run.duration_seconds for piece in pieces])
    begins = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    cuts = begins[1:]
    shared = 0.0
    if len(beats.seconds) > 1 and len(cuts):
        shared = float(on_beats(beat_distances(cuts, beats.seconds)[None])[0])
    names = {piece.info.path for piece in pieces}
    goal = f"the arc {job.summary.arc}" if job.summary.arc else "the song"
    exact = "the best choice" if choice.gap < 1e-6 else f"at most {choice.gap:.2%} from the best"
    on_time = f"{round(shared * len(cuts))} of {counted(len(cuts), 'cut')} on its beats"
    line = (
        f"cut to {shown(job.song)} from {clock_text(choice.start_seconds)}: "
        f"{counted(len(pieces), 'piece')} of {counted(len(names), 'film')}, arousal r "
        f"{choice.correlation:.2f} with {goal} (evenly spread {choice.spread_correlation:.2f}), "
        f"mean score {choice.mean_score:.2f}, {exact}; {on_time}; {tags}"
    )
    return MedleyResult(
        SCHEMA_VERSION,
        job.summary.model,
        job.song,
        tags.title,
        tags.artist,
        tags.licence,
        choice.start_seconds,
        float(lengths.sum()),
        tuple(
            MedleyPiece(piece.info.path, piece.run.start_seconds, piece.run.end_seconds, begin)
            for piece, begin in zip(pieces, begins.tolist(), strict=True)
        ),
        choice.gap,
        choice.mean_score,
        choice.correlation,
        choice.spread_correlation,
        beats.tempo,
        shared,
        (line, skill_line(job.summary.model)),
    )
