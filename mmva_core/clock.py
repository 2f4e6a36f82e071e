"""Read and write lengths of time and times on a clock, such as "90s" and "1:30"."""

from __future__ import annotations

import re

TIME_FORMS = "90s, 1m30s, 1:30 or 1:02:30"
"""How a length of time may be written, for messages."""

NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
"""Pattern of a number without sign and exponent, with a group."""
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d+)?)")
_UNITS = re.compile(
    rf"(?:{NUMBER}\s*h(?:ours?|r?s?)?)?\s*(?:{NUMBER}\s*m(?:in(?:ute)?s?)?)?\s*"
    rf"(?:{NUMBER}\s*s(?:ec(?:ond)?s?)?)?",
    re.IGNORECASE,
)


def parse_seconds(text: str) -> float:
    """Read "30", "90s", "1m30s", "1:30" or "1:02:30"; units may be spelled out.

    Raises:
        ValueError: the text has another form.

    >>> parse_seconds("30"), parse_seconds("1:30"), parse_seconds("1h 2min")
    (30.0, 90.0, 3720.0)
    """
    written = text.strip()
    if re.fullmatch(NUMBER, written):
        return float(written)
    match = _CLOCK.fullmatch(written) or _UNITS.fullmatch(written)
    if not written or match is None:
        raise ValueError(f"{text!r} is no length of time: write {TIME_FORMS}")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def clock_text(seconds: float, *, with_tenths: bool = True) -> str:
    """Write seconds as hours, minutes and seconds.

    >>> clock_text(3725.04), clock_text(75.26), clock_text(75.26, with_tenths=False)
    ('1:02:05.0', '1:15.3', '1:15')
    """
    tenths = round(seconds * 10) if with_tenths else 10 * round(seconds)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    second = f"{rest // 10:02d}" + (f".{rest % 10}" if with_tenths else "")
    return f"{hours}:{minutes:02d}:{second}" if hours else f"{minutes}:{second}"
