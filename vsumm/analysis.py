"""Measure a film and compute its signals: what summaries and libraries are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from mmva_core.store import sha256_file
from vsumm.config import SEGMENT_SECONDS, SHORTEST_SEGMENT_SECONDS, SummaryConfig
from vsumm.errors import InputError, NoSignalError
from vsumm.files import RecordCache, fact_of_file
from vsumm.media import MediaInfo, Segment, split_into_segments
from vsumm.progress import Watch
from vsumm.score import (
    MUSIC,
    Film,
    FloatArray,
    Measured,
    Measurement,
    ModelSource,
    Need,
    Signal,
    measure,
    measurements_of,
    signals_of,
)


@dataclass(frozen=True)
class Analysis:
    """What is known of a film once it is measured; N segments."""

    film: Film
    """The film, its N segments, and the settings with the audio track that was taken."""
    content: str
    """SHA-256 of the file, hexadecimal."""
    measured: Measured
    """What was measured."""
    columns: Mapping[str, FloatArray]
    """Signals by name, shape (N,), NaN where there is nothing to say."""


def analyse(
    info: MediaInfo,
    config: SummaryConfig,
    *,
    source: ModelSource,
    cache: RecordCache | None = None,
    progress: bool | Watch = False,
    also: Callable[[Film], Sequence[Measurement]] = lambda film: (),
) -> Analysis:
    """Measure a film and compute its signals.

    Args:
        info: the film.
        config: how to split it, and what to measure.
        source: the model.
        cache: where measurements are kept; None keeps nothing.
        progress: whether to show a bar on stderr, or a function that is told how far it is.
        also: returns what is to be measured beside what the signals need, in the same pass.

    Raises:
        InputError: the film cannot be read, or the budget has no room for a segment.
        NoSignalError: it lacks the stream that it is to be scored by.
        ModelError: the model cannot be loaded.
    """
    film, signals = film_to_measure(info, config, source)
    content = fact_of_file(info.path, "SHA-256", lambda: sha256_file(info.path), cache)
    film, measured = _measure_audible(
        film,
        [*measurements_of(signals, config), *also(film)],
        lambda film, todo: measure(film, todo, content=content, cache=cache, progress=progress),
        asked_track=config.audio_track,
    )
    columns = {signal.name: signal.compute(film, measured.arrays) for signal in signals}
    return Analysis(film, content, measured, columns)


def film_to_measure(
    info: MediaInfo, config: SummaryConfig, source: ModelSource
) -> tuple[Film, list[Signal]]:
    """Return what `analyse` measures first: a film, with the sound that a player takes.

    Raises:
        InputError, NoSignalError: see `analyse`.
    """
    signals = _signals(info, config)
    segments = _split(info, config)
    if info.audio and config.audio_track is None:
        config = replace(config, audio_track=info.main_track)
    return Film(info, segments, config, source), signals


def _signals(info: MediaInfo, config: SummaryConfig) -> list[Signal]:
    """Return the signals that are measured, or say why nothing can be."""
    if info.audio and (config.audio_track or 0) >= len(info.audio):
        raise InputError(
            f"{info.path}: there is no audio track {config.audio_track}; it has "
            f"{len(info.audio)}, counted from 0"
        )
    has: dict[Need, bool] = {"picture": info.video is not None, "sound": bool(info.audio)}
    signals = [s for s in signals_of(config.by) if all(has[m.needs] for m in s.measurements)]
    if not measurements_of(signals, config):
        missing, other = ("picture", "music") if config.by == "image" else ("sound", "image")
        raise NoSignalError(
            f"{info.path}: there is no {missing} to score; use {{do}}",
            argument=f"by={other!r}",
            option=f"--by {other}",
        )
    return signals


def _measure_audible(
    film: Film,
    measurements: Sequence[Measurement],
    measure_film: Callable[[Film, Sequence[Measurement]], Measured],
    *,
    asked_track: int | None,
) -> tuple[Film, Measured]:
    """Measure a film with its sound, or another one where that is silent and was not asked for.

    Returns:
        The film with the number of the sound in its settings, and what was measured.
    """
    measured = measure_film(film, measurements)
    of_sound = [m for m in measurements if m.needs == "sound"]
    if asked_track is not None or not of_sound or measured.has(MUSIC):
        return film, measured
    for track in range(len(film.info.audio)):
        if track == film.config.audio_track:
            continue
        other = replace(film, config=replace(film.config, audio_track=track))
        with suppress(InputError):
            heard = measure_film(other, of_sound)
            if heard.has(MUSIC):
                arrays = {**measured.arrays, **heard.arrays}
                return other, replace(measured, arrays=arrays, music_report=heard.music_report)
    return film, measured


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
            f"{max(length, SHORTEST_SEGMENT_SECONDS):.3g} s; raise {{do}}",
            argument="the budget",
            option="--budget",
        )
    return split_into_segments(info.duration_seconds, segment_seconds=length)
