"""Summarise one file and leave its reel, its summary and what shows them on the disk."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vsumm import reel, render, soundtrack
from vsumm.batch.views import Views, check_views, write_views
from vsumm.config import SummaryConfig
from vsumm.files import RecordCache, atomic_output, check_output, make_folder
from vsumm.media import MediaInfo, probe
from vsumm.pipeline import summarize_media
from vsumm.progress import Watch, watching, work_on
from vsumm.reel import ReelConfig
from vsumm.score import ModelSource
from vsumm.summary import Summary


@dataclass(frozen=True)
class Outputs:
    """Where the results of one file go."""

    reel: Path | None = None
    """The reel; its extension decides the container. The summary lies beside it, as JSON."""
    folder: Path | None = None
    """Folder of a reel that is named after the source, where `reel` is left out; made if it is
    missing. Beside the source if both are left out."""
    name: str | None = None
    """Another name for that reel, without its extension."""
    lists: tuple[Path, ...] = ()
    """Timelines for editing programs and chapters; the extensions decide their forms."""
    overwrite: bool = False
    """Whether files that are there already may be replaced."""
    with_report: bool = False
    """Whether to write the page that shows what was picked and why, beside the summary."""
    views: Views = field(default_factory=Views)
    """Pictures to look at the summary by; the page's own place is that of the summary."""
    num_variants: int = 1
    """How many reels, and lists, that differ are made; the further ones are numbered."""
    max_overlap: float = 0.5
    """The greatest part of the budget that two of them may share, in [0, 1)."""


@dataclass(frozen=True)
class Job:
    """What to make of one file."""

    source: Path
    """The film or sound file."""
    outputs: Outputs = field(default_factory=Outputs)
    """Where the results go."""
    summary: SummaryConfig = field(default_factory=SummaryConfig)
    """How to score and select."""
    reel: ReelConfig | None = field(default_factory=ReelConfig)
    """How to write the reel; None: score and select only."""
    music: Path | None = None
    """Index of music to choose the soundtrack from, see `vsumm.soundtrack.open_library`; where
    `reel` names one, an index of that alone, to order runs by."""
    moves_cuts: bool = False
    """Whether cuts may be moved to beats of that music."""


@dataclass(frozen=True)
class JobResult:
    """What was made of one file."""

    summary: Summary
    """Scores and selection."""
    summary_path: Path
    """Where the summary was written."""
    reel_path: Path | None
    """Where the reel was written."""
    views: Views
    """What was written to look at the summary by."""
    elapsed_seconds: float
    """How long it took; films that are processed at the same time slow each other down."""
    lists: Sequence[Path] = ()
    """Where timelines and chapters were written."""
    variants: Sequence[Path] = ()
    """Where further reels and lists were written."""
    notes: Sequence[str] = ()
    """What timelines and chapters do not say as it was meant, and what variants are worth, one
    line each."""


def summarize_file(
    job: Job,
    *,
    source: ModelSource | None = None,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
) -> JobResult:
    """Do one job; what cannot be written is an error before the work starts.

    Args:
        job: what to make of which file.
        source: the model, to summarise many files with one; `job.summary.model` if left out.
        cache: where scores of earlier runs are kept.
        progress: whether to show bars on stderr, or a function that is told how far it is.

    Raises:
        InputError: the file cannot be read or summarised.
        OutputError: the reel, the summary or what shows them cannot be written.
    """
    with watching(progress) as watch, work_on(watch, job.source):
        return do_job(job, source or ModelSource(job.summary), cache, watch)


