"""Find the prompts closest to a point of the plane, and warn where the choice means little.

Letters in shapes: P prompts, K answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmva_core.prompts.templates import Templates
from mmva_core.retrieval import top_k, va_distances

FLAT_SPREAD = 0.02
"""Standard deviation over the prompts below which predictions hardly differ: a tenth of the
deviation of labels on the plane."""


@dataclass(frozen=True)
class PromptMatch:
    """A prompt and its distance to the target."""

    prompt: str
    """The sentences."""
    valence: float
    """Predicted valence of the prompt, in [0, 1]."""
    arousal: float
    """Predicted arousal of the prompt, in [0, 1]."""
    distance: float
    """Euclidean distance to the target."""


@dataclass(frozen=True)
class Spread:
    """Range and deviation of predictions over the prompts, in one dimension."""

    dimension: str
    """ "valence" or "arousal"."""
    minimum: float
    maximum: float
    deviation: float
    """Standard deviation over the prompts."""

    @property
    def is_flat(self) -> bool:
        """Whether predictions hardly differ between prompts."""
        return self.deviation < FLAT_SPREAD


def search_prompts(
    templates: Templates,
    va: NDArray[np.float32],
    target: Sequence[float],
    *,
    k: int = 5,
    allowed: NDArray[np.bool_] | None = None,
) -> list[PromptMatch]:
    """Find the prompts nearest to a point.

    Args:
        templates: P prompts.
        va: (P, 2) predictions for them.
        target: valence and arousal.
        k: largest number of prompts.
        allowed: (P,) mask of the prompts to search; all by default.

    Returns:
        At most K prompts, nearest first; ties in the order of the templates.

    Raises:
        ValueError: no prompt is allowed.
    """
    positions = np.arange(len(templates)) if allowed is None else np.flatnonzero(allowed)
    if len(positions) == 0:
        raise ValueError("no prompt is allowed")
    distances = va_distances(np.asarray(target, dtype=np.float64), va[positions])
    best = top_k(-distances, k)
    return [
        PromptMatch(
            templates.prompt(positions[place]),
            float(va[positions[place], 0]),
            float(va[positions[place], 1]),
            float(distances[place]),
        )
        for place in best
    ]


def spread_of(va: NDArray[np.float32]) -> tuple[Spread, Spread]:
    """Return the spread of predictions (P, 2) in valence and in arousal."""
    columns = zip(("valence", "arousal"), np.asarray(va, dtype=np.float64).T, strict=True)
    valence, arousal = (
        Spread(name, float(column.min()), float(column.max()), float(column.std()))
        for name, column in columns
    )
    return valence, arousal


def warnings_about(spreads: Sequence[Spread], target: Sequence[float]) -> list[str]:
    """Return warnings about a search, one line each: flat predictions, or a target out of range."""
    lines = []
    for spread, wanted in zip(spreads, target, strict=True):
        if spread.is_flat:
            lines.append(
                f"the model hardly tells these prompts apart in {spread.dimension} (standard "
                f"deviation {spread.deviation:.3f}): the choice means little there"
            )
        if not spread.minimum <= wanted <= spread.maximum:
            lines.append(
                f"the wanted {spread.dimension} {wanted:.3f} lies outside what the model predicts "
                f"for any of these prompts ({spread.minimum:.3f} to {spread.maximum:.3f})"
            )
    return lines
