"""Read the h5 files in which TVSum and SumMe are usually exchanged (schema "eccv16").

Per video a group `video_1` ..: `user_summary` (U, N), `change_points` (K, 2) with both ends
inside, `picks` (P,), `features` (P, D), `n_frames`, `gtscore` (P,), and in some `video_name`.
Source of the schema: K. Zhou, Y. Qiao, T. Xiang, AAAI 2018 (DOI 10.1609/aaai.v32i1.12255).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from eval.datasets.benchmark import Benchmark, BenchmarkVideo, IntArray
from vsumm.errors import InputError, ScoresError

NUM_VIDEOS = {"tvsum": 50, "summe": 25}
WHERE_TO_GET = (
    "eccv16_dataset_tvsum_google_pool5.h5 and its sister for SumMe come with "
    "https://github.com/KaiyangZhou/pytorch-vsumm-reinforce"
)


def load_h5(path: Path, name: str, annotation: Benchmark | None = None) -> Benchmark:
    """Read an h5 file, on its own or on top of the data set's own annotation.

    With `annotation` the videos are matched by `video_name` where the file has it, else by key;
    what only the annotation knows (users' frame scores, frame rate, category) is kept.

    Args:
        path: the h5 file.
        name: "tvsum" or "summe".
        annotation: what `load_tvsum` or `load_summe` returned.

    Raises:
        InputError: the file cannot be read or has another schema.
        ScoresError: file and annotation disagree about a video's length.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; {WHERE_TO_GET}")
    try:
        with h5py.File(path, "r") as file:
            groups = [k for k in file if isinstance(file[k], h5py.Group)]
            videos = tuple(_read_group(key, file[key], name) for key in _in_order(groups))
    except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
        raise InputError(
            f"{path}: not an h5 file of the eccv16 schema (groups video_1 .. with n_frames, "
            f"change_points, user_summary), or damaged ({error})"
        ) from error
    if not videos:
        raise InputError(f"{path}: holds no video")
    merged = videos if annotation is None else tuple(_merge(v, annotation, path) for v in videos)
    total = NUM_VIDEOS[name]
    notes = () if len(merged) == total else (f"{len(merged)} of {total} videos: those in {path}",)
    source = f"change points of {path.name}"
    return Benchmark(name, merged, total, shots_source=source, notes=notes)


def load_features(path: Path, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Read the features (P, D) of the named groups.

    Raises:
        InputError: a group has none, or one that does not fit its picks or holds no numbers.
    """
    features = {}
    with h5py.File(path, "r") as file:
        for key in keys:
            group = file[key]
            if "features" not in group:
                raise InputError(f"{path}: {key} has no features; training needs the full h5 file")
            array = np.asarray(group["features"], dtype=np.float32)
            if array.ndim != 2 or len(array) != len(group["picks"]):
                raise InputError(
                    f"{path}: {key} has features of shape {array.shape} for "
                    f"{len(group['picks'])} picks"
                )
            if not np.isfinite(array).all():
                raise InputError(f"{path}: {key} has features that are not finite")
            features[key] = array
    return features


def _in_order(keys: Iterable[str]) -> Iterator[str]:
    """Sort video_2 before video_10."""

    def number(key: str) -> tuple[int, str]:
        digits = key.rpartition("_")[2]
        return (int(digits) if digits.isdecimal() else 0, key)

    yield from sorted(keys, key=number)


def _read_group(key: str, group: Mapping[str, Any], name: str) -> BenchmarkVideo:
    num_frames = int(np.asarray(group["n_frames"]).item())
    video_name = _text(np.asarray(group["video_name"]).item()) if "video_name" in group else key
    summaries = np.asarray(group["user_summary"]) > 0 if "user_summary" in group else None
    return BenchmarkVideo(
        video_id=video_name,
        num_frames=num_frames,
        key=key,
        user_summaries=summaries,
        summaries_need_shots=name == "tvsum",
        shot_borders=_borders(np.asarray(group["change_points"]), num_frames, key),
        picks=np.asarray(group["picks"], dtype=np.int64) if "picks" in group else None,
        with_features="features" in group,
    )


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _borders(change_points: NDArray[Any], num_frames: int, key: str) -> IntArray:
    """Turn inclusive pairs into borders; a last end that is N instead of N - 1 is let pass."""
    pairs = change_points.astype(np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs[1:, 0] != pairs[:-1, 1] + 1).any():
        raise ScoresError(f"{key}: change_points are not pairs that follow on one another")
    last = int(pairs[-1, 1]) + 1
    ends = num_frames if last == num_frames + 1 else last
    return np.array([*pairs[:, 0], ends], dtype=np.int64)


def _merge(video: BenchmarkVideo, annotation: Benchmark, path: Path) -> BenchmarkVideo:
    known = annotation.find(video.video_id)
    if known is None:
        raise ScoresError(
            f"{path}: {video.key} ({video.video_id}) is none of the annotation's "
            f"{len(annotation.videos)} videos; give the annotation that belongs to the h5 file"
        )
    if known.num_frames != video.num_frames:
        raise ScoresError(
            f"video {known.video_id}: {path.name} counts {video.num_frames} frames, "
            f"the annotation {known.num_frames}; the files do not belong together"
        )
    return replace(
        known,
        key=video.key,
        user_summaries=video.user_summaries
        if known.user_summaries is None
        else known.user_summaries,
        shot_borders=video.shot_borders,
        picks=video.picks,
        with_features=video.with_features,
    )
