"""Run a tower once for all meters that get the same pieces of a film."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Piece = TypeVar("Piece")


class Once:
    """Features of the latest pieces, which are not kept alive for it."""

    def __init__(self) -> None:
        self._pieces: list[weakref.ref[object]] = []
        self._features: Any = None

    def of(self, pieces: Sequence[Piece], run: Callable[[Sequence[Piece]], Any]) -> Any:
        """Return `run(pieces)`, computed anew where the pieces are others than last time."""
        known = [piece() for piece in self._pieces]
        is_same = len(known) == len(pieces) and all(map(operator.is_, known, pieces))
        if self._features is None or not is_same:
            self._pieces = [weakref.ref(piece) for piece in pieces]
            self._features = run(pieces)
        return self._features
