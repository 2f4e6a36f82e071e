"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number and what there are so many of.

    Args:
        number: how many.
        noun: what, one of them.
        plural: what, several; the noun with an s if left out.

    >>> counted(1, "clip"), counted(2, "clip"), counted(0, "clip")
    ('1 clip', '2 clips', '0 clips')
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
