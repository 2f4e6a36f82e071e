"""Decide which packets of a run can be copied into the reel as they are: arithmetic on time stamps.

    run            [=========================================)
    packets     ..┊..┊ I──────────I──────────I────────┊..┊..     I: begins anew, nothing before it
    reel        [ new ][ copied                      ][new)         is needed from there on

Copying begins at the first picture of the run that begins anew (IDR) and ends at the last picture
before which no later one is shown: from there on the decoder would need what lies behind the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from vsumm.media import TOLERANCE_SECONDS
from vsumm.reel.layout import PlacedRun, round_half_up

SHORTEST_COPY_SECONDS = 1.0
"""A shorter copy is not worth the two key frames that it costs."""
LARGEST_REORDERING = 2
"""Pictures that may be decoded ahead of being shown, as many as in what x264 encodes."""
NUM_BEHIND = 17
"""Packets in a row from behind the run after which none can belong to it: H.264 reorders 16."""


@dataclass(frozen=True)
class PacketFacts:
    """What counts about one packet; packets come in decoding order."""

    time: Fraction | None
    """When its picture is shown, seconds on the presentation clock; None: unknown."""
    begins_anew: bool
    """Whether it and all that follow can be decoded without what precedes it."""
    is_intact: bool
    """Whether it is whole, is shown, and needs no other parameter sets than the stream's."""


@dataclass(frozen=True)
class Copy:
    """A part of a run that is copied."""

    start: Fraction
    """When its first picture is shown, seconds on the presentation clock."""
    ticks: range
    """The ticks of the reel that it fills, one per picture."""
    last: Fraction
    """When its last picture is shown, seconds on the presentation clock."""


def plan_copy(
    run: PlacedRun, ticks: range, packets: Iterable[PacketFacts], rate: Fraction
) -> Copy | None:
    """Find what can be copied of a run.

    Args:
        run: the run.
        ticks: which ticks of the reel, at a constant rate, it fills.
        packets: from before the run on, in decoding order.
        rate: ticks per second.

    Returns:
        None where nothing worth it can be copied.
    """
    known = _packets_of(run, packets)
    times = sorted(fact.time for fact in known if fact.time is not None and run.contains(fact.time))
    entries = (
        number
        for number, fact in enumerate(known)
        if fact.begins_anew and fact.time is not None and run.contains(fact.time)
    )
    entry = next(entries, None)
    if entry is None:
        return None
    start = known[entry].time
    assert start is not None
    hole_seconds = times[0] - run.source_start
    is_first = any(fact.time is not None and fact.time < times[0] for fact in known)
    if not is_first and hole_seconds * rate >= 1:
        return None  # the run may have begun before the packets
    # The run's first picture takes the tick that it takes when everything is encoded.
    first = ticks.start + floor((hole_seconds + TOLERANCE_SECONDS) * rate)
    begin = first + round_half_up((start - times[0]) * rate)
    candidates = [time for time in times if time >= start]
    length = _length(known[entry:], candidates, start, rate, num_ticks=ticks.stop - begin)
    if begin < ticks.start or length < SHORTEST_COPY_SECONDS * rate:
        return None
    return Copy(start, range(begin, begin + length), candidates[length - 1])


def _packets_of(run: PlacedRun, packets: Iterable[PacketFacts]) -> list[PacketFacts]:
    known: list[PacketFacts] = []
    num_behind = 0
    for fact in packets:
        known.append(fact)
        is_behind = fact.time is not None and fact.time >= run.source_end
        num_behind = num_behind + 1 if is_behind else 0
        if num_behind == NUM_BEHIND:
            break
    return known


def _length(
    packets: Sequence[PacketFacts],
    times: Sequence[Fraction],
    start: Fraction,
    rate: Fraction,
    *,
    num_ticks: int,
) -> int:
    """Count the pictures that can be copied from the first packet on.

    A copy may end only where every picture shown so far is also decoded: `highest == number`.

        packet, in decoding order   I0  P3  B1  B2  P6  B4  B5
        number                      0   1   2   3   4   5   6
        rank of its time            0   3   1   2   6   4   5
        highest rank so far         0   3   3   3   6   6   6
        may end here                x           x           x      lengths 1, 4 and 7

    Args:
        packets: in decoding order, the first one begins anew.
        times: when the pictures are shown, from there to the end of the run, ascending.
        start: the first of these times.
        rate: ticks per second.
        num_ticks: most pictures that there is room for.
    """
    rank_of = {time: rank for rank, time in enumerate(times)}
    length = highest = 0
    for number, fact in enumerate(packets):
        rank = rank_of.get(fact.time) if fact.time is not None else None
        if rank is None or not fact.is_intact:  # behind the run, or damaged
            break
        is_regular = round_half_up((times[rank] - start) * rate) == rank
        if not is_regular or rank >= num_ticks or number - rank > LARGEST_REORDERING:
            break
        highest = max(highest, rank)
        if highest == number:
            length = number + 1
    return length