def do_job(job: Job, source: ModelSource, cache: RecordCache | None, watch: Watch) -> JobResult:
    """Do one job as `summarize_file` does, inside `work_on`."""
    start_seconds = time.monotonic()
    if cache is None:
        source.begin()  # while the file is probed
    info = probe(job.source, cache=cache)
    if job.outputs.folder is not None:
        make_folder(job.outputs.folder)
    overwrite = job.outputs.overwrite
    reel_path = reel_path_of(job, info)
    summary_path = reel_path.with_suffix(".json")
    check_output(summary_path, overwrite=overwrite, inputs=[job.source])
    views = views_of(job, reel_path)
    inputs = [job.source, *(job.reel.files if job.reel else ())]
    lists = job.outputs.lists
    for path in (*lists, *_further(job, reel_path, summary_path, *lists)):
        check_output(path, overwrite=overwrite, inputs=[job.source])
    check_views(views, info, overwrite=overwrite, inputs=inputs)
    if job.music is not None:
        soundtrack.check_film(info, job.summary)
    plan = None
    if job.reel is not None:
        plan = reel.plan_reel(  # named through its folder, which loads what writes reels only now
            info,
            reel_path,
            job.reel,
            audio_track=job.summary.audio_track,
            overwrite=overwrite,
            gets_soundtrack=job.music is not None,
        )
        if job.reel.can_be_refused:
            reel.try_reel(plan)
        reel.prepare_reel()
    summary = summarize_media(
        info,
        job.summary,
        source=source,
        cache=cache,
        progress=watch,
        crossfade_seconds=job.reel.crossfade_seconds if job.reel is not None else 0.0,
    )
    if job.music is not None:
        summary, job = _with_soundtrack(summary, job, job.music, cache)
        if plan is not None:
            plan = reel.plan_reel(info, reel_path, job.reel, overwrite=overwrite)
    if job.reel is not None:
        summary = replace(summary, reel=job.reel.to_plain())
    summary = summary.placed_at(summary_path)
    if plan is not None:
        plan = replace(plan, audio_track=summary.config.audio_track or 0)
        reel.write_reel(
            plan,
            summary.runs,
            sound_shifts=summary.sound_shifts,
            seen_cuts=summary.seen_cuts,
            progress=watch,
        )
    with atomic_output(summary_path, overwrite=overwrite) as partial:
        partial.write_text(summary.to_json() + "\n", encoding="utf-8")
    write_views(views, summary, summary_path, overwrite=overwrite, source=source, watch=watch)
    notes: list[str] = []
    if lists:  # named through their folder, which loads what knows timelines only now
        picks = render.picks_of_summary(summary, job.reel or ReelConfig())
        notes = render.write_lists(picks, lists, overwrite=overwrite)
    variants: Sequence[Path] = ()
    if job.outputs.num_variants > 1:
        targets = [*([reel_path] if plan else []), *lists]
        variants, worth = _write_variants(job, summary, targets, cache, watch)
        notes += worth
    return JobResult(
        summary,
        summary_path,
        reel_path if plan else None,
        views,
        time.monotonic() - start_seconds,
        lists=lists,
        variants=variants,
        notes=notes,
    )


def _with_soundtrack(
    summary: Summary, job: Job, music: Path, cache: RecordCache | None
) -> tuple[Summary, Job]:
    """Choose the soundtrack; return the summary that names it and the job whose reel has it.

    Where the reel names one, its runs are ordered by it.
    """
    reel = job.reel or ReelConfig()
    if reel.soundtrack is not None:
        start = reel.soundtrack_start_seconds
        summary = soundtrack.order_by_track(summary, music, start_seconds=start, cache=cache)
        return summary, job
    choice = soundtrack.choose_soundtrack(
        summary,
        music,
        crossfade_seconds=reel.crossfade_seconds,
        moves_cuts=job.moves_cuts,
        cache=cache,
    )
    chosen = choice.best[0]
    reel = replace(reel, soundtrack=chosen.file, soundtrack_start_seconds=chosen.start_seconds)
    if reel.soundtrack_fade_seconds is None:
        reel = replace(reel, soundtrack_fade_seconds=choice.fade_seconds)
    notes = (*summary.notes, choice.line)
    summary = replace(choice.summary, soundtracks=choice.best, notes=notes)
    return summary, replace(job, reel=reel)


def _further(job: Job, *paths: Path) -> list[Path]:
    """Return where the variants after the first go."""
    numbers = range(2, job.outputs.num_variants + 1)
    return [render.numbered(path, number) for number in numbers for path in paths]


def _write_variants(
    job: Job,
    summary: Summary,
    targets: Sequence[Path],
    cache: RecordCache | None,
    watch: Watch,
) -> tuple[list[Path], list[str]]:
    """Write the variants after the first; return where they are, and what they are worth."""
    outputs = job.outputs
    picks = render.picks_of_summary(summary, job.reel or ReelConfig())
    varied = render.vary_picks(
        picks, outputs.num_variants, max_overlap=outputs.max_overlap, cache=cache
    )
    notes = [each.note for each in varied[1:]]
    if len(varied) < outputs.num_variants:
        notes.append(render.too_few(len(varied), outputs.num_variants))
    notes += render.write_varied(
        varied[1:],
        targets,
        source=job.source,
        first_number=2,
        overwrite=outputs.overwrite,
        progress=watch,
    )
    numbers = range(2, len(varied) + 1)
    return [render.numbered(path, number) for number in numbers for path in targets], notes


def reel_path_of(job: Job, info: MediaInfo) -> Path:
    """Return where the reel goes; named after the source it is an MP4, or M4A without picture."""
    return _reel_path(job, ".mp4" if info.video else ".m4a")


def is_done(job: Job) -> bool:
    """Return whether the summary of a job, and the reel and lists it wants, are there already."""
    reels = [_reel_path(job, suffix) for suffix in (".mp4", ".m4a")]
    has_reel = job.reel is None or any(reel.exists() for reel in reels)
    others = (reels[0].with_suffix(".json"), *job.outputs.lists)
    return has_reel and all(path.exists() for path in others)


def _reel_path(job: Job, suffix: str) -> Path:
    name = f"{job.outputs.name or f'{job.source.stem}.summary'}{suffix}"
    return job.outputs.reel or (job.outputs.folder or job.source.parent) / name


def views_of(job: Job, reel_path: Path) -> Views:
    """Return the files that show the summary; the page lies beside the reel."""
    if not job.outputs.with_report:
        return job.outputs.views
    name = f"{reel_path.stem.removesuffix('.summary')}.report.html"
    return replace(job.outputs.views, report=reel_path.with_name(name))
