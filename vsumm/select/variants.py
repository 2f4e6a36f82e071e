"""Selections of nearly the same value that show different segments.

What is guaranteed: the first selection is that of `select_segments`, unless it is given. Every
further one has the greatest value of all selections that

- fit the same budget, of the same segments, valued in the same way, spread included; and
- share with each selection before it no more than a stated part of the budget.

It is found by exact search, see `limited.py`; where that had to be cut off, `is_best` is False.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment
from vsumm.select.budget import LEAST_WORTH, competing_segments, select_segments, to_ticks
from vsumm.select.limited import choose_limited, value_of
from vsumm.select.spread import gains


@dataclass(frozen=True)
class Variant:
    """One selection among several."""

    selected: list[bool]
    """One flag per segment."""
    value_share: float
    """Its value as a share of the first selection's."""
    is_best: bool
    """Whether no selection that differs as much is worth more; of the first: True."""


def select_variants(
    segments: Sequence[Segment],
    scores: npt.NDArray[np.float64],
    *,
    budget_seconds: float,
    num_variants: int,
    max_overlap: float,
    spread: float = 0.0,
    first: Sequence[bool] | None = None,
) -> list[Variant]:
    """Pick segments several times; fewer times where nothing is left that differs enough.

    Args:
        segments: N pieces to choose from.
        scores: shape (N,), at least 0, NaN where there is no signal.
        budget_seconds: the greatest total length of each selection.
        num_variants: how many, at least 1.
        max_overlap: the greatest part of the budget that two of them may share, in [0, 1).
        spread: as of `select_segments`.
        first: the first selection; that of `select_segments` if left out.

    Raises:
        ValueError: `num_variants` or `max_overlap` is out of range.
    """
    if num_variants < 1:
        raise ValueError(f"num_variants must be at least 1, got {num_variants}")
    if not 0 <= max_overlap < 1:
        raise ValueError(f"max_overlap must be in [0, 1), got {max_overlap}")
    if first is None:
        first = select_segments(segments, scores, budget_seconds=budget_seconds, spread=spread)
    ticks = [to_ticks(segment.duration_seconds) for segment in segments]
    capacity = to_ticks(budget_seconds)
    values = np.full(len(ticks), np.nan)
    competing = competing_segments(ticks, scores, capacity)
    values[competing] = (scores[competing] + LEAST_WORTH) * np.array(ticks)[competing]
    limit = math.floor(max_overlap * capacity)
    is_spread = spread > 0 and sum(ticks[i] for i in competing) > capacity
    if is_spread:  # whole segments are counted, as `select_segments` does
        whole = max(ticks)
        ticks, capacity, limit = [1] * len(ticks), capacity // whole, limit // whole
    counted = gains(spread) if is_spread else np.ones(1)
    chosen = [[i for i, flag in enumerate(first) if flag]]
    variants = [Variant(list(first), 1.0, is_best=True)]
    best_value = value_of(values, counted, chosen[0])
    while len(variants) < num_variants:
        limits = [limit] * len(chosen)
        choice = choose_limited(
            values, ticks, capacity, earlier=chosen, limits=limits, gains=counted
        )
        if not choice.items:
            break
        chosen.append(choice.items)
        picked = set(choice.items)
        flags = [i in picked for i in range(len(segments))]
        variants.append(Variant(flags, choice.value / (best_value or 1.0), choice.is_best))
    return variants
