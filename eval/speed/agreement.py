"""How much of what the full analysis picks a quick look at the key frames picks as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vsumm import RecordCache, Summary, summarize
from vsumm.files import default_cache_folder


@dataclass(frozen=True)
class Agreement:
    """Picks of a quick look beside those of the full analysis, both on the grid of segments."""

    film: Path
    """What was summarised."""
    share: float
    """Part of the full analysis's picks that the quick look has too, in [0, 1]."""
    chance: float
    """The share that as many segments would have if they were drawn at random: their part of the
    film."""


def compare_quick(films: Sequence[Path]) -> Iterator[Agreement]:
    """Summarise films in full and quickly; measurements are cached as on the command line.

    Raises:
        VsummError: a film cannot be summarised.
    """
    cache = RecordCache(default_cache_folder())
    for film in films:
        full, quick = (
            summarize(film, cut_at="grid", quick=is_quick, cache=cache)
            for is_quick in (False, True)
        )
        yield Agreement(film, *_shares(full, quick))


def _shares(full: Summary, quick: Summary) -> tuple[float, float]:
    lengths = [row.end_seconds - row.start_seconds for row in full.segments]
    rows = list(zip(full.segments, quick.segments, lengths, strict=True))
    common = sum(length for one, other, length in rows if one.selected and other.selected)
    picked = sum(length for one, _, length in rows if one.selected)
    picked_quickly = sum(length for _, other, length in rows if other.selected)
    return common / picked, picked_quickly / sum(lengths)
