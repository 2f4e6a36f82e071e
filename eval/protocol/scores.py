"""Scores from elsewhere: read them, find out what their length means, hold them to the frames.

A file maps each video, by id or by h5 key, to a row of numbers. JSON: `{"video_1": [0.1, ...]}`.
CSV with a header: columns `video` and `score`, one line per number, in order; an `index` column,
where there is one, is checked to run 0, 1, 2 ... within a video.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from eval.datasets import Benchmark, BenchmarkVideo, FloatArray, IntArray
from vsumm.errors import ScoresError

ScoresUnit = Literal["auto", "frame", "pick", "clip", "segment"]
SCORES_UNITS: tuple[ScoresUnit, ...] = get_args(ScoresUnit)


def read_scores(path: Path) -> dict[str, FloatArray]:
    """Read a JSON or CSV file of scores, told apart by the name's ending.

    Raises:
        ScoresError: not readable, another layout, or a score that is not a finite number.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScoresError(f"{path}: cannot be read ({error})") from error
    raw = _parse_csv(text, path) if path.suffix.lower() == ".csv" else _parse_json(text, path)
    if not raw:
        raise ScoresError(f"{path}: holds no scores")
    return {name: check_scores(values, name) for name, values in raw.items()}


def check_scores(values: object, name: str) -> FloatArray:
    """Return `values` as a float64 row.

    Raises:
        ScoresError: not a row of finite numbers.
    """
    try:
        row = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ScoresError(f"video {name}: scores must be a list of numbers") from error
    if row.ndim != 1 or not len(row):
        raise ScoresError(f"video {name}: scores must be one row of numbers, got shape {row.shape}")
    broken = np.flatnonzero(~np.isfinite(row))
    if len(broken):
        raise ScoresError(
            f"video {name}: score {broken[0]} is {row[broken[0]]}, not a finite number"
        )
    return row


def match_scores(
    scores: Mapping[str, ArrayLike], benchmark: Benchmark
) -> tuple[Benchmark, dict[str, FloatArray]]:
    """Return the videos that have scores, and the scores by their ids.

    Raises:
        ScoresError: a name is no video's, or two names are the same video's.
    """
    by_id: dict[str, FloatArray] = {}
    unknown = []
    for name, values in scores.items():
        video = benchmark.find(name)
        if video is None:
            unknown.append(name)
        elif video.video_id in by_id:
            raise ScoresError(f"video {video.video_id} has scores twice, once as {name}")
        else:
            by_id[video.video_id] = check_scores(values, name)
    if not by_id:
        raise ScoresError(
            f"none of the {len(scores)} names in the scores is a video of {benchmark.name}; names "
            f"are ids like {benchmark.videos[0].video_id} or keys like video_1"
        )
    kept = benchmark.restricted_to(list(by_id), "the others have no scores")
    if unknown:
        note = f"{len(unknown)} scored names are no video here: {_listed(unknown)}"
        kept = replace(kept, notes=(*kept.notes, note))
    return kept, by_id


def expand_to_frames(
    scores: FloatArray, video: BenchmarkVideo, shot_borders: IntArray, unit: ScoresUnit = "auto"
) -> tuple[FloatArray, str]:
    """Hold each score over the frames it stands for.

    Picks are held until the next pick, as published; clips and segments over their frames.

    Args:
        scores: (M,) as many as `unit` has in this video.
        video: the video.
        shot_borders: (K + 1,) segments of the protocol.
        unit: what one score stands for; "auto" decides by M.

    Returns:
        (N,) frame scores, and the unit.

    Raises:
        ScoresError: M fits none, or fits several that mean different frames.
    """
    starts = _unit_starts(video, shot_borders)
    if unit != "auto":
        if unit not in starts:
            raise ScoresError(f"video {video.video_id}: {unit}s are not known here")
        if len(scores) != len(starts[unit]):
            raise ScoresError(
                f"video {video.video_id}: {len(scores)} scores, but {len(starts[unit])} {unit}s"
            )
        return _hold(scores, starts[unit], video.num_frames), unit
    fitting = {name: places for name, places in starts.items() if len(places) == len(scores)}
    if not fitting:
        raise ScoresError(
            f"video {video.video_id}: {len(scores)} scores fit none of {_sizes(starts)}"
        )
    name, places = next(iter(fitting.items()))
    for other, other_places in fitting.items():
        if not np.array_equal(places, other_places):
            raise ScoresError(
                f"video {video.video_id}: {len(scores)} scores may be one per {name} or one per "
                f"{other}, which are different frames; say which with --scores-unit"
            )
    return _hold(scores, places, video.num_frames), name


def _unit_starts(video: BenchmarkVideo, shot_borders: IntArray) -> dict[str, IntArray]:
    """First frame of each unit, for every unit that is known for the video."""
    starts = {"frame": np.arange(video.num_frames), "pick": video.pick_frames}
    if video.clip_borders is not None:
        starts["clip"] = video.clip_borders[:-1]
    starts["segment"] = shot_borders[:-1]
    return starts


def _hold(scores: FloatArray, starts: IntArray, num_frames: int) -> FloatArray:
    return np.repeat(scores, np.diff(starts, append=num_frames))


def _sizes(starts: Mapping[str, IntArray]) -> str:
    return ", ".join(f"{len(places)} {name}s" for name, places in starts.items())


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _parse_json(text: str, path: Path) -> dict[str, object]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ScoresError(f"{path}: not JSON ({error})") from error
    if not isinstance(data, dict):
        raise ScoresError(f'{path}: expected an object like {{"video_1": [0.1, 0.2]}}')
    return data


def _parse_csv(text: str, path: Path) -> dict[str, list[float]]:
    reader = csv.DictReader(text.splitlines())
    if not {"video", "score"} <= set(reader.fieldnames or ()):
        raise ScoresError(f"{path}: expected a CSV with a header and the columns video and score")
    scores: dict[str, list[float]] = {}
    for number, row in enumerate(reader, start=2):
        values = scores.setdefault(row["video"], [])
        try:
            if row.get("index") not in (None, "") and int(row["index"]) != len(values):
                raise ScoresError(
                    f"{path}: line {number} has index {row['index']}, expected {len(values)}"
                )
            values.append(float(row["score"]))
        except (TypeError, ValueError) as error:
            raise ScoresError(f"{path}: line {number} holds no number ({error})") from error
    return scores
