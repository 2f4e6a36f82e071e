"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number and what there are so many of.

    >>> counted(1, "clip"), counted(2, "clip"), counted(0, "clip")
    ('1 clip', '2 clips', '0 clips')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
