"""Lay a soundtrack under the sound of a reel, in bounded memory.

Letters: C channels, T samples. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Protocol

import numpy as np

from vsumm.reel.join_sound import BlockReader
from vsumm.reel.layout import PlacedRun, num_ticks
from vsumm.reel.place_sound import Samples, SoundPlacer, fade_ends

END_FADE_SECONDS = 2
"""How long a soundtrack fades out at the end of the reel."""
START_FADE_SECONDS = Fraction(3, 10)
"""How long a soundtrack fades in that starts in its middle."""
HOP_SECONDS = Fraction(1, 50)
"""Length of the steps in which the film's loudness is measured."""
AUDIBLE_RMS = 0.01
"""Root mean square above which the film counts as audible: -40 dB of full scale."""
DUCKED_GAIN = 0.18
"""Gain of the soundtrack while the film is audible: -15 dB."""
DUCK_SECONDS = 0.2
"""How long the soundtrack takes to go down; it is down when the film becomes audible."""
RISE_SECONDS = 0.8
"""How long the soundtrack takes to come up again."""
HOLD_SECONDS = 0.4
"""How long the soundtrack stays down after that: no pumping between two words."""


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

    def __init__(self, placer: SoundPlacer, *, start_seconds: float = 0.0) -> None:
        """Prepare to play a track from a time on, within its length."""
        self.sample_rate, self.layout = placer.sample_rate, placer.layout
        self.silent_seconds = 0.0
        self._placer = placer
        self._start = Fraction(start_seconds)

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """As `SoundSource.blocks`."""
        length = num_ticks(runs, self.sample_rate)
        fade = min(END_FADE_SECONDS * self.sample_rate, length)
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


class DuckedSound:
    """The film's sound over a soundtrack that is turned down where the film is audible.

    Their sum may exceed full scale.
    """

    def __init__(self, film: SoundSource, soundtrack: Soundtrack) -> None:
        """Both must have the same sample rate and layout."""
        self.sample_rate, self.layout = film.sample_rate, film.layout
        self._film = film
        self._soundtrack = soundtrack

    @property
    def silent_seconds(self) -> float:
        """As `SoundSource.silent_seconds`."""
        return self._film.silent_seconds

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """As `SoundSource.blocks`."""
        hop = round(HOP_SECONDS * self.sample_rate)
        music = BlockReader(self._soundtrack.blocks(runs))
        hops = BlockReader(self._film.blocks(runs)).hops(hop)
        gain = 1.0
        for film, wanted in _with_wanted_gain(hops):
            last, gain = gain, _approach(gain, wanted)
            gains = np.linspace(last, gain, film.shape[1], endpoint=False, dtype=np.float32)
            yield film + gains * music.read(film.shape[1])


def _with_wanted_gain(hops: Iterator[Samples]) -> Iterator[tuple[Samples, float]]:
    """Yield every hop with the gain that the soundtrack is to reach in it.

    It is down while the film is audible, from `DUCK_SECONDS` before to `HOLD_SECONDS` after:

        film        . . . . . . . . █ █ █ . . . . . . . . .
        wanted      1 1 1 ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ 1 1 1 1 1 1
                          |<-duck->|     |<hold>|
    """
    num_ahead = round(DUCK_SECONDS / HOP_SECONDS)
    num_held = round(HOLD_SECONDS / HOP_SECONDS)
    ahead: deque[tuple[Samples, bool]] = deque(
        (hop, _is_audible(hop)) for hop in islice(hops, num_ahead)
    )
    num_silent = num_held + 1
    while ahead:
        for later in islice(hops, 1):
            ahead.append((later, _is_audible(later)))
        hop, is_audible = ahead.popleft()
        num_silent = 0 if is_audible else num_silent + 1
        is_down = num_silent <= num_held or any(soon for _, soon in ahead)
        yield hop, DUCKED_GAIN if is_down else 1.0


def _is_audible(samples: Samples) -> bool:
    return bool(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) > AUDIBLE_RMS)


def _approach(gain: float, wanted: float) -> float:
    """Move the gain by what one hop allows."""
    down = (1 - DUCKED_GAIN) * float(HOP_SECONDS) / DUCK_SECONDS
    up = (1 - DUCKED_GAIN) * float(HOP_SECONDS) / RISE_SECONDS
    return max(wanted, gain - down) if wanted < gain else min(wanted, gain + up)
