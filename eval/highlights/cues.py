"""Scorers to stand beside a mode: its signals one by one, simple cues, and chance.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment
from vsumm.score import smooth

FloatArray = npt.NDArray[np.float64]

WIDE = 5
"""Segments that "motion over 5" averages."""


def signal_scores(columns: Mapping[str, FloatArray]) -> Iterator[tuple[str, FloatArray]]:
    """Yield every signal as a scorer of its own, and the combinations that others use.

    Args:
        columns: signals of a film by name, (N,) each.
    """
    yield from columns.items()
    if "motion" in columns:
        yield "motion over 5", smooth(columns["motion"], width=WIDE)
        if "loudness" in columns:
            yield "loudness + motion", _z(columns["loudness"]) + _z(columns["motion"])


def random_scores(num_segments: int, num_scorings: int, seed: int) -> FloatArray:
    """Return independent scores in [0, 1), (num_scorings, N)."""
    return np.random.default_rng(seed).random((num_scorings, num_segments))


def shuffled_selections(
    selected: Sequence[bool], num_selections: int, seed: int
) -> Iterator[list[bool]]:
    """Yield selections with the runs of a given one, in random order and places.

    They tell what the number and the length of runs alone reach.

    >>> chosen = next(shuffled_selections([True, True, False, True, False, False], 1, seed=0))
    >>> sum(chosen), len(chosen)
    (3, 6)
    """
    rng = np.random.default_rng(seed)
    lengths = _run_lengths(selected)
    num_free = len(selected) - sum(lengths)
    for _ in range(num_selections):
        # Runs are kept apart where there is room: each but the last takes a free segment along.
        num_loose = max(0, num_free - max(0, len(lengths) - 1))
        gaps = rng.multinomial(num_loose, np.full(len(lengths) + 1, 1 / (len(lengths) + 1)))
        chosen: list[bool] = []
        for place, length in enumerate(rng.permutation(lengths)):
            chosen += [False] * (int(gaps[place]) + (place > 0)) + [True] * int(length)
        chosen += [False] * len(selected)
        yield chosen[: len(selected)]


def position_scores(segments: Sequence[Segment]) -> FloatArray:
    """Return how near the middle of the film a segment is, (N,) in [-1, 0]."""
    centres = np.array([segment.centre_seconds for segment in segments])
    return -np.abs(2 * centres / segments[-1].end_seconds - 1)


def _run_lengths(selected: Sequence[bool]) -> list[int]:
    flags = np.concatenate([[0], np.asarray(selected, np.int64), [0]])
    steps = np.diff(flags)
    return [int(n) for n in np.flatnonzero(steps == -1) - np.flatnonzero(steps == 1)]


def _z(values: FloatArray) -> FloatArray:
    deviation = np.nanstd(values) if np.isfinite(values).any() else 0.0
    centred = values - np.nanmean(values) if deviation else np.zeros(len(values))
    return np.where(np.isfinite(centred), centred / (deviation or 1.0), 0.0)
