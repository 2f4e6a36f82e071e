"""Where every frame and sample of a run lands in the reel: exact arithmetic, no media.

    source   ──────[=== run 0 ===)────────[= run 1 =)─────   presentation clock
    reel     [=== run 0 ===)[= run 1 =)                      starts at 0, no holes

All times are `Fraction` seconds, so nothing drifts over any number of cuts. A reel has ticks
k / rate: the frames of a constant rate, the ticks of a clock, or samples. A run owns the ticks from
the one nearest to reel_start up to the one nearest to reel_end, and the frames in [source_start,
source_end). So a run of whole frames has as many ticks, though time stamps be rounded to
milliseconds:

    reel_start = 0.5 s, reel_end = 2.5 s, 4 ticks per second

    tick     0   1   2   3   4   5   6   7   8   9  10  11
    seconds  0      0.5      1      1.5      2      2.5
                     [ 2   3   4   5   6   7   8   9 )         ticks(4) == range(2, 10)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor

from vsumm.media import TOLERANCE_SECONDS, Segment

REGULAR_SHARE = 0.95
"""A film whose frames keep their distance this often has a constant rate; the rest are drops."""


@dataclass(frozen=True)
class PlacedRun:
    """A run of the source and its place in the reel."""

    source_start: Fraction
    """First instant of the run, seconds on the presentation clock."""
    source_end: Fraction
    """First instant after the run."""
    reel_start: Fraction
    """When the run begins in the reel, seconds."""
    film: int = 0
    """Which of the films of the reel it is taken from, counted from 0."""

    @property
    def reel_end(self) -> Fraction:
        """When the run ends in the reel, seconds."""
        return self.reel_start + self.source_end - self.source_start

    def to_reel(self, source_seconds: Fraction) -> Fraction:
        """Return the reel time of an instant of the source."""
        return self.reel_start + source_seconds - self.source_start

    def ticks(self, rate: Fraction | int) -> range:
        """Return the ticks of the run, counted over the whole reel.

        >>> PlacedRun(Fraction(10), Fraction(12), Fraction(1, 2)).ticks(25)
        range(13, 63)
        """
        return range(round_half_up(self.reel_start * rate), round_half_up(self.reel_end * rate))

    def contains(self, source_seconds: Fraction) -> bool:
        """Whether a frame that appears at this instant belongs to the run."""
        instant = source_seconds + TOLERANCE_SECONDS
        return self.source_start <= instant < self.source_end


def lay_out(runs: Sequence[Segment], *, crossfade_seconds: float = 0.0) -> list[PlacedRun]:
    """Place runs one after the other.

    Args:
        runs: what to place, in the order of the reel.
        crossfade_seconds: how long each run overlaps the next one; at most half of any run's
            length.

    Raises:
        ValueError: there are no runs.

    >>> [float(run.reel_start) for run in lay_out([Segment(2, 4), Segment(10, 11.5)])]
    [0.0, 2.0]
    """
    if not runs:
        raise ValueError("runs must not be empty")
    placed: list[PlacedRun] = []
    reel_start = Fraction(0)
    for run in runs:
        begin, end = Fraction(run.start_seconds), Fraction(run.end_seconds)
        placed.append(PlacedRun(begin, end, reel_start))
        reel_start = placed[-1].reel_end - Fraction(crossfade_seconds)
    return placed


def round_half_up(value: Fraction) -> int:
    """Round to the nearest integer, halves upwards, so that equal steps stay equal.

    >>> [round_half_up(Fraction(n, 2)) for n in (1, 3, 5)]
    [1, 2, 3]
    """
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def constant_rate(
    times: Sequence[Fraction], candidates: Sequence[Fraction], tick: Fraction
) -> Fraction | None:
    """Find the rate of frames that come at equal distances.

    Args:
        times: times of successive frames in seconds, ascending, from anywhere in the film; two
            neighbours that are far apart only count as a hole.
        candidates: rates that the container names, frames per second, the likeliest first.
        tick: resolution of the time stamps, seconds.

    Returns:
        The first candidate whose frame length nearly all distances have, or None if there is none.
    """
    steps = [later - earlier for earlier, later in pairwise(times)]
    for rate in candidates:
        if rate <= 0 or not steps:
            continue
        tolerance = tick + Fraction(1, 20) / rate
        regular = sum(abs(step - 1 / rate) <= tolerance for step in steps)
        if regular >= REGULAR_SHARE * len(steps):
            return rate
    return None


def num_ticks(runs: Sequence[PlacedRun], rate: Fraction | int) -> int:
    """Return the ticks of the whole reel: as many as fit, so that it is never too long; at least 1.

    >>> num_ticks(lay_out([Segment(0, 1.55)]), 10)
    15
    """
    return max(1, floor((runs[-1].reel_end + TOLERANCE_SECONDS) * rate))


def ticks_of_runs(runs: Sequence[PlacedRun], rate: Fraction | int) -> list[range]:
    """Return the ticks of every run; the last one ends with the reel.

    >>> ticks_of_runs(lay_out([Segment(0, 0.5), Segment(1, 2.05)]), 10)
    [range(0, 5), range(5, 15)]
    """
    end = num_ticks(runs, rate)
    return [range(ticks.start, min(ticks.stop, end)) for ticks in (run.ticks(rate) for run in runs)]
