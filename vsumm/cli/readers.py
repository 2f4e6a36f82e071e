"""Read the values of options as argparse wants it: what cannot be read is an ArgumentTypeError."""

from __future__ import annotations

import argparse

from mmva_core.clock import parse_seconds
from vsumm.config import Budget, parse_budget
from vsumm.stretches import Keep, Skip, parse_keep, parse_skip


def read_budget(text: str) -> Budget:
    """Read a budget."""
    try:
        return parse_budget(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def read_share(text: str) -> float:
    """Read a part of something, below all of it."""
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"must be below 100%, like 50% or 0.5, got {text!r}")
    return share


def read_seconds(text: str) -> float:
    """Read a length of time."""
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def read_padding(text: str) -> tuple[float, float]:
    """Read two lengths of time, before and after; one counts for both."""
    parts = text.split(",")
    if len(parts) > 2:
        raise argparse.ArgumentTypeError(f"cannot read {text!r}: write 0.3s,0.5s")
    return read_seconds(parts[0]), read_seconds(parts[-1])


def read_split(text: str) -> float | None:
    """Read the length of the ranges of split films, a minute at least; None for "never"."""
    if text == "never":
        return None
    seconds = read_seconds(text)
    if seconds < 60:
        raise argparse.ArgumentTypeError(f"must be 1m or more, or never; got {text!r}")
    return seconds


def read_keep(text: str) -> Keep:
    """Read a stretch of a film."""
    try:
        return parse_keep(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def read_skip(text: str) -> tuple[Skip, ...]:
    """Read stretches of a film that are left out."""
    try:
        return parse_skip(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def read_weights(text: str) -> dict[str, float]:
    """Read weights of signals by name."""
    weights = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            form = "write NAME=WEIGHT, like motion=1,about=2"
            raise argparse.ArgumentTypeError(f"cannot read {part.strip()!r}: {form}") from None
    return weights


def read_loudness(text: str) -> float | str:
    """Read LUFS, or "off"."""
    try:
        return text if text == "off" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"cannot read {text!r}: write LUFS, or off") from None
