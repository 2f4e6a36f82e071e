"""Read TVSum's annotation: `ydata-tvsum50.mat`, or the pair of TSV files.

Y. Song, J. Vallmitjana, A. Stent, A. Jaimes, "TVSum: Summarizing web videos using titles",
CVPR 2015 (DOI 10.1109/CVPR.2015.7299154): 50 videos, 20 users each, one score from 1 to 5 per
2-second clip, stored per frame.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from eval.datasets.benchmark import Benchmark, BenchmarkVideo, FloatArray, IntArray, clip_borders
from mmva_core.clock import parse_seconds
from vsumm.errors import InputError

NUM_VIDEOS = 50
MAT_NAME = "ydata-tvsum50.mat"
ANNO_NAME, INFO_NAME = "ydata-tvsum50-anno.tsv", "ydata-tvsum50-info.tsv"
FRAME_RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
)
"""Rates that occur in TVSum, frames per second; one video has another."""
RATE_TOLERANCE = 0.01
"""A rate may differ so much, relatively, from frames / length ..."""
LENGTH_ERROR_SECONDS = 1.0
"""... beyond what an error of the rounded length explains."""
WHERE_TO_GET = (
    f"get {MAT_NAME} (or {ANNO_NAME} with {INFO_NAME}) from https://github.com/yalesong/tvsum "
    "and put it into the folder named by --data, beside the videos, or name it with --annotations"
)


def load_tvsum(path: Path) -> Benchmark:
    """Read the annotation from a folder, the .mat file or one of the TSV files.

    Videos are in the order of the file, which is the order of the keys video_1 .. video_50 of the
    published h5 files.

    Raises:
        InputError: nothing is there, or it cannot be read.
    """
    source = _find_annotation(path)
    try:
        read = _read_mat if source.suffix == ".mat" else _read_tsv
        videos = tuple(read(source))
    except (OSError, KeyError, ValueError, IndexError, UnicodeDecodeError) as error:
        raise InputError(
            f"{source}: not TVSum's annotation, or damaged ({error}); {WHERE_TO_GET}"
        ) from error
    notes = (
        () if len(videos) == NUM_VIDEOS else (f"{len(videos)} of {NUM_VIDEOS} videos: {source}",)
    )
    return Benchmark("tvsum", videos, NUM_VIDEOS, notes=notes)


def find_frame_rate(changes: IntArray, num_frames: int, length_seconds: float) -> Fraction:
    """Find the frame rate from where the scores change.

    Scores change only at clip borders, floor(2 k rate) + 1, so each change bounds the rate:
    (change - 1) / 2k <= rate < change / 2k. A usual rate whose grid passes all changes within one
    frame wins, else the middle of the bounds; where these contradict each other, frames / length.

    Args:
        changes: (C,) frames, counted from 0, at which some user's score changes.
        num_frames: length of the video in frames.
        length_seconds: the same in seconds, rounded.
    """
    rough = num_frames / length_seconds
    tolerance = RATE_TOLERANCE + LENGTH_ERROR_SECONDS / length_seconds
    usual = [r for r in FRAME_RATES if abs(float(r) / rough - 1) < tolerance]
    misses = {r: _distances(changes, clip_borders(num_frames, r)) for r in usual}
    near = [r for r in usual if misses[r].max(initial=0) <= 1]
    if near:
        return min(near, key=lambda rate: (misses[rate].sum(), abs(float(rate) - rough)))
    low, high = Fraction(0), Fraction(10**6)
    for change in changes.tolist():
        clips = max(1, round(change / (2 * rough)))
        low = max(low, Fraction(change - 1, 2 * clips))
        high = min(high, Fraction(change, 2 * clips))
    middle = (low + high) / 2
    if low < high and abs(float(middle) / rough - 1) < tolerance:
        return middle
    return Fraction(rough).limit_denominator(100_000)


def _snapped_borders(changes: IntArray, num_frames: int, frame_rate: Fraction) -> IntArray:
    """Return the clip grid, each border moved onto a change that lies one frame beside it.

    One video of TVSum needs this: its borders waver by a frame, as if rounded from 24.999....
    """
    borders = clip_borders(num_frames, frame_rate)
    inner = borders[1:-1]
    for shift in (-1, 1):
        off = ~np.isin(inner, changes) & np.isin(inner + shift, changes)
        inner[off] += shift
    return borders


def _distances(changes: IntArray, borders: IntArray) -> IntArray:
    """Return how far each change lies from the nearest border, in frames."""
    after = np.searchsorted(borders, changes).clip(1, len(borders) - 1)
    distances: IntArray = np.minimum(borders[after] - changes, changes - borders[after - 1])
    return np.abs(distances)


def _find_annotation(path: Path) -> Path:
    if path.is_file():
        return path
    found = [path / name for name in (MAT_NAME, ANNO_NAME) if (path / name).is_file()]
    found += sorted(path.rglob(MAT_NAME)) + sorted(path.rglob(ANNO_NAME)) if path.is_dir() else []
    if not found:
        raise InputError(f"{path}: no TVSum annotation here; {WHERE_TO_GET}")
    return found[0]


def _read_mat(path: Path) -> Iterator[BenchmarkVideo]:
    """Walk the MATLAB 7.3 file: a struct of (50, 1) references; strings are uint16 codes."""
    with h5py.File(path, "r") as file:
        table = file["tvsum50"]

        def text(column: str, row: int) -> str:
            return "".join(map(chr, np.asarray(file[table[column][row, 0]]).ravel()))

        for row in range(len(table["video"])):
            yield _make_video(
                row,
                video_id=text("video", row),
                category=text("category", row),
                title=text("title", row),
                importance=np.asarray(file[table["user_anno"][row, 0]], dtype=np.float64),
                length_seconds=float(np.asarray(file[table["length"][row, 0]]).item()),
            )


def _read_tsv(path: Path) -> Iterator[BenchmarkVideo]:
    """Read the pair of TSV files: one line per video and user; one line per video.

    The two are told apart by their names; either may be named.
    """
    anno = path.with_name(path.name.replace("-info", "-anno"))
    info = path.with_name(path.name.replace("-anno", "-info"))
    for needed in (anno, info):
        if not needed.is_file():
            raise InputError(f"{needed}: missing; TVSum's two TSV files belong together")
    with info.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    about: dict[str, dict[str, Any]] = {line["video_id"]: line for line in lines}
    users: dict[str, list[FloatArray]] = {}
    with anno.open(encoding="utf-8") as rows:
        for row in filter(str.strip, rows):
            video_id, _, values = row.rstrip("\r\n").split("\t")
            users.setdefault(video_id, []).append(np.array(values.split(","), dtype=np.float64))
    for row_number, (video_id, importance) in enumerate(users.items()):
        line = about[video_id]
        yield _make_video(
            row_number,
            video_id=video_id,
            category=line["category"],
            title=line["title"],
            importance=np.stack(importance),
            # Whole seconds are given; half a second more is the best guess.
            length_seconds=parse_seconds(line["length"]) + 0.5,
        )


def _make_video(
    row: int,
    *,
    video_id: str,
    category: str,
    title: str,
    importance: FloatArray,
    length_seconds: float,
) -> BenchmarkVideo:
    if importance.ndim != 2 or not np.isfinite(importance).all() or not length_seconds > 0:
        raise ValueError(f"the scores or the length of video {video_id} are not numbers")
    num_frames = importance.shape[1]
    changes = np.flatnonzero((np.diff(importance, axis=1) != 0).any(axis=0)) + 1
    rate = find_frame_rate(changes, num_frames, length_seconds)
    if not math.isfinite(rate):
        raise ValueError(f"no frame rate for video {video_id}")
    return BenchmarkVideo(
        video_id=video_id,
        num_frames=num_frames,
        key=f"video_{row + 1}",
        frame_rate=rate,
        clip_borders=_snapped_borders(changes, num_frames, rate),
        category=category,
        title=title,
        user_importance=importance,
    )
