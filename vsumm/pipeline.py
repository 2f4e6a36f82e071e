"""From a file to a summary: probe, split, look and listen, score, select."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from mmva_core.store import sha256_file
from vsumm.config import SEGMENT_SECONDS, SHORTEST_SEGMENT_SECONDS, By, SummaryConfig
from vsumm.errors import InputError, NoSignalError
from vsumm.files import RecordCache
from vsumm.media import DecodeReport, MediaInfo, Segment, probe, split_into_segments
from vsumm.score import Affect, FloatArray, ModelSource, add_motion, combine, measure_affect, smooth
from vsumm.select import select_segments
from vsumm.summary import SCHEMA_VERSION, ScoredSegment, Summary

if TYPE_CHECKING:
    from mmva_core import MMVA


def summarize(
    path: str | os.PathLike[str],
    config: SummaryConfig | None = None,
    *,
    model: MMVA | None = None,
    cache: RecordCache | None = None,
    progress: bool = False,
) -> Summary:
    """Score every segment of a film or a sound file and select the highlights.

    No reel is written; `export_reel` cuts it.

    Args:
        path: any file that FFmpeg can read.
        config: settings; the defaults of `SummaryConfig` if left out.
        model: a loaded model, to summarise many files with one; `config.model` if left out.
        cache: where to remember what was seen and heard, so that another budget costs nothing;
            nothing is remembered if left out, or with a `model` that came loaded.
        progress: whether to show a progress bar on stderr.

    Raises:
        InputError: the file cannot be read, or the budget is too short to show anything of it.
        NoSignalError: the file lacks what it shall be summarised by.
        ModelError: the model cannot be loaded.
    """
    config = config or SummaryConfig()
    source = ModelSource(config, model)
    return summarize_media(probe(path), config, source=source, cache=cache, progress=progress)


def summarize_media(
    info: MediaInfo,
    config: SummaryConfig,
    *,
    source: ModelSource,
    cache: RecordCache | None = None,
    progress: bool = False,
) -> Summary:
    """Do as `summarize` does for a file that has been probed."""
    modalities = _modalities(info, config)
    segments = _split(info, config)
    content = sha256_file(info.path)
    affect = measure_affect(
        info,
        segments,
        config,
        modalities,
        source=source,
        content=content,
        cache=cache,
        progress=progress,
    )
    damage = _damage(info, affect)
    if damage and config.strict:
        raise InputError(f"{info.path}: {'; '.join(damage)}")
    by = _scored_by(info, config, affect)
    scores = score_segments(affect, config, by)
    budget_seconds = config.budget_of(info.duration_seconds)
    selected = select_segments(segments, scores, budget_seconds=budget_seconds)
    return Summary(
        schema_version=SCHEMA_VERSION,
        model=config.model,
        by=by,
        budget_seconds=budget_seconds,
        config=config,
        media=info,
        input_sha256=content,
        segments=_rows(segments, affect, scores, selected, config),
        image_report=affect.image_report,
        music_report=affect.music_report,
        notes=(*_notes(info, config, segments, affect, by), *damage),
    )


def score_segments(affect: Affect, config: SummaryConfig, by: By) -> FloatArray:
    """Turn what was seen and heard into one score per segment, shape (N,) in [0, 1], NaN: none."""
    width = config.smoothing_segments
    moved = add_motion(affect.image[:, 1], affect.motion, weight=config.motion_weight)
    return combine(smooth(moved, width=width), smooth(affect.music[:, 1], width=width), by=by)


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
    if info.duration_seconds < SHORTEST_SEGMENT_SECONDS:
        raise InputError(
            f"{info.path}: it lasts {info.duration_seconds:.3g} s, too short to pick anything from"
        )
    if length > budget_seconds or length < SHORTEST_SEGMENT_SECONDS:
        raise InputError(
            f"{info.path}: a budget of {budget_seconds:.3g} s has no room for a segment of "
            f"{max(length, SHORTEST_SEGMENT_SECONDS):.3g} s; raise --budget"
        )
    return split_into_segments(info.duration_seconds, segment_seconds=length)


def _scored_by(info: MediaInfo, config: SummaryConfig, affect: Affect) -> By:
    """Say what the scores can be made of, given where there is signal."""
    has_image, has_music = np.isfinite(affect.image).any(), np.isfinite(affect.music).any()
    if config.by == "both" and has_image and has_music:
        return "both"
    if has_image and config.by != "music":
        return "image"
    if has_music and config.by != "image":
        return "music"
    what = {"image": "black or unreadable", "music": "silent or unreadable"}
    reason = what.get(config.by, "black and silent, or unreadable,")
    raise NoSignalError(f"{info.path}: it is {reason} throughout; there is nothing to score")


def _damage(info: MediaInfo, affect: Affect) -> list[str]:
    """Say what is wrong with the file and how much of it could not be read, one line each."""
    lines = list(info.problems)
    for what, report in (("picture", affect.image_report), ("sound", affect.music_report)):
        if report and report.unreadable_seconds:
            seconds = report.unreadable_seconds
            amount = f"{seconds:.1f} s" if seconds >= 0.05 else f"{seconds * 1000:.0f} ms"
            lines.append(
                f"{amount} of the {what} ({report.unreadable_share:.0%}) could not be read: "
                f"{', '.join(report.reasons)}"
            )
    return lines


def _notes(
    info: MediaInfo, config: SummaryConfig, segments: list[Segment], affect: Affect, by: By
) -> list[str]:
    """Collect how the file was treated differently from what was asked, one line each."""
    notes = []
    if config.by == "both" and by == "image":
        reason = "the sound is silent" if info.audio else "there is no sound"
        reason = "the sound cannot be read" if _is_lost(affect.music_report) else reason
        notes.append(f"{reason}: scored by the picture alone")
    if config.by == "both" and by == "music":
        reason = "the picture is black" if info.video else "there is no picture"
        reason = "the picture cannot be read" if _is_lost(affect.image_report) else reason
        notes.append(f"{reason}: scored by the sound alone")
    length = segments[0].duration_seconds
    if config.segment_seconds is None and length < min(SEGMENT_SECONDS, info.duration_seconds):
        notes.append(
            f"the budget is shorter than {SEGMENT_SECONDS:g} s: segments of {length:.3g} s"
        )
    return notes


def _is_lost(report: DecodeReport | None) -> bool:
    return report is not None and report.unreadable_seconds >= report.wanted_seconds


def _rows(
    segments: list[Segment],
    affect: Affect,
    scores: FloatArray,
    selected: list[bool],
    config: SummaryConfig,
) -> tuple[ScoredSegment, ...]:
    image, motion, music = (
        smooth(values, width=config.smoothing_segments)
        for values in (affect.image, affect.motion, affect.music)
    )

    def known(number: float) -> float | None:
        return float(number) if np.isfinite(number) else None

    return tuple(
        ScoredSegment(
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            image_valence=known(image[k, 0]),
            image_arousal=known(image[k, 1]),
            motion=known(motion[k]),
            music_valence=known(music[k, 0]),
            music_arousal=known(music[k, 1]),
            score=known(scores[k]),
            selected=selected[k],
        )
        for k, segment in enumerate(segments)
    )
