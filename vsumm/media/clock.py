"""Write times of the presentation as players show them."""

from __future__ import annotations


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
