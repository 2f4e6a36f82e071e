"""Write the selected runs of a film as one reel, cut exactly, in the form of the source."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from vsumm.errors import InputError, NoSignalError
from vsumm.files import atomic_output, check_output, shown
from vsumm.media import MediaInfo, Segment
from vsumm.reel.compose import Composition, check_composition, check_crossfade, find_soundtrack
from vsumm.reel.formats import reel_format
from vsumm.reel.layout import lay_out
from vsumm.reel.process import run_encoder
from vsumm.reel.settings import EncodeSettings, ReelJob, ReelReport
from vsumm.summary import Summary

__all__ = ["EncodeSettings", "export_reel", "write_reel"]

NOTICEABLE_SECONDS = 0.1
"""Replaced picture or sound up to this length is not worth a warning."""
LATEST_END_SECONDS = 1.0
"""How far after the end of the film the last run may end: ends are rounded and estimated."""

_BAR = "{desc}: reel {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s [{elapsed}<{remaining}]"

_logger = logging.getLogger(__name__)


def export_reel(
    summary: Summary,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    settings: EncodeSettings | None = None,
    composition: Composition | None = None,
    progress: bool = False,
) -> Path:
    """Cut the reel that a summary selects.

    Args:
        summary: what to cut, from which file.
        path: where to write; the extension decides the container.
        overwrite: whether a file that is there already may be replaced.
        settings: how the picture is encoded; see `EncodeSettings` for the defaults.
        composition: cross-fades, a title, a soundtrack; plain cuts if left out.
        progress: whether to show a bar on standard error.

    Returns:
        Where the reel is.

    Raises:
        InputError: the film is gone or cannot be read.
        NoSignalError: the summary selects nothing, or there is no sound in the soundtrack.
        OutputError: the reel cannot be written.
    """
    if not summary.runs:
        raise NoSignalError(f"{summary.media.path}: nothing was selected, there is no reel to cut")
    return write_reel(
        summary.media,
        summary.runs,
        path,
        overwrite=overwrite,
        track=summary.config.audio_track,
        settings=settings,
        composition=composition,
        progress=progress,
    )


def write_reel(
    info: MediaInfo,
    runs: Sequence[Segment],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    track: int = 0,
    settings: EncodeSettings | None = None,
    composition: Composition | None = None,
    progress: bool = False,
) -> Path:
    """Write the runs of a film one after the other.

    A frame belongs to a run if it appears in [start, end); picture and sound are each as long as
    the runs together less their cross-fades, to the frame. Size, rate and channels are those of the
    source as it is displayed: upright, with square pixels; an odd last row or column is cropped.
    What cannot be read is replaced by the last good frame and by silence, and a warning is logged.

    Args:
        info: the film.
        runs: what to take: chronological, not overlapping, at least one.
        path: where to write; the extension decides the container.
        overwrite: whether a file that is there already may be replaced.
        track: which of the film's audio tracks to take, counted from 0.
        settings: how the picture is encoded; see `EncodeSettings` for the defaults.
        composition: cross-fades, a title, a soundtrack; plain cuts if left out.
        progress: whether to show a bar on standard error.

    Returns:
        Where the reel is: whole; after any error there is what was there before.

    Raises:
        InputError: the film or the soundtrack cannot be read.
        NoSignalError: the film has no such audio track, or the soundtrack has none.
        OutputError: no container is known for the extension, it or the encoder cannot hold the
            film, the composition does not fit, or the file cannot be written.
        ValueError: the runs are empty, overlap, are out of order, or end after the film.
    """
    composition = composition or Composition()
    target = check_output(path, overwrite=overwrite, inputs=[info.path, *composition.files])
    check_composition(composition, info, reel_format(target, info), target)
    soundtrack = find_soundtrack(composition)
    if info.audio and not 0 <= track < len(info.audio):
        last = len(info.audio) - 1
        raise NoSignalError(f"{info.path}: has no audio track {track}; they are 0 to {last}")
    lay_out(runs)  # says what is wrong with them, before the process is started
    check_crossfade(composition, runs)
    if runs[-1].end_seconds > info.duration_seconds + LATEST_END_SECONDS:
        last_end = runs[-1].end_seconds
        raise ValueError(f"runs must end within {info.duration_seconds} s, got {last_end}")
    if not info.path.exists():
        raise InputError(f"{info.path}: is not there any more")
    with atomic_output(target, overwrite=overwrite) as partial:
        job = ReelJob(
            info,
            tuple(runs),
            partial,
            target,
            track,
            settings or EncodeSettings(),
            composition,
            soundtrack,
        )
        report = _encode(job, progress=progress)
    _warn_of_losses(info, report)
    if report.not_copied is not None:
        _logger.warning("%s: all of it was encoded anew: %s", target, report.not_copied)
    if report.missing_glyphs:
        _logger.warning(
            "%s: the title's font has no %s; name another font", target, report.missing_glyphs
        )
    return target


def _encode(job: ReelJob, *, progress: bool) -> ReelReport:
    cuts = lay_out(job.runs, overlap_seconds=job.composition.crossfade_seconds)
    total = round(float(cuts[-1].reel_end), 1)
    name = shown(job.info.path.name)
    with tqdm(desc=name, total=total, bar_format=_BAR, disable=not progress, leave=False) as bar:

        def advance(seconds: float) -> None:
            bar.update(max(0.0, seconds - bar.n))

        return run_encoder(job, advance)


def _warn_of_losses(info: MediaInfo, report: ReelReport) -> None:
    losses = [
        f"{seconds:.1f} s of {what}"
        for seconds, what in (
            (report.held_seconds, "picture (the last good frame is held)"),
            (report.silent_seconds, "sound (there is silence)"),
        )
        if seconds > NOTICEABLE_SECONDS
    ]
    if losses:
        _logger.warning("%s: could not be read in the reel: %s", info.path, " and ".join(losses))
