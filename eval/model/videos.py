"""Score the videos of a data set with the model, and segment them, one after another.

Letters: N frames of the annotation, T sampled frames.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.datasets import Benchmark, BenchmarkVideo, FloatArray, IntArray
from eval.model.embeddings import KTS_RATE, SCATTER, embed_frames
from eval.protocol import PENALTY, segment_features
from mmva_core.errors import MmvaError
from mmva_core.store import find_folder, sha256_file, sha256_folder
from vsumm._version import __version__
from vsumm.config import SummaryConfig
from vsumm.errors import InputError, ModelError, VsummError
from vsumm.files import RecordCache
from vsumm.media import probe
from vsumm.pipeline import summarize
from vsumm.score import load_model

if TYPE_CHECKING:
    from mmva_core import MMVA

logger = logging.getLogger(__name__)

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
    failures: tuple[str, ...] = ()
    """One line per video that did not."""


@dataclass(frozen=True)
class VideoScorer:
    """The model, its settings and the cache: all that scoring depends on besides the file."""

    config: SummaryConfig
    """What to score by, and with which model."""
    cache: RecordCache | None
    """Where results are kept; None keeps nothing."""

    @cached_property
    def model(self) -> MMVA:
        """The model, loaded on first use: a second run needs none."""
        return load_model(self.config)

    @cached_property
    def model_digest(self) -> str:
        """SHA-256 over the model's files."""
        try:
            return sha256_folder(find_folder(self.config.model))
        except MmvaError as error:
            raise ModelError(str(error)) from error

    def score(self, path: Path) -> dict[str, Any]:
        """Return the segments of a file with their scores, and its length.

        Raises:
            VsummError: the file cannot be summarised.
        """
        key = self._key(path, kind="scores", settings=asdict(self.config))
        record: dict[str, Any] = self._get_or_make(key, lambda: self._summarize(path))
        return record

    def change_times(self, path: Path) -> list[float]:
        """Return the KTS change points of a file, seconds.

        Raises:
            VsummError: the picture cannot be read.
        """
        key = self._key(
            path, kind="kts", settings={"rate": KTS_RATE, "penalty": PENALTY, "scatter": SCATTER}
        )
        times: list[float] = self._get_or_make(key, lambda: self._segment(path))
        return times

    def _get_or_make(self, key: dict[str, Any], make: Callable[[], Any]) -> Any:
        return make() if self.cache is None else self.cache.get_or_make(key, make)

    def _key(self, path: Path, *, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        contents = {"content": sha256_file(path), "model": self.model_digest}
        return {"kind": kind, "vsumm": __version__, **contents, "settings": settings}

    def _summarize(self, path: Path) -> dict[str, Any]:
        summary = summarize(path, self.config, model=self.model)
        return {
            "by": summary.by,
            "duration_seconds": summary.media.duration_seconds,
            "segments": [[s.start_seconds, s.end_seconds, s.score] for s in summary.segments],
            "notes": list(summary.notes),
        }

    def _segment(self, path: Path) -> list[float]:
        times, embeds = embed_frames(probe(path), self.model)
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
    on_video: Callable[[], object] = lambda: None,
) -> ScoredVideos:
    """Score every video that has a file; one that cannot be read does not stop the others.

    Raises:
        ModelError: the model cannot be loaded, which would fail for every video.
        InputError: not a single video could be scored.
    """
    scores: dict[str, FloatArray] = {}
    scored_by: dict[str, str] = {}

    def score(video: BenchmarkVideo) -> None:
        record = scorer.score(paths[video.video_id])
        scores[video.video_id] = hold_over_frames(record, video)
        scored_by[video.video_id] = record["by"]

    there = [v for v in benchmark.videos if v.video_id in paths]
    failures = _for_each(there, score, on_video)
    if not scores:
        raise InputError(f"none of {len(there)} videos could be scored; the first: {failures[0]}")
    kept = benchmark.restricted_to(list(scores), _reason(benchmark, there, failures))
    return ScoredVideos(
        replace(kept, notes=(*kept.notes, *_notes_on(scored_by, scorer.config))), scores, failures
    )


def segment_videos(
    benchmark: Benchmark,
    paths: Mapping[str, Path],
    scorer: VideoScorer,
    *,
    on_video: Callable[[], object] = lambda: None,
) -> ScoredVideos:
    """Give every video that has a file the shots of our own KTS.

    Raises:
        ModelError: the model cannot be loaded.
        InputError: not a single video could be segmented.
    """
    borders: dict[str, IntArray] = {}

    def segment(video: BenchmarkVideo) -> None:
        times = scorer.change_times(paths[video.video_id])
        borders[video.video_id] = borders_at(times, video)

    there = [v for v in benchmark.videos if v.video_id in paths]
    failures = _for_each(there, segment, on_video)
    if not borders:
        raise InputError(f"none of {len(there)} videos could be segmented; first: {failures[0]}")
    videos = tuple(
        replace(v, shot_borders=borders.get(v.video_id), user_summaries=_shot_free_summaries(v))
        for v in benchmark.videos
    )
    cut = replace(benchmark, videos=videos, shots_source=OWN_KTS, has_published_shots=False)
    return ScoredVideos(cut, {}, failures)


def hold_over_frames(record: Mapping[str, Any], video: BenchmarkVideo) -> FloatArray:
    """Give each frame of the annotation the score of the segment at its time, (N,).

    A segment without a signal (black, silent) scores 0, the least that there is.

    Raises:
        InputError: the file is not as long as the annotation says.
    """
    rate = _frame_rate(video)
    annotated_seconds = video.num_frames / float(rate)
    file_seconds = float(record["duration_seconds"])
    slack = max(LENGTH_SLACK_SECONDS, LENGTH_SLACK_SHARE * annotated_seconds)
    if abs(file_seconds - annotated_seconds) > slack:
        raise InputError(
            f"the file lasts {file_seconds:.1f} s, its annotation {annotated_seconds:.1f} s "
            f"({video.num_frames} frames); get the original video"
        )
    starts = np.array([start for start, _, _ in record["segments"]])
    values = np.array([0.0 if score is None else score for _, _, score in record["segments"]])
    times = np.arange(video.num_frames) / float(rate)
    held: FloatArray = values[np.searchsorted(starts, times, side="right").clip(1) - 1]
    return held


def borders_at(times_seconds: Iterable[float], video: BenchmarkVideo) -> IntArray:
    """Turn times of change into shot borders in frames of the annotation, (K + 1,)."""
    rate = _frame_rate(video)
    frames = {int(np.ceil(time * float(rate))) for time in times_seconds}
    inner = sorted(frame for frame in frames if 0 < frame < video.num_frames)
    return np.array([0, *inner, video.num_frames], dtype=np.int64)


def _for_each(
    videos: Iterable[BenchmarkVideo],
    work: Callable[[BenchmarkVideo], None],
    on_video: Callable[[], object],
) -> tuple[str, ...]:
    """Do the work for each video; collect what users can cause, let everything else through."""
    failures = []
    for video in videos:
        try:
            work(video)
        except ModelError:
            raise
        except VsummError as error:
            failures.append(f"video {video.video_id}: {error}")
            logger.warning(failures[-1])
        on_video()
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
