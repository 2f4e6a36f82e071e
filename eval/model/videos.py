"""Score the videos of a data set with the model, and segment them.

Letters: N frames of the annotation, T sampled frames.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from eval.cues import columns_of, cue_scores, leave_one_out, lift, mode_scores
from eval.datasets import Benchmark, BenchmarkVideo, FloatArray, IntArray
from eval.model.embeddings import KTS_RATE, SCATTER, embed_frames
from eval.protocol import PENALTY, segment_features
from mmva_core.engines import ATTEMPTS, Engine, run_tasks
from mmva_core.store import sha256_file
from vsumm._version import __version__
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, ModelError, VsummError
from vsumm.files import RecordCache
from vsumm.media import probe
from vsumm.pipeline import summarize_media
from vsumm.score import ModelSource, shared_source
from vsumm.summary import Summary

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

NO_VIDEO_SUFFIXES = frozenset(
    {
        ".mat",
        ".tsv",
        ".csv",
        ".json",
        ".txt",
        ".h5",
        ".npy",
        ".jpg",
        ".png",
        ".srt",
        ".vtt",
        ".part",
    }
)
"""Endings of files that lie beside videos under the same name."""
LENGTH_SLACK_SECONDS = 2.0
LENGTH_SLACK_SHARE = 0.01
"""A file may be longer or shorter than its annotation by the larger of the two."""
SOURCES = {
    "tvsum": "https://github.com/yalesong/tvsum",
    "summe": "https://gyglim.github.io/me/vsum/",
}
"""Where the videos are to be had."""
OWN_KTS = (
    f"own KTS on image embeddings at {KTS_RATE:g} frames/s, penalty {PENALTY:g}, "
    f"scatter scaled to {SCATTER:g}"
)


@dataclass(frozen=True)
class ScoredVideos:
    """What came of scoring or segmenting the videos of a folder."""

    benchmark: Benchmark
    """The videos that went well."""
    scores: dict[str, FloatArray] = field(default_factory=dict)
    """Video id -> (N,) frame scores in [0, 1]."""
    cues: dict[str, dict[str, FloatArray]] = field(default_factory=dict)
    """Modes, signals and simple cues, by name: video id -> (N,) frame scores of at least 0."""
    failures: tuple[str, ...] = ()
    """One line per video that did not."""


@dataclass(frozen=True)
class VideoScorer:
    """The model, its settings and the cache: all that scoring depends on besides the file."""

    config: SummaryConfig
    """What to score by, and with which model."""
    cache: RecordCache | None
    """Where results are kept; None keeps nothing."""

    @property
    def source(self) -> ModelSource:
        """The model, loaded on first use: a second run needs none."""
        return shared_source(self.config)

    def summarize(self, path: Path, *, about: str | None = None) -> Summary:
        """Summarise a file, from what the cache holds of it where there is something.

        Raises:
            VsummError: the file cannot be summarised.
        """
        # Only the scores are evaluated: no cuts are looked for.
        config = replace(self.config, about=about, cut_at="grid")
        return summarize_media(probe(path), config, source=self.source, cache=self.cache)

    def change_times(self, path: Path) -> list[float]:
        """Return the KTS change points of a file, seconds.

        Raises:
            VsummError: the picture cannot be read.
        """
        if self.cache is None:
            return self._segment(path)
        key = {
            "kind": "kts",
            "vsumm": __version__,
            "content": sha256_file(path),
            "model": self.source.fingerprint,
            "settings": {"rate": KTS_RATE, "penalty": PENALTY, "scatter": SCATTER},
        }
        times: list[float] = self.cache.get_or_make(key, lambda: self._segment(path))
        return times

    def _segment(self, path: Path) -> list[float]:
        times, embeds = embed_frames(probe(path), self.source.model)
        return [float(times[point]) for point in segment_features(embeds)]


def find_videos(folder: Path, benchmark: Benchmark) -> dict[str, Path]:
    """Find the file of each video, anywhere below the folder: its name without ending is the id.

    Raises:
        InputError: there is none, or a video has two files.
    """
    names = {v.video_id for v in benchmark.videos}
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.stem in names and path.is_file() and path.suffix.lower() not in NO_VIDEO_SUFFIXES
    ]
    found: dict[str, Path] = {}
    for path in files:
        if path.stem in found:
            raise InputError(
                f"{path}: video {path.stem} has another file, {found[path.stem]}; keep one"
            )
        found[path.stem] = path
    if not found:
        example = benchmark.videos[0].video_id
        raise InputError(
            f"{folder}: none of the {len(benchmark.videos)} videos is here; get them from "
            f"{SOURCES[benchmark.name]} and name them by id, like {example}.mp4, or use "
            "--annotations for the baselines alone"
        )
    return found


def score_videos(
    benchmark: Benchmark,
    paths: Mapping[str, Path],
    scorer: VideoScorer,
    *,
    engine: Engine | None = None,
    on_video: Callable[[], object] = lambda: None,
) -> ScoredVideos:
    """Score every video that has a file; one that cannot be read does not stop the others.

    Args:
        benchmark: the videos; a title is taken for what the video is about, without one that is
            left to the file.
        paths: video id -> its file.
        scorer: model and settings.
        engine: who scores; None: this process, one video after another.
        on_video: called once per finished video.

    Raises:
        ModelError: the model cannot be loaded, which would fail for every video.
        InputError: not a single video could be scored.
    """
    scores: dict[str, FloatArray] = {}
    cues: dict[str, dict[str, FloatArray]] = {}
    scored_by: dict[str, str] = {}

    def take(video: BenchmarkVideo, summary: Summary) -> None:
        name = video.video_id
        starts = [row.start_seconds for row in summary.segments]
        check_length(summary.media.duration_seconds, video)
        values = np.array([row.score or 0.0 for row in summary.segments])
        scores[name] = hold_over_frames(values, starts, video)
        scored_by[name] = summary.by
        for cue, cue_values in _cues_of(summary):
            cues.setdefault(cue, {})[name] = hold_over_frames(lift(cue_values), starts, video)

    there = [v for v in benchmark.videos if v.video_id in paths]
    tasks = [_Task(scorer, video.video_id, paths[video.video_id], video.title) for video in there]
    failures = _for_each(there, _outcomes(_summarize, tasks, engine, on_video), take)
    if not scores:
        raise InputError(f"none of {len(there)} videos could be scored; the first: {failures[0]}")
    kept = benchmark.restricted_to(list(scores), _reason(benchmark, there, failures))
    kept = replace(kept, notes=(*kept.notes, *_notes_on(scored_by, scorer.config)))
    return ScoredVideos(kept, scores, cues, failures)


def segment_videos(
    benchmark: Benchmark,
    paths: Mapping[str, Path],
    scorer: VideoScorer,
    *,
    engine: Engine | None = None,
    on_video: Callable[[], object] = lambda: None,
) -> ScoredVideos:
    """Return the videos; those that have a file get the shots of our own KTS.

    Raises:
        ModelError: the model cannot be loaded.
        InputError: not a single video could be segmented.
    """
    borders: dict[str, IntArray] = {}

    def take(video: BenchmarkVideo, times: list[float]) -> None:
        borders[video.video_id] = borders_at(times, video)

    there = [v for v in benchmark.videos if v.video_id in paths]
    tasks = [_Task(scorer, video.video_id, paths[video.video_id]) for video in there]
    failures = _for_each(there, _outcomes(_find_changes, tasks, engine, on_video), take)
    if not borders:
        raise InputError(f"none of {len(there)} videos could be segmented; first: {failures[0]}")
    videos = tuple(
        replace(v, shot_borders=borders.get(v.video_id), user_summaries=_shot_free_summaries(v))
        for v in benchmark.videos
    )
    cut = replace(benchmark, videos=videos, shots_source=OWN_KTS, has_published_shots=False)
    return ScoredVideos(cut, failures=failures)


def check_length(file_seconds: float, video: BenchmarkVideo) -> None:
    """Raise InputError unless a file is about as long as the annotation says."""
    annotated_seconds = video.num_frames / float(_frame_rate(video))
    slack = max(LENGTH_SLACK_SECONDS, LENGTH_SLACK_SHARE * annotated_seconds)
    if abs(file_seconds - annotated_seconds) > slack:
        raise InputError(
            f"the file lasts {file_seconds:.1f} s, its annotation {annotated_seconds:.1f} s "
            f"({video.num_frames} frames); get the original video"
        )


def hold_over_frames(
    values: FloatArray, start_seconds: Sequence[float], video: BenchmarkVideo
) -> FloatArray:
    """Return for each frame of the annotation the value of the segment at its time, (N,).

    Frames are placed by the annotation's rate, so a copy of the video may have another.
    """
    times = np.arange(video.num_frames) / float(_frame_rate(video))
    held: FloatArray = values[np.searchsorted(start_seconds, times, side="right").clip(1) - 1]
    return held


def borders_at(times_seconds: Iterable[float], video: BenchmarkVideo) -> IntArray:
    """Turn times of change into shot borders in frames of the annotation, (K + 1,)."""
    rate = _frame_rate(video)
    frames = {int(np.ceil(time * float(rate))) for time in times_seconds}
    inner = sorted(frame for frame in frames if 0 < frame < video.num_frames)
    return np.array([0, *inner, video.num_frames], dtype=np.int64)


def _cues_of(summary: Summary) -> Iterator[tuple[str, FloatArray]]:
    columns = columns_of(summary)
    if summary.by == "highlights":
        yield from leave_one_out(columns, summary.config)
        yield from mode_scores(columns, summary.config)
    yield from cue_scores(columns, [row.segment for row in summary.segments])


@dataclass(frozen=True)
class _Task:
    """One video to work on, in this process or another."""

    scorer: VideoScorer
    name: str
    path: Path
    title: str | None = None


def _summarize(task: _Task) -> Summary:
    return task.scorer.summarize(task.path, about=task.title)


def _find_changes(task: _Task) -> list[float]:
    return task.scorer.change_times(task.path)


def _outcomes(
    do: Callable[[_Task], Value],
    tasks: Sequence[_Task],
    engine: Engine | None,
    on_video: Callable[[], object],
) -> Iterator[Callable[[], Value]]:
    """Yield for each task, in their order, what returns or raises what came of it."""
    if engine is None:
        for task in tasks:
            yield partial(do, task)
            on_video()
        return
    futures: dict[str, Future[Value]] = {}
    for task, future in run_tasks(engine, do, tasks):
        futures[task.name] = future
        on_video()
    for task in tasks:
        yield partial(_result_of, futures[task.name], engine)


def _result_of(future: Future[Value], engine: Engine) -> Value:
    """Return or raise what came of a task.

    Raises:
        InputError: it was lost as often as it was tried.
    """
    try:
        return future.result()
    except engine.lost as error:
        text = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"{ATTEMPTS} processes died that worked on it: {text}") from error


def _for_each(
    videos: Iterable[BenchmarkVideo],
    outcomes: Iterable[Callable[[], Value]],
    take: Callable[[BenchmarkVideo, Value], None],
) -> tuple[str, ...]:
    """Take what came of each video; collect what users can cause, let everything else through."""
    failures = []
    for video, outcome in zip(videos, outcomes, strict=True):
        try:
            take(video, outcome())
        except ModelError:
            raise
        except VsummError as error:
            failures.append(f"video {video.video_id}: {error}")
            logger.warning(failures[-1])
    return tuple(failures)


def _frame_rate(video: BenchmarkVideo) -> Fraction:
    if video.frame_rate is None:
        raise InputError("its frame rate is unknown: name the annotation with --annotations")
    return video.frame_rate


def _shot_free_summaries(video: BenchmarkVideo) -> Any:
    """Keep published summaries only where they do not depend on the shots."""
    return None if video.summaries_need_shots else video.user_summaries


def _reason(benchmark: Benchmark, there: list[BenchmarkVideo], failures: tuple[str, ...]) -> str:
    missing = len(benchmark.videos) - len(there)
    parts = [f"{missing} have no file"] if missing else []
    parts += [f"{len(failures)} could not be scored"] if failures else []
    return " and ".join(parts)


def _notes_on(scored_by: Mapping[str, str], config: SummaryConfig) -> list[str]:
    settings = ", ".join(f"{name} {value}" for name, value in asdict(config).items())
    notes = [f"scored zero-shot, no split, with the settings: {settings}"]
    others = [name for name, by in scored_by.items() if by != config.by]
    if others:
        notes.append(
            f"{len(others)} videos lack one of picture and sound: scored by the other alone"
        )
    return notes
