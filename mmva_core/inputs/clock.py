"""Read and write times such as "1:30"."""

from __future__ import annotations

import re


def format_clock(seconds: float) -> str:
    """Write a time as minutes and seconds, from one hour on with hours.

    >>> format_clock(75.2), format_clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def parse_seconds(text: str) -> float:
    """Read a length such as "30s", "30" or "1:30".

    Raises:
        ValueError: the text is no length of time, or not positive.

    >>> parse_seconds("30s"), parse_seconds("1:30")
    (30.0, 90.0)
    """
    match = re.fullmatch(r"(?:(\d+):)?(\d+(?:\.\d+)?)s?", text.strip())
    seconds = 60 * int(match[1] or 0) + float(match[2]) if match else 0.0
    if not seconds > 0:
        raise ValueError(f"{text!r} is no length of time; give seconds (30s) or minutes (1:30)")
    return seconds
