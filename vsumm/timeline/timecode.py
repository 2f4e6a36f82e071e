"""SMPTE time code: a name for every frame, which at 29.97 and 59.94 frames/s may skip numbers.

Drop-frame time code counts 30 (or 60) frames in a second although there are 29.97 (or 59.94), and
to keep pace with the clock skips the first 2 (or 4) numbers of every minute but each tenth.
"""

from __future__ import annotations

import re
from fractions import Fraction

_TIMECODE = re.compile(r"(\d{1,3}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


def can_drop_frames(rate: Fraction) -> bool:
    """Return whether drop-frame time code is defined for a rate: 29.97 and its multiples."""
    return rate.denominator == 1001 and round(rate) % 30 == 0


def format_timecode(frame: int, rate: Fraction, *, drop_frame: bool = False) -> str:
    """Write the number of a frame as hours, minutes, seconds and frames; hours start anew at 24.

    >>> format_timecode(1800, Fraction(30000, 1001), drop_frame=True)
    '00:01:00;02'
    """
    per_second = round(rate)
    if drop_frame and can_drop_frames(rate):
        dropped = per_second // 15
        tens, rest = divmod(frame, per_second * 600 - 9 * dropped)
        minutes = max(0, rest - dropped) // (per_second * 60 - dropped)
        frame += dropped * (9 * tens + minutes)
    else:
        drop_frame = False
    seconds, frames = divmod(frame, per_second)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    separator = ";" if drop_frame else ":"
    return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{separator}{frames:02d}"


def parse_timecode(text: str, rate: Fraction, *, drop_frame: bool = False) -> int | None:
    """Return the number of the frame that a time code names, or None where it is none.

    Args:
        text: "01:00:00:00"; a semicolon or a comma before the frames says drop-frame.
        rate: frames per second.
        drop_frame: whether numbers are skipped although a colon stands before the frames.

    >>> parse_timecode("00:01:00;02", Fraction(30000, 1001))
    1800
    """
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    per_second = round(rate)
    frame = (hours * 3600 + minutes * 60 + seconds) * per_second + int(match[5])
    if (drop_frame or match[4] in ";,") and can_drop_frames(rate):
        minutes += 60 * hours
        frame -= per_second // 15 * (minutes - minutes // 10)
    return frame
