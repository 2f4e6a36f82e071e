"""Read SumMe's ground truth: one `.mat` per video in the folder `GT`.

M. Gygli, H. Grabner, H. Riemenschneider, L. Van Gool, "Creating summaries from user videos",
ECCV 2014 (DOI 10.1007/978-3-319-10584-0_33): 25 videos, each summarised by 15 to 18 people.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from eval.datasets.benchmark import Benchmark, BenchmarkVideo, clip_borders
from vsumm.errors import InputError

NUM_VIDEOS = 25
NTSC = Fraction(1000, 1001)
WHERE_TO_GET = (
    "get SumMe from https://gyglim.github.io/me/vsum/ and name the folder that holds its GT/*.mat "
    "with --data (beside the videos) or --annotations"
)


def load_summe(path: Path) -> Benchmark:
    """Read the ground truth from a folder (or its sub-folder GT) or a single .mat.

    A user's summary is where `user_score` is above 0; the number itself only tells the order in
    which the user picked.

    Raises:
        InputError: nothing is there, or it cannot be read.
    """
    files = _find_files(path)
    videos = tuple(_read_video(file) for file in files)
    notes = () if len(videos) == NUM_VIDEOS else (f"{len(videos)} of {NUM_VIDEOS} videos: {path}",)
    return Benchmark("summe", videos, NUM_VIDEOS, notes=notes)


def _find_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    folders = (path / "GT", path / "summe_GT", path)
    for folder in folders:
        files = sorted(f for f in folder.glob("*.mat") if not f.name.startswith("ydata"))
        if files:
            return files
    raise InputError(f"{path}: no SumMe ground truth here; {WHERE_TO_GET}")


def _read_video(path: Path) -> BenchmarkVideo:
    from scipy.io import loadmat  # here, since TVSum needs nothing of it
    from scipy.io.matlab import MatReadError

    try:
        mat = loadmat(path, variable_names=["user_score", "FPS"])
        user_summaries = np.asarray(mat["user_score"], dtype=np.float64).T > 0
        frame_rate = _exact_rate(float(np.asarray(mat["FPS"]).item()))
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError, MatReadError) as error:
        raise InputError(f"{path}: not a SumMe ground truth, or damaged ({error})") from error
    num_frames = user_summaries.shape[1]
    return BenchmarkVideo(
        video_id=path.stem,
        num_frames=num_frames,
        frame_rate=frame_rate,
        clip_borders=clip_borders(num_frames, frame_rate),
        user_summaries=user_summaries,
        summaries_need_shots=False,
    )


def _exact_rate(rate: float) -> Fraction:
    """Turn 29.97002997 into 30000/1001.

    >>> _exact_rate(29.97002997), _exact_rate(25.0)
    (Fraction(30000, 1001), Fraction(25, 1))
    """
    if not rate > 0:
        raise ValueError(f"frame rate {rate}")
    ntsc = round(rate) * NTSC
    if abs(float(ntsc) - rate) < 1e-4:
        return ntsc
    return Fraction(rate).limit_denominator(100_000)
