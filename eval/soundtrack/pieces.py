"""Cut labelled zones of films into pieces that a reel could show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eval.cues import FloatArray, columns_of
from eval.highlights import LabelledFilm
from mmva_core.retrieval import Curve
from vsumm.errors import NoSignalError
from vsumm.media import Segment
from vsumm.soundtrack import reel_curve
from vsumm.summary import Summary

LEVELS = {"calm": 0.0, "mild": 0.5, "intense": 1.0}
"""Intensity of a zone by its label; zones with other labels are left out."""
PIECE_SECONDS = 12.0
"""Length of a piece: two windows of the music tower."""


LEAST_MOTION = 0.01
"""A film that moves less for half of its time is a still: its picture has no intensity."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of a film that lies in one zone."""

    film: str
    """The film."""
    zone: str
    """Film and start of the zone."""
    level: float
    """Labelled intensity, in [0, 1]."""
    segment: Segment
    """Where it lies in the film."""
    curve: Curve
    """What its picture was found to be."""
    loudness: float
    """Mean loudness of the film's own sound in it, dB re the film's; NaN where it has none."""


def is_still(summary: Summary) -> bool:
    """Return whether the picture of a film stands still."""
    return not np.nanmedian(columns_of(summary)["motion"]) >= LEAST_MOTION


def pieces_of(film: LabelledFilm, summary: Summary) -> Iterator[Piece]:
    """Yield the pieces of `PIECE_SECONDS` that fit into the zones of a film, in its order.

    Args:
        film: the zones.
        summary: what was measured of the film.
    """
    loudness = columns_of(summary)["loudness"]
    for zone in sorted(film.zones, key=lambda zone: zone.start_seconds):
        if zone.label not in LEVELS:
            continue
        num_pieces = int((zone.end_seconds - zone.start_seconds) / PIECE_SECONDS)
        for number in range(num_pieces):
            start = zone.start_seconds + number * PIECE_SECONDS
            segment = Segment(start, start + PIECE_SECONDS)
            try:
                curve = reel_curve(summary, [segment])
            except NoSignalError:  # black throughout
                continue
            yield Piece(
                film=film.path.stem,
                zone=f"{film.path.stem} {zone.start_seconds:g}",
                level=LEVELS[zone.label],
                segment=segment,
                curve=curve,
                loudness=_mean_within(summary, loudness, segment),
            )


def _mean_within(summary: Summary, values: FloatArray, piece: Segment) -> float:
    centres = np.array([row.segment.centre_seconds for row in summary.segments])
    is_inside = (piece.start_seconds <= centres) & (centres < piece.end_seconds)
    return float(np.nanmean(values[is_inside]))
