"""Summarise one file and leave its reel and its summary on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vsumm.config import SummaryConfig
from vsumm.files import RecordCache, atomic_output, check_output
from vsumm.media import MediaInfo, probe
from vsumm.pipeline import summarize_media
from vsumm.reel import (
    Composition,
    EncodeSettings,
    check_composition,
    export_reel,
    find_soundtrack,
    reel_format,
)
from vsumm.score import ModelSource
from vsumm.summary import Summary


@dataclass(frozen=True)
class Job:
    """What to make of one file."""

    source: Path
    """The film or sound file."""
    output: Path | None = None
    """Reel to write; its extension decides the container."""
    output_folder: Path | None = None
    """Folder for a reel that is named after the source, where `output` is left out; beside the
    source if both are."""
    with_reel: bool = True
    """Whether to cut the reel, or only to score and select."""
    overwrite: bool = False
    """Whether files that are there already may be replaced."""


@dataclass(frozen=True)
class JobResult:
    """What was made of one file."""

    summary: Summary
    """Scores and selection."""
    summary_path: Path
    """Where the summary was written."""
    reel_path: Path | None
    """Where the reel was written."""


def run_job(
    job: Job,
    config: SummaryConfig,
    *,
    source: ModelSource | None = None,
    cache: RecordCache | None = None,
    settings: EncodeSettings | None = None,
    composition: Composition | None = None,
    progress: bool = False,
) -> JobResult:
    """Summarise one file; what cannot be written is said before the work starts.

    Args:
        job: what to make of which file.
        config: settings of the summary.
        source: the model, to summarise many files with one.
        cache: where to remember what was seen and heard.
        settings: how the reel is encoded.
        composition: what is added to the reel.
        progress: whether to show progress bars on stderr.

    Raises:
        InputError: the file cannot be read or summarised.
        OutputError: the reel or the summary cannot be written.
    """
    info = probe(job.source)
    reel_path = reel_path_of(job, info)
    summary_path = reel_path.with_suffix(".json")
    check_output(summary_path, overwrite=job.overwrite, inputs=[job.source])
    if job.with_reel:
        composition = composition or Composition()
        check_composition(composition, info, reel_format(reel_path, info), reel_path)
        find_soundtrack(composition)
        inputs = [job.source, *composition.files]
        check_output(reel_path, overwrite=job.overwrite, inputs=inputs)
    source = source or ModelSource(config)
    summary = summarize_media(info, config, source=source, cache=cache, progress=progress)
    if job.with_reel:
        export_reel(
            summary,
            reel_path,
            overwrite=job.overwrite,
            settings=settings,
            composition=composition,
            progress=progress,
        )
    with atomic_output(summary_path, overwrite=job.overwrite) as partial:
        partial.write_text(summary.to_json() + "\n", encoding="utf-8")
    return JobResult(summary, summary_path, reel_path if job.with_reel else None)


def reel_path_of(job: Job, info: MediaInfo) -> Path:
    """Return where the reel goes; named after the source it is an MP4, or M4A without picture."""
    suffix = ".mp4" if info.video else ".m4a"
    name = f"{job.source.stem}.summary{suffix}"
    return job.output or (job.output_folder or job.source.parent) / name
