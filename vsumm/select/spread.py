"""Pick segments so that a reel shows several places: more of one place counts for less.

Every picked segment makes its place more familiar, every one left out less so:

    f <- min(f + 1, MOST_FAMILIAR)   after a picked segment
    f <- max(f - 1, 0)               after one that is left out

and a segment counts g(f) = 1 / (1 + RATE spread max(0, f - 1)) of its score. So the first two of a
run count in full, further ones for less, and so does a run that follows closely. The selection of
the greatest total value within the budget is exact, by dynamic programming over the segments:

    best[f, k]   greatest value so far with k segments picked and familiarity f

Letters: N segments, K of them picked at most.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST_FAMILIAR = 6
"""Familiarity from which on one more segment counts for no less than the one before."""
RATE = 0.02
"""What `spread` 1 takes off a segment for each step of familiarity. Scores of neighbours differ by
hundredths, so this is much: at 0.05 reels of the labelled films fall apart into single segments."""

FloatArray = npt.NDArray[np.float64]


def gains(spread: float) -> FloatArray:
    """Return what a segment counts for at familiarity 0, 1, ..., shape (MOST_FAMILIAR + 1,).

    >>> gains(1.0).round(3).tolist()
    [1.0, 1.0, 0.98, 0.962, 0.943, 0.926, 0.909]
    """
    steps = np.maximum(np.arange(MOST_FAMILIAR + 1) - 1, 0)
    counted: FloatArray = 1 / (1 + RATE * spread * steps)
    return counted


def pick_spread(scores: FloatArray, num_picks: int, *, spread: float) -> list[int]:
    """Return the indices, ascending, of at most `num_picks` segments of the greatest total value.

    Args:
        scores: shape (N,), at least 0; NaN for a segment that is never picked.
        num_picks: K.
        spread: at least 0; 0 counts every segment in full.

    >>> pick_spread(np.array([0.90, 0.90, 0.90, 0.1, 0.1, 0.89]), 3, spread=1.0)
    [0, 1, 5]
    """
    gain = gains(spread)[:, None]
    num_picks = min(num_picks, int(np.isfinite(scores).sum()))
    # Row f, column k; -inf where no selection of that kind exists.
    best = np.full((MOST_FAMILIAR + 1, num_picks + 1), -np.inf)
    best[0, 0] = 0.0
    # How each state was reached, one bit each: for f = 1, 2, ... whether by picking the segment;
    # whether familiarity was at its most before a pick, and one more, not 0, before none.
    ways = np.zeros((len(scores), num_picks + 1), np.uint8)
    no_state = np.full((1, num_picks + 1), -np.inf)
    for index, score in enumerate(scores):
        from_above = best[1] > best[0]
        left_out = np.concatenate([np.maximum(best[:1], best[1:2]), best[2:], no_state])
        picked, was_most = np.full_like(best, -np.inf), np.zeros_like(from_above)
        if np.isfinite(score):
            valued = best[:, :-1] + gain * score
            was_most[1:] = valued[-1] > valued[-2]
            picked[1:, 1:] = valued[:-1]
            picked[-1, 1:] = np.maximum(valued[-1], valued[-2])
        bits = [*(picked[1:] > left_out[1:]), was_most, from_above]
        ways[index] = np.packbits(bits, axis=0, bitorder="little")[0]
        best = np.maximum(picked, left_out)
    return _trace_back(best, ways)


def _trace_back(best: FloatArray, ways: npt.NDArray[np.uint8]) -> list[int]:
    familiarity, count = (int(place) for place in np.unravel_index(np.argmax(best), best.shape))
    chosen = []
    for index in range(len(ways) - 1, -1, -1):
        *was_picked, was_most, from_above = np.unpackbits(ways[index, count], bitorder="little")
        if familiarity and was_picked[familiarity - 1]:
            chosen.append(index)
            if familiarity < MOST_FAMILIAR or not was_most:
                familiarity -= 1
            count -= 1
        elif familiarity or from_above:
            familiarity += 1
    return chosen[::-1]
