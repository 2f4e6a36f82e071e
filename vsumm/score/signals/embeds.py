"""Embeddings of segments: where picture and sound lie in the space that MMVA predicts affect from.

No signal is made of them; `vsumm.embed` gives them away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vsumm.score.looks import FirstSeen, Look, RunningMean
from vsumm.score.once import Once
from vsumm.score.signal import Arrays, Film, Measurement
from vsumm.score.signals.image import image_features
from vsumm.score.signals.music import music_features
from vsumm.score.sound_windows import SoundWindow

if TYPE_CHECKING:
    from vsumm.score.model_source import Model


class ImageEmbedsMeter:
    """Embeds the frames that `ImageMeter` looks at; several of a segment are averaged.

    Args:
        model: embeds pictures.
        num_segments: N.
        once: shares what the tower makes of pictures with `ImageMeter`.
    """

    def __init__(self, model: Model, num_segments: int, once: Once) -> None:
        self._model, self._once = model, once
        self._embeds = RunningMean(num_segments, model.config.embedding_dim)
        self._first = FirstSeen()

    def add(self, batch: Sequence[Look], /) -> None:
        """Take the next frames."""
        chosen = self._first.of(batch)
        if chosen:
            features = self._once.of(chosen, partial(image_features, self._model))
            embeds = self._model.embeds_of_features("image", features)
            self._embeds.add([look.row for look in chosen], embeds)

    def result(self) -> Arrays:
        """Return "image_embeds", shape (N, D); NaN where no frame shows anything."""
        return {"image_embeds": self._embeds.result()}


class MusicEmbedsMeter:
    """Embeds the window of sound around every segment, the one that `MusicMeter` takes.

    Args:
        model: embeds windows of sound.
        num_segments: N.
        once: shares what the tower makes of windows with `MusicMeter`.
    """

    def __init__(self, model: Model, num_segments: int, once: Once) -> None:
        self._model, self._once = model, once
        self.around_seconds = model.config.music_window_seconds
        self._embeds = np.full((num_segments, model.config.embedding_dim), np.nan)

    def add(self, batch: Sequence[SoundWindow], /) -> None:
        """Take the next windows, all of one length."""
        audible = [window for window in batch if not window.is_silent]
        if audible:
            features = self._once.of(audible, partial(music_features, self._model))
            rows = [window.row for window in audible]
            self._embeds[rows] = self._model.embeds_of_features("music", features)

    def result(self) -> Arrays:
        """Return "music_embeds", shape (N, D); NaN where the segment is silent."""
        return {"music_embeds": self._embeds}


def embeds_measurements(film: Film) -> list[Measurement]:
    """Return what embeds the streams that a film has."""
    size = film.source.model.config.embedding_dim
    image = Measurement(
        "image embeds",
        needs="picture",
        start=lambda film: ImageEmbedsMeter(
            film.source.model, film.num_segments, film.image_features
        ),
        columns={"image_embeds": size},
        depends_on=_never_cached,
    )
    music = Measurement(
        "music embeds",
        needs="sound",
        start=lambda film: MusicEmbedsMeter(
            film.source.model, film.num_segments, film.music_features
        ),
        columns={"music_embeds": size},
        depends_on=_never_cached,
    )
    return [image] * (film.info.video is not None) + [music] * bool(film.info.audio)


def _never_cached(film: Film) -> Mapping[str, None]:
    """Embeddings would fill the cache: they are ten times as large as all else together."""
    return {"model": None}
