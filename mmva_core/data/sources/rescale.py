"""Rescale ratings to [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmva_core.data.imemnet import Sample
from mmva_core.errors import DataError

Rescaling = Literal["scale", "observed"]
"""Range to rescale from: the ends of the rating scale, or the lowest and highest mean of the set,
separately for each dimension. IMEMNet-C does the second for IAPS (picture 3053 has valence 0)."""


@dataclass(frozen=True)
class Scale:
    """A rating scale by its ends."""

    low: float
    """Lowest possible rating."""
    high: float
    """Highest possible rating."""

    def to_unit(self, value: float) -> float:
        """Rescale a rating to [0, 1].

        Raises:
            DataError: the rating lies outside the scale.

        >>> Scale(1, 9).to_unit(5)
        0.5
        """
        if not self.low <= value <= self.high:
            raise DataError(f"a rating of {value} lies outside the scale {self.low}..{self.high}")
        return (value - self.low) / (self.high - self.low)


def rescale(samples: Sequence[Sample], scale: Scale, how: Rescaling = "scale") -> list[Sample]:
    """Rescale the ratings of a set to [0, 1].

    Raises:
        DataError: a rating lies outside the scale, or all are the same and `how` is "observed".
    """
    scales = {"valence": scale, "arousal": scale}
    if how == "observed" and samples:
        for name in scales:
            values = [getattr(sample, name) for sample in samples]
            if min(values) == max(values):
                raise DataError(f"every {name} is {values[0]}: there is no range to rescale from")
            scales[name] = Scale(min(values), max(values))
    return [
        replace(
            sample,
            valence=scales["valence"].to_unit(sample.valence),
            arousal=scales["arousal"].to_unit(sample.arousal),
        )
        for sample in samples
    ]
