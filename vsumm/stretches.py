"""Stretches of a film that a person names: what a reel shows in any case, and what it never shows.

A stretch is two times in seconds; one that is skipped may last to the end of the film (None).
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Final

from mmva_core.clock import clock_text, parse_seconds

Keep = tuple[float, float]
"""Start and end, seconds."""
Skip = tuple[float, float | None] | str
"""Start and end, seconds, None for the end of the film; or `CREDITS`."""
CREDITS: Final = "credits"
"""The title cards at the beginning and at the end of a film, wherever they are."""
KEEP_FORM = "3:10-3:20"
SKIP_FORM = "0:00-0:30, 8:05- or credits"


def parse_keep(text: str) -> Keep:
    """Read a stretch of a film.

    Raises:
        ValueError: the text has another form, or ends before it begins.

    >>> parse_keep("3:10-3:20")
    (190.0, 200.0)
    """
    return _pair(text, KEEP_FORM)


def parse_skip(text: str) -> tuple[Skip, ...]:
    """Read stretches, some of which may last to the end of the film, and "credits".

    Raises:
        ValueError: a part has another form, or ends before it begins.

    >>> parse_skip("0:00-0:30,8:05-,credits")
    ((0.0, 30.0), (485.0, None), 'credits')
    """
    return tuple(_parse_one(part.strip()) for part in text.split(","))


def stretch_text(start_seconds: float, end_seconds: float | None) -> str:
    """Write a stretch.

    >>> stretch_text(190, 200), stretch_text(485, None)
    ('3:10.0-3:20.0', '8:05.0-')
    """
    end = "" if end_seconds is None else clock_text(end_seconds)
    return f"{clock_text(start_seconds)}-{end}"


def is_stretch(value: Any, *, may_be_open: bool) -> bool:
    """Return whether a value is a pair of times in order; the end may be None where it is open."""
    if not isinstance(value, tuple) or len(value) != 2:
        return False
    start, end = value
    end = math.nextafter(math.inf, 0) if may_be_open and end is None else end
    are_numbers = all(isinstance(v, Real) and not isinstance(v, bool) for v in (start, end))
    return are_numbers and bool(0 <= start < end < math.inf)


def _parse_one(text: str) -> Skip:
    if text == CREDITS:
        return CREDITS
    if not text.endswith("-"):
        return _pair(text, SKIP_FORM)
    try:
        return parse_seconds(text[:-1]), None
    except ValueError:
        raise ValueError(f"cannot read {text!r}: write {SKIP_FORM}") from None


def _pair(text: str, form: str) -> Keep:
    try:
        start, end = map(parse_seconds, text.split("-"))
    except ValueError:
        raise ValueError(f"cannot read {text!r}: write {form}") from None
    if start >= end:
        raise ValueError(f"{text!r} ends before it begins")
    return start, end
