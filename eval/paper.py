"""Figures of the paper, shown beside ours under the protocol that they belong to, and only there.

S. Choi, K. W. Kim, M. Kang, "MMVA: Multimodal Matching Based on Valence and Arousal across
Images, Music, and Musical Captions", 2025 (arXiv:2501.01094).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperFigure:
    """One number as the paper prints it."""

    table: str
    """Where it stands."""
    scorer: str
    """What it is a figure of."""
    measure: str
    """The measure, by our name."""
    value: float
    """The number, as printed."""
    unit: str
    """"percent" or "plain"."""


_FIGURES = {
    # Random scores reach 54 % only on shots of unequal length, so Table 4 is on KTS shots.
    ("tvsum", "kts"): (
        PaperFigure("Table 4", "random", "f_mean", 54.4, "percent"),
        PaperFigure("Table 4", "MMVA", "f_mean", 58.2, "percent"),
    ),
}


def paper_figures(benchmark: str, protocol: str) -> tuple[PaperFigure, ...]:
    """Return the paper's figures for a data set under a protocol, none where it gives none.

    >>> [figure.value for figure in paper_figures("tvsum", "kts")]
    [54.4, 58.2]
    >>> paper_figures("tvsum", "uniform-2s")
    ()
    """
    return _FIGURES.get((benchmark, protocol), ())
