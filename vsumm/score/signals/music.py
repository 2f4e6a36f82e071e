"""What the music makes one feel: valence and arousal by the music tower of MMVA.

The tower was trained on music and judges speech and noise by what they share with it, which has
little to do with how intense a film is. So its judgement counts as far as there is music that
nobody speaks over: see `musicality` and `shrunk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from vsumm.score.once import Once
from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal
from vsumm.score.signals.soundtrack import (
    MUSIC_KIND,
    SOUNDTRACK,
    SPEECH_KIND,
    musicality,
    shrunk,
)
from vsumm.score.sound_windows import SAMPLE_RATE, SoundWindow, joined_around

if TYPE_CHECKING:
    from vsumm.score.model_source import Model


class MusicMeter:
    """Predicts valence and arousal of every segment from a window of sound centred on it.

    Args:
        model: predicts `(batch, 2)` from windows of sound.
        num_segments: N.
        once: shares what the tower makes of windows with other meters.
    """

    def __init__(self, model: Model, num_segments: int, once: Once | None = None) -> None:
        self._model = model
        self._once = once or Once()
        self.around_seconds = model.config.music_window_seconds
        self._va = np.full((num_segments, 2), np.nan)

    def add(self, batch: Sequence[SoundWindow], /) -> None:
        """Take the next windows, all of one length."""
        audible = [window for window in batch if not window.is_silent]
        if not audible:
            return
        rows = [window.row for window in audible]
        features = self._once.of(audible, partial(music_features, self._model))
        self._va[rows] = self._model.va_of_features("music", features)

    def result(self) -> Arrays:
        """Return "music_va", shape (N, 2) in [0, 1]; NaN where the segment itself is silent."""
        return {"music_va": self._va}


def music_features(model: Model, windows: Sequence[SoundWindow]) -> Any:
    """Return what the music tower makes of windows of one length, one row each."""
    if model.music_sample_rate != SAMPLE_RATE:
        return model.music_features(np.stack([window.around for window in windows]), SAMPLE_RATE)
    stretch, starts = joined_around(windows)  # what windows share is then transformed once
    return model.music_features_at(stretch, starts, len(windows[0].around))


def _start(film: Film) -> MusicMeter:
    return MusicMeter(film.source.model, film.num_segments, film.music_features)


def _depends_on(film: Film) -> dict[str, object]:
    return {"model": film.source.fingerprint, "audio_track": film.config.audio_track}


def _of_music(column: int, arrays: Arrays) -> FloatArray:
    kinds = arrays["sound_kinds"]
    weights = musicality(kinds[:, MUSIC_KIND], kinds[:, SPEECH_KIND])
    return shrunk(arrays["music_va"][:, column], weights)


def _valence(film: Film, arrays: Arrays) -> FloatArray:
    return _of_music(0, arrays)


def _arousal(film: Film, arrays: Arrays) -> FloatArray:
    return _of_music(1, arrays)


MUSIC = Measurement(
    "music",
    needs="sound",
    start=_start,
    columns={"music_va": 2},
    depends_on=_depends_on,
)
"""Valence and arousal of the sound."""

MUSIC_VALENCE = Signal("music_valence", (MUSIC, SOUNDTRACK), _valence, "cheerful music")
MUSIC_AROUSAL = Signal("music_arousal", (MUSIC, SOUNDTRACK), _arousal, "intense music")
