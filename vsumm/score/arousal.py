"""The paper's score: arousal of the picture, of the music, or of both.

Letters: N is the number of segments. A segment without signal (black picture, silence, or
unreadable) has NaN in place of a number, from the towers to the score.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vsumm.config import By, SummaryConfig
from vsumm.score.signal import FloatArray
from vsumm.score.signals import musicality

AROUSAL_PER_DB = 0.01
"""What a decibel is worth where the sound is not music: 10 dB, twice as loud, are one standard
deviation of the arousal of music within a film."""
RANK_STEP = 0.01
"""Scores are rounded to this before they are ranked; smaller differences mean nothing."""


def arousal_score(
    columns: Mapping[str, FloatArray], config: SummaryConfig, *, by: By
) -> FloatArray:
    """Return the arousal of every segment.

    Args:
        columns: signals by name, shape (N,) each: "image_arousal" and "motion", or "music_arousal",
            "music", "speech" and "loudness", or all of them.
        config: weight of motion and width of smoothing.
        by: which of them count.

    Returns:
        Shape (N,), in [0, 1], NaN where nothing that counts has signal.
    """
    width = config.smoothing_segments
    nothing = np.full(len(next(iter(columns.values()))), np.nan)
    image = columns.get("image_arousal", nothing)
    moved = add_motion(image, columns.get("motion", nothing), weight=config.motion_weight)
    music = sound_arousal(columns) if "music_arousal" in columns else nothing
    return combine(smooth(moved, width=width), smooth(music, width=width), by=by)


def sound_arousal(columns: Mapping[str, FloatArray]) -> FloatArray:
    """Return the arousal of the sound: that of the music, and elsewhere the louder the higher.

    What is not music has the arousal of the film's music on average (`shrunk`); of speech, crowds
    and action loudness is what arousal follows most in people's ratings (Weninger et al., "On the
    acoustics of emotion in audio", 2013, DOI 10.3389/fpsyg.2013.00292).

    Args:
        columns: "music_arousal", "music", "speech" and "loudness", shape (N,) each.

    Returns:
        Shape (N,), in [0, 1], NaN where there is no sound.
    """
    music, loudness = columns["music_arousal"], columns["loudness"]
    if not np.isfinite(loudness).any():
        return music
    weight = musicality(columns["music"], columns["speech"])
    louder = loudness - np.nanmedian(loudness)
    raised = music + (1 - weight) * AROUSAL_PER_DB * louder
    return np.clip(raised, 0.0, 1.0)


def smooth(values: FloatArray, *, width: int) -> FloatArray:
    """Average every number with its neighbours; what has no number neither gives nor gets one.

    Args:
        values: shape (N,) or (N, D), NaN where there is no signal.
        width: number of neighbours in the mean, itself included; odd. Near the ends fewer.

    Returns:
        Array of the same shape.

    >>> smooth(np.array([0.0, 3.0, np.nan, 1.0]), width=3).tolist()
    [1.5, 1.5, nan, 1.0]
    """
    reach = width // 2
    is_known = np.isfinite(values)
    padding = [(reach, reach)] + [(0, 0)] * (values.ndim - 1)
    sums = np.lib.stride_tricks.sliding_window_view(
        np.pad(np.where(is_known, values, 0.0), padding), width, axis=0
    ).sum(axis=-1)
    counts = np.lib.stride_tricks.sliding_window_view(
        np.pad(is_known.astype(np.float64), padding), width, axis=0
    ).sum(axis=-1)
    return np.where(is_known, sums / np.maximum(counts, 1.0), np.nan)


def add_motion(arousal: FloatArray, motion: FloatArray, *, weight: float) -> FloatArray:
    """Raise the arousal of segments in which much moves, lower it where little does.

    One frame cannot show motion, which people find arousing (Detenber, Simons and Bennett, "Roll
    'em!: The effects of picture motion on emotional responses", 1998). Both are standardised over
    the film, so `weight` says how many standard deviations of arousal one of motion is worth; the
    sum stays on the scale of arousal.

    Args:
        arousal: shape (N,), in [0, 1], NaN where there is no picture.
        motion: shape (N,), at least 0, NaN where it could not be seen, which counts as average.
        weight: 0 leaves the arousal as it is.

    Returns:
        Shape (N,), clipped to [0, 1], NaN where the arousal is.

    >>> add_motion(np.array([0.4, 0.6]), np.array([0.0, 0.2]), weight=0.5).round(2).tolist()
    [0.35, 0.65]
    """
    is_seen = np.isfinite(arousal) & np.isfinite(motion)
    spread = np.std(motion[is_seen]) if is_seen.any() else 0.0
    if spread == 0:
        return arousal
    steps = np.where(is_seen, (motion - np.mean(motion[is_seen])) / spread, 0.0)
    moved: FloatArray = np.clip(arousal + weight * np.std(arousal[is_seen]) * steps, 0.0, 1.0)
    return moved


def combine(image_score: FloatArray, music_score: FloatArray, *, by: By) -> FloatArray:
    """Turn the scores of picture and sound into the one that is summarised by.

    By "image" or "music" that is the score itself. By "both" it is the mean of the two
    percentile ranks within this video: the k-th calmest of K segments with signal ranks
    k / K, equal ones share the mean of their ranks, and silence or black ranks 0. Ranks make the
    two scales comparable whatever their means and spreads, so neither dominates because it
    varies more; and scores that agree to `RANK_STEP` are equal, so that a still picture or a
    steady sound, which varies by noise alone, has no say. All this is our choice: the paper
    scores by one modality at a time.

    Args:
        image_score: shape (N,), in [0, 1], NaN where there is no picture.
        music_score: shape (N,), in [0, 1], NaN where there is no sound.
        by: which of the two counts.

    Returns:
        Shape (N,), in [0, 1], NaN where nothing that counts has signal.

    >>> combine(np.array([0.1, 0.2]), np.array([0.9, np.nan]), by="both").tolist()
    [0.75, 0.5]
    """
    if by == "image":
        return image_score
    if by == "music":
        return music_score
    mean_rank = (_percentile_ranks(image_score) + _percentile_ranks(music_score)) / 2
    has_signal = np.isfinite(image_score) | np.isfinite(music_score)
    return np.where(has_signal, mean_rank, np.nan)


def _percentile_ranks(values: FloatArray) -> FloatArray:
    ranks = np.zeros(len(values))
    is_known = np.isfinite(values)
    steps = np.round(values[is_known] / RANK_STEP)
    _, place, counts = np.unique(steps, return_inverse=True, return_counts=True)
    mean_rank_of_place = np.cumsum(counts) - (counts - 1) / 2
    ranks[is_known] = mean_rank_of_place[place] / max(1, is_known.sum())
    return ranks
