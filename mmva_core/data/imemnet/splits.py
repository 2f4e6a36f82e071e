"""Divide samples into training, validation and test parts without splitting a group."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, get_args

Split = Literal["train", "validation", "test"]
"""The three parts."""

SPLITS: tuple[Split, ...] = get_args(Split)
FRACTIONS = (0.80, 0.05, 0.15)
"""Shares of the groups in training, validation and test (the paper's)."""


def split_by_group(
    groups: Sequence[str], *, seed: int = 0, fractions: Sequence[float] = FRACTIONS
) -> tuple[Split, ...]:
    """Assign every sample to a part; samples of one group stay together.

    The order of the groups depends on the seed and their names alone, not on the order of the
    samples or the machine.

    Args:
        groups: (N,) the song, theme or picture of each sample.
        seed: seed of the order of the groups.
        fractions: shares of the groups, in the order of `SPLITS`; they add up to 1.

    Returns:
        (N,) the part of each sample.

    Raises:
        ValueError: the fractions do not add up to 1.

    >>> parts = split_by_group([str(song) for song in range(100)])
    >>> [parts.count(name) for name in SPLITS]
    [80, 5, 15]
    """
    if abs(sum(fractions) - 1) > 1e-9 or min(fractions) < 0 or len(fractions) != len(SPLITS):
        raise ValueError(f"fractions must be three shares that add up to 1, got {fractions}")
    names = sorted(set(groups), key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
    borders = [round(len(names) * sum(fractions[: index + 1])) for index in range(len(fractions))]
    part_of = {
        name: next(part for part, border in zip(SPLITS, borders, strict=True) if position < border)
        for position, name in enumerate(names)
    }
    return tuple(part_of[group] for group in groups)


def rows_of(parts: Sequence[Split], wanted: Split) -> list[int]:
    """Return the rows of one part, in order.

    >>> rows_of(["train", "test", "train"], "train")
    [0, 2]
    """
    return [row for row, part in enumerate(parts) if part == wanted]
