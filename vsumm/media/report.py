"""How much of a stream could be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeReport:
    """What was read of a stream, and what could not be."""

    decoder: str
    """Who decoded: "pyav", "decord", or both in the order of their use."""
    wanted_seconds: float
    """Length of what was asked for."""
    unreadable_seconds: float
    """Length of what of it could not be read."""
    reasons: tuple[str, ...]
    """Why, each reason once."""

    @property
    def unreadable_share(self) -> float:
        """The part that could not be read, in [0, 1]."""
        return self.unreadable_seconds / self.wanted_seconds if self.wanted_seconds else 0.0
