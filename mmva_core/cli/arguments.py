"""Types of arguments that several sub-commands share; what they refuse is wrong usage."""

from __future__ import annotations

from argparse import ArgumentTypeError

from mmva_core.inputs import parse_seconds


def positive_integer(text: str) -> int:
    """Read a whole number above zero.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not text.strip().isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def length_of_time(text: str) -> float:
    """Read seconds, such as "30s" or "1:30".

    Raises:
        ArgumentTypeError: it is no length of time.
    """
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
