"""What the sound makes one feel: valence and arousal by the music tower of MMVA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal
from vsumm.score.sound_windows import SAMPLE_RATE, SoundWindow

if TYPE_CHECKING:
    from mmva_core import MMVA


class MusicMeter:
    """Predicts valence and arousal of every segment from a window of sound centred on it.

    Args:
        model: predicts `(batch, 2)` from windows of sound.
        num_segments: N.
    """

    def __init__(self, model: MMVA, num_segments: int) -> None:
        self._model = model
        self.around_seconds = model.config.music_window_seconds
        self._va = np.full((num_segments, 2), np.nan)

    def add(self, batch: Sequence[SoundWindow], /) -> None:
        """Take the next windows, all of one length."""
        audible = [window for window in batch if not window.is_silent]
        if audible:
            samples = np.stack([window.around for window in audible])
            rows = [window.row for window in audible]
            self._va[rows] = self._model.predict_music(samples, SAMPLE_RATE).numpy()

    def result(self) -> Arrays:
        """Return "music_va", shape (N, 2) in [0, 1]; NaN where the segment itself is silent."""
        return {"music_va": self._va}


def _depends_on(film: Film) -> dict[str, object]:
    return {"model": film.source.fingerprint, "audio_track": film.config.audio_track}


def _valence(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["music_va"][:, 0]


def _arousal(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["music_va"][:, 1]


MUSIC = Measurement(
    "music",
    needs="sound",
    start=lambda film: MusicMeter(film.source.model, film.num_segments),
    columns={"music_va": 2},
    depends_on=_depends_on,
)
"""Valence and arousal of the sound."""

MUSIC_VALENCE = Signal("music_valence", (MUSIC,), _valence, "cheerful music")
MUSIC_AROUSAL = Signal("music_arousal", (MUSIC,), _arousal, "intense music")
