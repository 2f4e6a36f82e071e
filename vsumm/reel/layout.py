"""Where every frame and sample of a run lands in the reel: exact arithmetic, no media.

    source   ──────[=== run 0 ===)────────[= run 1 =)─────   presentation clock
    reel     [=== run 0 ===)[= run 1 =)                      starts at 0, no holes

All times are `Fraction` seconds, so nothing drifts over any number of cuts. A reel has ticks
k / rate (the frames of a constant rate, the ticks of a clock, or samples); a run owns those that
lie in its part of the reel, just as it owns the frames that appear in its part of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from vsumm.media import Segment

TOLERANCE_SECONDS = Fraction(1, 100_000)
"""A frame this close before a border counts as on it: borders are floats, time stamps are not."""

REGULAR_SHARE = 0.95
"""A film whose frames keep their distance this often has a constant rate; the rest are drops."""


@dataclass(frozen=True)
class Cut:
    """One run and its place in the reel."""

    source_start: Fraction
    """First instant of the run, seconds on the presentation clock."""
    source_end: Fraction
    """First instant after the run."""
    reel_start: Fraction
    """When the run begins in the reel, seconds."""

    @property
    def reel_end(self) -> Fraction:
        """When the run ends in the reel, seconds."""
        return self.reel_start + self.source_end - self.source_start

    def to_reel(self, source_seconds: Fraction) -> Fraction:
        """The reel time of an instant of the source."""
        return self.reel_start + source_seconds - self.source_start

    def ticks(self, rate: Fraction | int) -> range:
        """Ticks k with reel_start <= k / rate < reel_end, counted over the whole reel.

        >>> Cut(Fraction(10), Fraction(12), Fraction(1, 2)).ticks(25)
        range(13, 63)
        """
        slack = TOLERANCE_SECONDS * rate
        return range(ceil(self.reel_start * rate - slack), ceil(self.reel_end * rate - slack))

    def contains(self, source_seconds: Fraction) -> bool:
        """Whether a frame that appears at this instant belongs to the run."""
        instant = source_seconds + TOLERANCE_SECONDS
        return self.source_start <= instant < self.source_end


def lay_out(runs: Sequence[Segment], *, overlap_seconds: float = 0.0) -> list[Cut]:
    """Place runs one after the other.

    Args:
        runs: what to place; chronological, not overlapping.
        overlap_seconds: how long each run goes on while the next one is there already; at most
            half of any run's length.

    Raises:
        ValueError: there are none, or they overlap or are out of order.

    >>> [float(cut.reel_start) for cut in lay_out([Segment(2, 4), Segment(10, 11.5)])]
    [0.0, 2.0]
    """
    if not runs:
        raise ValueError("runs must not be empty")
    cuts: list[Cut] = []
    reel_seconds = Fraction(0)
    for run in runs:
        cut = Cut(Fraction(run.start_seconds), Fraction(run.end_seconds), reel_seconds)
        if cuts and cut.source_start < cuts[-1].source_end:
            raise ValueError(f"runs must be in order and apart, got {run} too early")
        cuts.append(cut)
        reel_seconds = cut.reel_end - Fraction(overlap_seconds)
    return cuts


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


def num_ticks(cuts: Sequence[Cut], rate: Fraction | int) -> int:
    """Ticks in the whole reel: as many as fit, at least one, so that it is never too long.

    >>> num_ticks(lay_out([Segment(0, 1.55)]), 10)
    15
    """
    return max(1, floor((cuts[-1].reel_end + TOLERANCE_SECONDS) * rate))
