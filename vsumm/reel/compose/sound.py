"""Play a soundtrack for as long as a reel lasts, in bounded memory.

Letters: C channels, T samples. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np

from vsumm.reel.join_sound import BlockReader
from vsumm.reel.layout import PlacedRun, num_ticks
from vsumm.reel.place_sound import Samples, SoundPlacer, fade_ends

START_FADE_SECONDS = Fraction(3, 10)
"""How long a soundtrack fades in that starts in its middle."""


class SoundSource(Protocol):
    """Where a reel's sound comes from."""

    sample_rate: int
    """Samples per second of the blocks, Hz."""
    layout: str
    """FFmpeg's name of their channel layout."""

    @property
    def silent_seconds(self) -> float:
        """How much silence replaces sound of the film that could not be read."""

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """Yield the sound of all runs in the order of the reel, in blocks (C, T) of any length."""


class Soundtrack:
    """A soundtrack as long as the reel: repeated as often as needed, faded out at its end."""

    def __init__(
        self, placer: SoundPlacer, *, start_seconds: float = 0.0, fade_seconds: float = 0.0
    ) -> None:
        """Prepare to play a track from a time on, within its length, and to fade it out."""
        self.sample_rate, self.layout = placer.sample_rate, placer.layout
        self.silent_seconds = 0.0
        self._placer = placer
        self._start = Fraction(start_seconds)
        self._fade_seconds = fade_seconds

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """As `SoundSource.blocks`."""
        length = num_ticks(runs, self.sample_rate)
        fade = min(max(1, round(self._fade_seconds * self.sample_rate)), length)
        rise = round(START_FADE_SECONDS * self.sample_rate) if self._start else 0
        position = 0
        for block in BlockReader(self._for_ever()).blocks(length):
            places = np.arange(position, position + block.shape[1], dtype=np.float32)
            position += block.shape[1]
            gain = np.minimum((length - places) / fade, 1)
            if rise:
                gain *= np.minimum((places + 0.5) / rise, 1)
            yield (block * gain).astype(np.float32)

    def _for_ever(self) -> Iterator[Samples]:
        begin, end = self._placer.span
        start = begin + self._start
        while True:
            played = PlacedRun(start, end, Fraction(0))
            num_samples = max(1, int((end - start) * self.sample_rate))
            blocks = self._placer.run_blocks(played, num_samples)
            yield from fade_ends(blocks, num_samples, self.sample_rate)
            start = begin
