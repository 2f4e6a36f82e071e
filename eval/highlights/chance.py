"""What chance reaches: random scores, and the runs of a reel in random places.

Letters: N segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eval.cues import FloatArray


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


def _run_lengths(selected: Sequence[bool]) -> list[int]:
    flags = np.concatenate([[0], np.asarray(selected, np.int64), [0]])
    steps = np.diff(flags)
    return [int(n) for n in np.flatnonzero(steps == -1) - np.flatnonzero(steps == 1)]
