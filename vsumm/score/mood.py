"""Draw scores towards a mood or along an arc; what is picked changes, its order never does.

    value = (score + MOOD_WEIGHT x closeness) / (1 + MOOD_WEIGHT)

Closeness is a rank within the film, since predictions keep near the middle of the plane: for a
mood that of the distance to its point, 1 for the nearest picture; for an arc 1 less the difference
of the picture's rank of arousal and the rank that the arc asks for at that place of the film. Of
both asked for it is the mean. Title cards and black pictures are close to nothing.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vsumm.config import SummaryConfig
from vsumm.mood import arc_course, parse_mood
from vsumm.score.arousal import arousal_score, smooth
from vsumm.score.signal import FloatArray

MOOD_WEIGHT = 1.0
"""What closeness is worth beside the score; both are in [0, 1]. Ours, not fitted."""


def lean(
    scores: FloatArray, columns: Mapping[str, FloatArray], config: SummaryConfig, places: FloatArray
) -> FloatArray:
    """Return the scores as `config.mood` and `config.arc` change them.

    Args:
        scores: (N,) in [0, 1], NaN where there is no signal.
        columns: "image_valence", "image_arousal" and, where they were measured, "motion" and
            "card", (N,) each.
        config: names the mood and the arc.
        places: (N,) in the film, from 0 to 1.
    """
    if config.mood is None and config.arc is None:
        return scores
    arousal = arousal_score(columns, config, by="image")
    parts = []
    if config.mood is not None:
        valence = smooth(columns["image_valence"], width=config.smoothing_segments)
        target = parse_mood(config.mood)
        parts.append(ranks(-np.hypot(valence - target[0], arousal - target[1])))
    if config.arc is not None:
        course = np.array([arc_course(config.arc, place) for place in places])
        parts.append(1 - np.abs(ranks(arousal) - course))
    closeness = np.nan_to_num(np.mean(parts, axis=0))
    if "card" in columns:
        closeness *= 1 - np.nan_to_num(columns["card"])
    leaning: FloatArray = (scores + MOOD_WEIGHT * closeness) / (1 + MOOD_WEIGHT)
    return leaning


def ranks(values: FloatArray) -> FloatArray:
    """Return ranks (N,) from 0 for the lowest to 1 for the highest; equal ones share their mean.

    >>> ranks(np.array([0.3, np.nan, 0.1, 0.3])).tolist()
    [0.75, nan, 0.0, 0.75]
    """
    is_known = np.isfinite(values)
    _, place, counts = np.unique(values[is_known], return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    means = (last - counts + 1 + last) / 2
    ranks = np.full(len(values), np.nan)
    ranks[is_known] = means[place] / max(1, is_known.sum() - 1)
    return ranks
