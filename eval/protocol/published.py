"""Figures from the literature, shown beside ours under the protocol that they belong to.

They were not measured here, and the recipes differ from paper to paper (features, splits, the
epoch that is kept), so they say what was claimed, not what to expect. Only figures whose source
could be checked are here.
"""

from __future__ import annotations

from dataclasses import dataclass

MMVA_TABLE_4 = "Choi, Kim, Kang 2025 (arXiv:2501.01094), Table 4"


@dataclass(frozen=True)
class PublishedFigure:
    """One number as a paper prints it, in per cent."""

    source: str
    """Who printed it, and where."""
    scorer: str
    """What it is a figure of."""
    measure: str
    """The measure, by our name."""
    value: float
    """The number, in per cent."""


# Random scores reach 54 % only on shots of unequal length, so Table 4 is on KTS shots.
_FIGURES = {
    ("tvsum", "kts"): (
        PublishedFigure(MMVA_TABLE_4, "random", "f_mean", 54.4),
        PublishedFigure(MMVA_TABLE_4, "MMVA", "f_mean", 58.2),
    ),
    ("summe", "kts"): (PublishedFigure("Apostolidis et al. 2022", "CA-SUM", "f_max", 51.1),),
}


def published_figures(benchmark: str, protocol: str) -> tuple[PublishedFigure, ...]:
    """Return the literature's figures for a data set under a protocol, none where it has none.

    >>> [figure.value for figure in published_figures("tvsum", "kts")][:2]
    [54.4, 58.2]
    >>> published_figures("tvsum", "uniform-2s")
    ()
    """
    return _FIGURES.get((benchmark, protocol), ())
