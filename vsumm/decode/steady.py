"""Distinguish pauses between blocks of sound from jitter of their timestamps.

A block follows the one before it without a gap, even if its timestamp is off, unless all timestamps
behind it are off in the same direction:

    stamped   [ 0  )   [32 ) [40 )  [72 ) [80 )        every other block 12 ms late: jitter
    stamped   [ 0  )[20 )            [90 )[110 )       from the third on 50 ms late: a pause
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

JUMP_SECONDS = 0.01
"""Timestamps that are off by less are only rounded."""

AHEAD_SECONDS = 0.25
"""How much of the sound behind a block is compared, and must be off as well."""

Block = TypeVar("Block")


def find_jumps(
    stamped: Iterable[tuple[float | None, float, Block]],
) -> Iterator[tuple[float | None, Block]]:
    """Yield blocks of sound with the times at which they begin anew.

    Args:
        stamped: when a block begins by its timestamp, None where it has none; how long it lasts;
            and the block. Seconds.

    Yields:
        When the block begins where it does not follow the one before, else None; and the block.

    >>> late = [(0, 0.02, "a"), (0.032, 0.02, "b"), (0.04, 0.02, "c"), (0.072, 0.02, "d")]
    >>> [time for time, _ in find_jumps(late)]
    [0, None, None, None]
    >>> pause = [(0, 0.02, "a"), (0.02, 0.02, "b"), (0.9, 0.02, "c"), (0.92, 0.02, "d")]
    >>> [time for time, _ in find_jumps(pause)]
    [0, None, 0.9, None]
    """
    ahead: deque[tuple[float | None, float, Block]] = deque()
    seconds_ahead = 0.0
    expected: float | None = None
    blocks = iter(stamped)
    is_over = False
    while True:
        while not is_over and seconds_ahead < AHEAD_SECONDS:
            block = next(blocks, None)
            is_over = block is None
            if block is not None:
                ahead.append(block)
                seconds_ahead += block[1]
        if not ahead:
            return
        time, seconds, content = ahead[0]
        # Behind the last blocks there is too little sound to compare.
        least = AHEAD_SECONDS if seconds_ahead < AHEAD_SECONDS else JUMP_SECONDS
        jumps = time is not None and (expected is None or _is_off(ahead, expected, least))
        if jumps:
            expected = time
        ahead.popleft()
        seconds_ahead -= seconds
        expected = (expected or 0.0) + seconds
        yield time if jumps else None, content


def _is_off(
    ahead: Iterable[tuple[float | None, float, object]], expected: float, least: float
) -> bool:
    """Whether all blocks begin later than the samples before them end, or all earlier.

    Args:
        ahead: the blocks.
        expected: when the samples before them end, seconds.
        least: how much later or earlier, seconds.
    """
    direction = 0
    for time, seconds, _ in ahead:
        off = 0.0 if time is None else time - expected
        sign = (off > least) - (off < -least)
        if not sign or sign == -direction:
            return False
        direction = sign
        expected += seconds
    return True
