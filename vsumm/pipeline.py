"""From a file to a summary: probe, split, measure, score, select."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast, overload

import numpy as np

from mmva_core.skill import skill_line
from vsumm.analysis import analyse
from vsumm.borders import prepare_search
from vsumm.config import SEGMENT_SECONDS, By, SummaryConfig, check_type
from vsumm.edges import choose_pieces, known_of
from vsumm.errors import InputError, NoSignalError
from vsumm.files import RecordCache
from vsumm.fixed import fix, score_unskipped, skip_credits
from vsumm.media import DecodeReport, MediaInfo, Segment, probe
from vsumm.progress import Watch, numbered, watching, work_on
from vsumm.running_order import order_by_arc
from vsumm.score import (
    IMAGE,
    MUSIC,
    Film,
    FloatArray,
    Measured,
    ModelSource,
    arousal_score,
    check_weights,
    lean,
    score_highlights,
    trust_in,
    weights_of,
)
from vsumm.settings import Settings, with_settings
from vsumm.stretches import CREDITS
from vsumm.summary import SCHEMA_VERSION, ScoredSegment, Summary

if TYPE_CHECKING:
    from mmva_core import MMVA
    from mmva_core.embedded import EmbeddedModel


@overload
def summarize(  # type: ignore[overload-overlap]  # a str, one file, is an Iterable of str as well
    path: str | os.PathLike[str],
    config: SummaryConfig | None = None,
    *,
    model: MMVA | EmbeddedModel | str | None = None,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    **settings: Unpack[Settings],
) -> Summary: ...


@overload
def summarize(
    path: Iterable[str | os.PathLike[str]],
    config: SummaryConfig | None = None,
    *,
    model: MMVA | EmbeddedModel | str | None = None,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    **settings: Unpack[Settings],
) -> list[Summary]: ...


def summarize(
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    config: SummaryConfig | None = None,
    *,
    model: MMVA | EmbeddedModel | str | None = None,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    **settings: Unpack[Settings],
) -> Summary | list[Summary]:
    """Score every segment of a film or a sound file and select the highlights.

    No reel is written; `export_reel` cuts it.

    Args:
        path: any file that FFmpeg can read, or several; they share one model.
        config: settings; the defaults of `SummaryConfig` if left out.
        model: a loaded model, or the name of one; `config.model` if left out.
        cache: where measurements are kept, so that another budget costs nothing; None keeps
            nothing, and nothing is kept of a `model` that came loaded.
        progress: whether to show a bar on stderr, or a function that is told how far it is, see
            `Progress`.
        settings: fields of `SummaryConfig`, in place of those of `config`; and `budget`, as on the
            command line: "60s", "1m30s", "15%", or a number of seconds from 1 on.

    Returns:
        The summary, or those of several files in their order.

    Raises:
        InputError: the file cannot be read, or the budget is too short to show anything of it.
        NoSignalError: the file lacks what it shall be summarised by.
        ModelError: the model cannot be loaded.
        TypeError: an argument is of another type, or there is no such setting.
        ValueError: a setting is out of range, or `weights` names a signal that there is not.
    """
    check_type("cache", cache, cache is None or isinstance(cache, RecordCache), "a RecordCache")
    is_name = isinstance(model, str | os.PathLike)
    is_model = model is None or is_name or hasattr(model, "va_of_features")
    check_type("model", model, is_model, "the name of a model or a loaded model")
    config = with_settings(config, settings)
    if isinstance(model, str | os.PathLike):
        config, model = replace(config, model=os.fspath(model)), None
    check_weights(config.weights)
    source = ModelSource(config, model)

    def summarize_one(path: object, watch: Watch) -> Summary:
        is_path = isinstance(path, str | os.PathLike)
        check_type("path", path, is_path, "a str or os.PathLike, or a list of them")
        name = cast("str | os.PathLike[str]", path)
        with work_on(watch, Path(name)):
            if cache is None and model is None:
                source.begin()  # while the file is probed
            info = probe(name, cache=cache)
            return summarize_media(info, config, source=source, cache=cache, progress=watch)

    with watching(progress) as watch:
        if isinstance(path, Iterable) and not isinstance(path, str | bytes | os.PathLike):
            paths = list(path)
            return [
                summarize_one(each, numbered(watch, number, len(paths)))
                for number, each in enumerate(paths, 1)
            ]
        return summarize_one(path, watch)


def summarize_media(
    info: MediaInfo,
    config: SummaryConfig,
    *,
    source: ModelSource,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    crossfade_seconds: float = 0.0,
) -> Summary:
    """Summarise a file that has been probed, see `summarize`.

    With `crossfade_seconds`, by which the runs of the reel will overlap, the runs together may be
    longer than the budget by as much as the reel is shorter; not where they are cut on the grid.
    """
    check_weights(config.weights)
    fixed = fix(info, config)
    if config.cut_at != "grid":
        prepare_search()
    analysis = analyse(info, config, source=source, cache=cache, progress=progress)
    film, measured, columns = analysis.film, analysis.measured, analysis.columns
    asked_track, config = config.audio_track, film.config
    damage = _damage(info, measured)
    if damage and config.strict:
        raise InputError(f"{info.path}: {'; '.join(damage)}")
    by = _scored_by(info, config, measured)
    _check_query(film, measured, columns)
    is_fused = by == "highlights"
    scores = (
        score_highlights(columns, weights_of(config)).scores
        if is_fused
        else arousal_score(columns, config, by=by)
    )
    if config.mood or config.arc:
        if not measured.has(IMAGE):
            raise NoSignalError(f"{info.path}: a mood or an arc needs a picture that is scored")
        places = np.array([segment.centre_seconds for segment in film.segments])
        scores = lean(scores, columns, config, places / info.duration_seconds)
    if CREDITS in config.skip:
        fixed = skip_credits(fixed, info, film.segments, measured.arrays.get("card"))
    scores = score_unskipped(fixed, info, film.segments, scores)
    budget_seconds = config.budget_of(info.duration_seconds)
    known = known_of(info, measured.arrays, content=analysis.content)
    selected, pieces, shifts, problems = choose_pieces(
        film,
        known,
        scores,
        fixed=fixed,
        spread=config.spread if is_fused else 0.0,
        budget_seconds=budget_seconds,
        overlap_seconds=crossfade_seconds,
        cache=cache,
    )
    summary = Summary(
        schema_version=SCHEMA_VERSION,
        model=config.model,
        by=by,
        budget_seconds=budget_seconds,
        config=config,
        media=info,
        input_sha256=analysis.content,
        segments=_rows(film.segments, columns, scores, selected),
        image_report=measured.image_report,
        music_report=measured.music_report,
        notes=(
            *_notes(film, measured, columns, asked_track=asked_track),
            *([_leaning_note(config)] if config.mood or config.arc else []),
            *fixed.notes,
            *problems,
            *damage,
        ),
        pieces=tuple(pieces),
        sound_shifts=tuple(shifts),
        skipped=tuple(fixed.skipped),
        seen_cuts=known.cuts,
        reel={"crossfade_seconds": crossfade_seconds} if crossfade_seconds else {},
    )
    return order_by_arc(summary, cache) if config.reorder and config.arc else summary


def _scored_by(info: MediaInfo, config: SummaryConfig, measured: Measured) -> By:
    """Return what the scores can be made of, given where there is signal."""
    has_image, has_music = measured.has(IMAGE), measured.has(MUSIC)
    if config.by == "highlights" and (has_image or has_music):
        return "highlights"
    if config.by == "both" and has_image and has_music:
        return "both"
    if has_image and config.by != "music":
        return "image"
    if has_music and config.by != "image":
        return "music"
    what = {"image": "black or unreadable", "music": "silent or unreadable"}
    reason = what.get(config.by, "black and silent, or unreadable,")
    raise NoSignalError(f"{info.path}: it is {reason} throughout; there is nothing to score")


def _check_query(film: Film, measured: Measured, columns: Mapping[str, FloatArray]) -> None:
    """Check that pictures could be compared with the query, if there is one."""
    query = film.config.query
    if query is None or np.isfinite(columns.get("about", np.array(np.nan))).any():
        return
    has_image = film.info.video is not None and measured.has(IMAGE)
    blind = f"{film.config.model} does not tell what a picture shows"
    reason = blind if has_image else "there is no picture"
    raise NoSignalError(f'{film.info.path}: cannot look for "{query}": {reason}')


def _damage(info: MediaInfo, measured: Measured) -> list[str]:
    """Return what is wrong with the file and how much of it is unreadable, one line each."""
    lines = list(info.problems)
    for what, report in (("picture", measured.image_report), ("sound", measured.music_report)):
        if report and report.unreadable_seconds:
            seconds = report.unreadable_seconds
            amount = f"{seconds:.1f} s" if seconds >= 0.05 else f"{seconds * 1000:.0f} ms"
            lines.append(
                f"{amount} of the {what} ({report.unreadable_share:.0%}) could not be read: "
                f"{', '.join(report.reasons)}"
            )
    return lines


def _notes(
    film: Film,
    measured: Measured,
    columns: Mapping[str, FloatArray],
    *,
    asked_track: int | None,
) -> list[str]:
    """Return how the file was treated differently from what was asked, one line each."""
    info, config, segments = film.info, film.config, film.segments
    notes = []
    uses_both = config.by in ("both", "highlights")
    has_image, has_music = measured.has(IMAGE), measured.has(MUSIC)
    if uses_both and not has_music:
        reason = "the sound is silent" if info.audio else "there is no sound"
        reason = "the sound cannot be read" if _is_lost(measured.music_report) else reason
        notes.append(f"{reason}: scored by the picture alone")
    if uses_both and not has_image:
        reason = "the picture is black" if info.video else "there is no picture"
        reason = "the picture cannot be read" if _is_lost(measured.image_report) else reason
        notes.append(f"{reason}: scored by the sound alone")
    if config.quick and info.video:
        notes.append("a quick look: the picture was scored by its key frames alone")
    if config.query and not trust_in(columns["about"]):
        notes.append(f'nothing in the picture looks much like "{config.query}": the closest counts')
    if has_music and asked_track is None and config.audio_track != info.main_track:
        notes.append(f"sound {info.main_track} is silent: sound {config.audio_track} counts")
    length = segments[0].duration_seconds
    if config.segment_seconds is None and length < min(SEGMENT_SECONDS, info.duration_seconds):
        notes.append(
            f"the budget is shorter than {SEGMENT_SECONDS:g} s: segments of {length:.3g} s"
        )
    return notes


def _leaning_note(config: SummaryConfig) -> str:
    """Say how far the picks are to be trusted where they lean towards a mood or an arc."""
    asked = (("mood", config.mood), ("arc", config.arc))
    leaning = " and ".join(f"{name} {value}" for name, value in asked if value)
    return f"{leaning}: the selection is exact (gap 0) by predictions; {skill_line(config.model)}"


def _is_lost(report: DecodeReport | None) -> bool:
    return report is not None and report.unreadable_seconds >= report.wanted_seconds


def _rows(
    segments: Sequence[Segment],
    columns: Mapping[str, FloatArray],
    scores: FloatArray,
    selected: list[bool],
) -> tuple[ScoredSegment, ...]:
    def known(number: float) -> float | None:
        return float(number) if np.isfinite(number) else None

    return tuple(
        ScoredSegment(
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            signals={name: known(values[k]) for name, values in columns.items()},
            score=known(scores[k]),
            selected=selected[k],
        )
        for k, segment in enumerate(segments)
    )
