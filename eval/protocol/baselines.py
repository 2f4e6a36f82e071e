"""What every method stands beside: random scores, even spacing, and the users themselves.

Letters: N frames, U users, K shots, S seeds.
"""

from __future__ import annotations

import numpy as np

from eval.datasets import BoolArray, FloatArray, IntArray
from eval.protocol.metrics import RankReference, compare_summaries
from eval.protocol.selection import BUDGET_FRACTION
from eval.protocol.shots import video_rng


def random_scores(video_id: str, num_frames: int, *, num_seeds: int, seed: int = 0) -> FloatArray:
    """Draw a score in [0, 1) for each frame, once per seed, (S, N), after Otani et al. 2019.

    A row depends on the video's name and its seed alone, not on the order of the videos.
    """
    seeds = range(seed, seed + num_seeds)
    return np.stack([video_rng(video_id, s, "scores").random(num_frames) for s in seeds])


def spread_evenly(borders: IntArray) -> BoolArray:
    """Choose shots at even distances, within 15 % of the frames at every point of the video.

    Walking through the shots, one is taken as soon as 15 % of the frames so far have room for it.

    Args:
        borders: (K + 1,) first frame of each shot, then N.

    Returns:
        (N,) the summary.
    """
    lengths = np.diff(borders)
    chosen = np.zeros(len(lengths), dtype=bool)
    used = 0
    for shot, (length, end) in enumerate(zip(lengths.tolist(), borders[1:].tolist(), strict=True)):
        if used + length <= int(BUDGET_FRACTION * end):
            chosen[shot] = True
            used += length
    return np.repeat(chosen, lengths)


def human_overlap(users: BoolArray) -> FloatArray:
    """Compare each user's summary with those of the others.

    Returns:
        (4,) mean F, maximum F, precision and recall over the others, averaged over the users;
        NaN where there is one user only.
    """
    if len(users) < 2:
        return np.full(4, np.nan)
    overlap = compare_summaries(users, users)
    others = ~np.eye(len(users), dtype=bool)
    best = np.where(others, overlap.f_score, -1.0).max(axis=1).mean()
    means = (m[others].mean() for m in (overlap.f_score, overlap.precision, overlap.recall))
    f_mean, precision, recall = means
    return np.array([f_mean, best, precision, recall])


def human_correlation(values: FloatArray, *, with_mean: bool) -> FloatArray:
    """Correlate each user's frame values with those of the others.

    Args:
        values: (U, N) frame values of the users.
        with_mean: compare with the mean of the others instead of with each of them.

    Returns:
        (2,) tau-b and rho, averaged over the users; NaN where there is one user only.
    """
    if len(values) < 2:
        return np.full(2, np.nan)
    if not with_mean:
        reference = RankReference(values)
        others = ~np.eye(len(values), dtype=bool)
        between = reference.correlate_users()
        return np.array([between.tau[others].mean(), between.rho[others].mean()])
    means = (values.sum(axis=0) - values) / (len(values) - 1)
    pairs = zip(values, means, strict=True)
    found = [RankReference(others_mean).correlate(user) for user, others_mean in pairs]
    return np.array([np.mean([f.tau for f in found]), np.mean([f.rho for f in found])])
