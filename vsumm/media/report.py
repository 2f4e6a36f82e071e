"""How much of a stream could be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeReport:
    """How much of a stream was read, and how much could not be."""

    decoder: str
    """The decoders, "pyav" and "decord", in the order of their use."""
    wanted_seconds: float
    """Length of what was to be read."""
    unreadable_seconds: float
    """Length of the part of it that could not be read."""
    reasons: tuple[str, ...]
    """Why, each reason once."""

    @property
    def unreadable_share(self) -> float:
        """The part that could not be read, in [0, 1]."""
        return self.unreadable_seconds / self.wanted_seconds if self.wanted_seconds else 0.0
