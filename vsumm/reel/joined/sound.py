"""The sound of several films at one rate and in one layout.

Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction

import numpy as np

from vsumm.reel.compose import SoundSource
from vsumm.reel.join_sound import JoinedSound
from vsumm.reel.joined.plan import JoinedPlan
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_sound import Samples, SoundPlacer
from vsumm.reel.sound_track import SoundTrack, open_track, with_soundtrack

NUM_CHANNELS = {"mono": 1, "stereo": 2}
NOWHERE = Fraction(0), Fraction(0)
"""When the sound of a film without sound begins and ends."""


class SoundOfFilms:
    """The sound of the pieces, read from one open film at a time; see `vsumm.reel.join_sound`.

    Attributes:
        sample_rate: samples per second of the blocks, Hz.
        layout: FFmpeg's name of their channel layout.
        silent_seconds: how much silence replaces sound that could not be read.
    """

    def __init__(self, plan: JoinedPlan, form: tuple[int, str], stack: ExitStack) -> None:
        """Prepare to read.

        Args:
            plan: the pieces.
            form: rate, Hz, and layout of the blocks.
            stack: closes the film that is open in the end.
        """
        self.sample_rate, self.layout = form
        self.silent_seconds = 0.0
        self._plan = plan
        self._film: int | None = None
        self._placer: SoundPlacer | None = None
        self._open = stack.enter_context(ExitStack())

    def run_blocks(self, run: PlacedRun, num_samples: int) -> Iterator[Samples]:
        """Yield exactly that many samples from the beginning of a run on, in blocks (C, T)."""
        if run.film != self._film:
            self._film, self._placer = run.film, self._placer_of(run)
        if self._placer is None:
            yield np.zeros((NUM_CHANNELS[self.layout], num_samples), np.float32)
            return
        silent_before = self._placer.silent_seconds
        yield from self._placer.run_blocks(run, num_samples)
        self.silent_seconds += self._placer.silent_seconds - silent_before

    def span_of(self, run: PlacedRun) -> tuple[Fraction, Fraction]:
        """Return when the track of a run's film begins and ends, on the presentation clock."""
        track = self._plan.pieces[run.film].sound
        if track is None:
            return NOWHERE
        begin = Fraction(track.start_seconds)
        return begin, begin + Fraction(track.duration_seconds)

    def _placer_of(self, run: PlacedRun) -> SoundPlacer | None:
        """Open the film of a run instead of the one before; None where it has no sound."""
        self._open.close()
        piece = self._plan.pieces[run.film]
        if piece.sound is None:
            return None
        number = piece.info.audio.index(piece.sound)
        form = self.sample_rate, self.layout
        return open_track(piece.info, number, run.source_start, self._open, form)


def open_sound(plan: JoinedPlan, stack: ExitStack) -> SoundTrack | None:
    """Open what the reel's sound consists of; None where it has none.

    Raises:
        InputError: the soundtrack cannot be opened.
    """
    films: SoundSource | None = None
    if plan.sound_form is not None:
        films = JoinedSound(SoundOfFilms(plan, plan.sound_form, stack))
    source = with_soundtrack(films, plan.soundtrack, plan.config, stack)
    if source is None:
        return None
    loudness = None if plan.config.loudness == "off" else plan.config.loudness
    return SoundTrack(plan.format, plan.runs, source, loudness=loudness)
