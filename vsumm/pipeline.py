"""From a file to a summary: probe, split, look and listen, score, select."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vsumm.affect import Affect, measure_affect
from vsumm.config import SHORTEST_SEGMENT_SECONDS, By, SummaryConfig
from vsumm.errors import InputError, NoSignalError
from vsumm.probe import MediaInfo, probe
from vsumm.score import FloatArray, combine, smooth
from vsumm.segments import Segment, split_into_segments
from vsumm.select import select_segments
from vsumm.summary import SCHEMA_VERSION, ScoredSegment, Summary

if TYPE_CHECKING:
    from mmva_core import MMVA

SEGMENT_SECONDS = 2.0
"""Default length of a segment, seconds."""


def summarize(
    path: str | os.PathLike[str],
    config: SummaryConfig | None = None,
    *,
    model: MMVA | None = None,
    progress: bool = False,
) -> Summary:
    """Score every segment of a film or a sound file and select the highlights.

    Nothing is written; `export_reel` cuts the reel.

    Args:
        path: any file that FFmpeg can read.
        config: settings; the defaults of `SummaryConfig` if left out.
        model: a loaded model, to summarise many files with one; `config.model` if left out.
        progress: whether to show a progress bar on stderr.

    Raises:
        InputError: the file cannot be read, or the budget is too short to show anything of it.
        NoSignalError: the file lacks what it shall be summarised by.
    """
    return summarize_media(probe(path), config, model=model, progress=progress)


def summarize_media(
    info: MediaInfo,
    config: SummaryConfig | None = None,
    *,
    model: MMVA | None = None,
    progress: bool = False,
) -> Summary:
    """Do as `summarize` does for a file that has been probed."""
    config = config or SummaryConfig()
    modalities = _modalities(info, config)
    segments = _split(info, config)
    with ThreadPoolExecutor(1) as background:
        digest = background.submit(_sha256, info.path)
        affect = measure_affect(info, segments, config, modalities, model=model, progress=progress)
        input_sha256 = digest.result()
    image = smooth(affect.image, width=config.smoothing_segments)
    music = smooth(affect.music, width=config.smoothing_segments)
    by = _scored_by(info, config, image, music)
    scores = combine(image[:, 1], music[:, 1], by=by)
    budget_seconds = config.budget_of(info.duration_seconds)
    selected = select_segments(segments, scores, budget_seconds=budget_seconds)
    return Summary(
        schema_version=SCHEMA_VERSION,
        model=config.model,
        by=by,
        budget_seconds=budget_seconds,
        config=config,
        media=info,
        input_sha256=input_sha256,
        segments=_rows(segments, image, music, scores, selected),
        image_report=affect.image_report,
        music_report=affect.music_report,
        notes=_notes(info, config, segments, affect, by),
    )


def _modalities(info: MediaInfo, config: SummaryConfig) -> tuple[By, ...]:
    """Say what has to be measured, or why that cannot be."""
    asked: tuple[By, ...] = ("image", "music") if config.by == "both" else (config.by,)
    if info.audio and config.audio_track >= len(info.audio):
        raise InputError(
            f"{info.path}: there is no audio track {config.audio_track}; it has "
            f"{len(info.audio)}, counted from 0"
        )
    has = {"image": info.video is not None, "music": bool(info.audio)}
    there = tuple(modality for modality in asked if has[modality])
    if not there:
        missing, other = ("picture", "music") if config.by == "image" else ("sound", "image")
        raise NoSignalError(f"{info.path}: there is no {missing} to score; use --by {other}")
    return there


def _split(info: MediaInfo, config: SummaryConfig) -> list[Segment]:
    """Cut into segments; they shrink to the budget unless their length was asked for."""
    budget_seconds = config.budget_of(info.duration_seconds)
    length = config.segment_seconds or min(SEGMENT_SECONDS, budget_seconds)
    if length > budget_seconds or length < SHORTEST_SEGMENT_SECONDS:
        raise InputError(
            f"{info.path}: a budget of {budget_seconds:.3g} s has no room for a segment of "
            f"{max(length, SHORTEST_SEGMENT_SECONDS):.3g} s; raise --budget"
        )
    return split_into_segments(info.duration_seconds, segment_seconds=length)


def _scored_by(info: MediaInfo, config: SummaryConfig, image: FloatArray, music: FloatArray) -> By:
    """Say what the scores can be made of, given where there is signal."""
    has_image, has_music = np.isfinite(image).any(), np.isfinite(music).any()
    if config.by == "both" and has_image and has_music:
        return "both"
    if has_image and config.by != "music":
        return "image"
    if has_music and config.by != "image":
        return "music"
    what = {"image": "black or unreadable", "music": "silent or unreadable"}
    reason = what.get(config.by, "black and silent, or unreadable,")
    raise NoSignalError(f"{info.path}: it is {reason} throughout; there is nothing to score")


def _notes(
    info: MediaInfo, config: SummaryConfig, segments: list[Segment], affect: Affect, by: By
) -> tuple[str, ...]:
    """Collect what a reader of the summary should know, one line each."""
    notes = []
    if config.by == "both" and by == "image":
        reason = "the sound is silent" if info.audio else "there is no sound"
        notes.append(f"{reason}: scored by the picture alone")
    if config.by == "both" and by == "music":
        reason = "the picture is black" if info.video else "there is no picture"
        notes.append(f"{reason}: scored by the sound alone")
    length = segments[0].duration_seconds
    if config.segment_seconds is None and length < min(SEGMENT_SECONDS, info.duration_seconds):
        notes.append(
            f"the budget is shorter than {SEGMENT_SECONDS:g} s: segments of {length:.3g} s"
        )
    for what, report in (("picture", affect.image_report), ("sound", affect.music_report)):
        if report and report.unreadable_seconds:
            notes.append(
                f"{report.unreadable_seconds:.1f} s of the {what} ({report.unreadable_share:.0%}) "
                f"could not be read: {', '.join(report.reasons)}"
            )
    return (*notes, *info.problems)


def _rows(
    segments: list[Segment],
    image: FloatArray,
    music: FloatArray,
    scores: FloatArray,
    selected: list[bool],
) -> tuple[ScoredSegment, ...]:
    def known(number: float) -> float | None:
        return float(number) if np.isfinite(number) else None

    return tuple(
        ScoredSegment(
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            image_valence=known(image[k, 0]),
            image_arousal=known(image[k, 1]),
            music_valence=known(music[k, 0]),
            music_arousal=known(music[k, 1]),
            score=known(scores[k]),
            selected=selected[k],
        )
        for k, segment in enumerate(segments)
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
