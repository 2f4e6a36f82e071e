"""Figures from the literature, shown beside ours under the protocol that they belong to.

They were not measured here, and the recipes differ from paper to paper (features, splits, the
epoch that is kept), so they say what was claimed, not what to expect. Only figures whose source
could be checked are here.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmva_core.published import read_table


@dataclass(frozen=True)
class PublishedFigure:
    """One number as a paper prints it, in per cent."""

    source: str
    """Who printed it, and where; what it was measured on."""
    scorer: str
    """What it is a figure of."""
    measure: str
    """The measure, by our name."""
    value: float
    """The number, in per cent."""


def published_figures(benchmark: str, protocol: str) -> tuple[PublishedFigure, ...]:
    """Return the literature's figures for a data set under a protocol, none where it has none.

    >>> [figure.value for figure in published_figures("tvsum", "kts")][:2]
    [54.4, 57.6]
    >>> published_figures("tvsum", "uniform-2s")
    ()
    """
    match benchmark, protocol:
        # Random scores reach 54 % only on shots of unequal length, so Table 4 is on KTS shots.
        case "tvsum", "kts":
            return tuple(
                PublishedFigure(f"{f.source}; {f.protocol}", f.system, "f_mean", f.figure)
                for f in read_table(4).of("paper")
            )
        case "summe", "kts":
            return (PublishedFigure("Apostolidis et al. 2022", "CA-SUM", "f_max", 51.1),)
    return ()
