"""Leave one film out: weights are chosen on the others and measured on it.

Figures on films that had a part in the choice of the weights lean to the good side. Here each film
gets weights that it had no part in:

    film        1    2    3    4            chosen: the drawn weights with the best mean figure
    chosen on   234  134  124  123          of these
    measured on 1    2    3    4            what another film may expect

Letters: N segments, W drawn weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.cues import FloatArray
from vsumm.score import score_highlights, used_weights

Weights = Mapping[str, float]

LEVELS = (0.0, 0.25, 0.5, 1.0)
"""Weights that a signal may be given."""


@dataclass(frozen=True)
class JudgedFilm:
    """A film whose scores somebody can judge."""

    name: str
    """Its name in tables."""
    columns: Mapping[str, FloatArray]
    """Its signals by name, (N,) each, NaN where there is nothing."""
    judge: Callable[[FloatArray], FloatArray]
    """Takes scorings (R, N) and returns how well each orders the film, (R,) in [-1, 1]: Kendall's
    tau-b with people, or Somers' D = 2 AUC - 1 for labelled zones; 0 is chance."""


@dataclass(frozen=True)
class LeftOut:
    """What came out for one film."""

    film: str
    """Its name."""
    by_default: float
    """Figure of the default weights."""
    by_others: float
    """Figure of the weights that are best on the other films."""
    by_itself: float
    """Figure of the weights that are best on this film: the most that the drawn weights reach."""
    by_chance: float
    """Mean figure of all drawn weights: what a choice without any film would reach."""
    weights: Weights
    """The weights that are best on the other films."""


def draw_weights(num_drawn: int, seed: int) -> list[dict[str, float]]:
    """Return weights drawn from `LEVELS` for every signal that has a weight by default.

    None is all zeros. Penalties keep their weight.

    >>> [len(drawn) for drawn in draw_weights(2, seed=0)]
    [7, 7]
    """
    names = [name for name in used_weights() if name != "card"]
    rng = np.random.default_rng(seed)
    drawn: list[dict[str, float]] = []
    while len(drawn) < num_drawn:
        row = dict(zip(names, map(float, rng.choice(LEVELS, len(names))), strict=True))
        if any(row.values()):
            drawn.append(row)
    return drawn


def leave_one_out(films: Sequence[JudgedFilm], drawn: Sequence[Weights]) -> list[LeftOut]:
    """Measure every film by weights that are chosen on the others.

    Args:
        films: at least two.
        drawn: W weights to choose from.

    Raises:
        ValueError: there are fewer than two films, or no weights.
    """
    if len(films) < 2 or not drawn:
        raise ValueError(f"need two films and one set of weights, got {len(films)}, {len(drawn)}")
    figures = np.stack([_figures(film, drawn) for film in films])  # (films, W)
    found = []
    for row, film in enumerate(films):
        best = int(np.argmax(np.delete(figures, row, axis=0).mean(axis=0)))
        found.append(
            LeftOut(
                film=film.name,
                by_default=float(_figures(film, [{}])[0]),
                by_others=float(figures[row, best]),
                by_itself=float(figures[row].max()),
                by_chance=float(figures[row].mean()),
                weights=drawn[best],
            )
        )
    return found


def _figures(film: JudgedFilm, drawn: Sequence[Weights]) -> FloatArray:
    scores = [score_highlights(film.columns, weights).scores for weights in drawn]
    return film.judge(np.stack(scores))
