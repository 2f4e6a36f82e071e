"""What the picture makes one feel: valence and arousal by the image tower of MMVA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vsumm.score.looks import LOOKS_PER_FRAME, Look, RunningMean
from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal

if TYPE_CHECKING:
    from mmva_core import MMVA


class ImageMeter:
    """Predicts valence and arousal of every segment from its frames.

    Of the frames of each part of a segment the tower gets the first that is not black. Several
    parts of a segment are averaged.

    Args:
        model: predicts `(batch, 2)` from pictures.
        num_segments: N.
    """

    def __init__(self, model: MMVA, num_segments: int) -> None:
        self._model = model
        self._va = RunningMean(num_segments, 2)
        self._last_part = -1

    def add(self, batch: Sequence[Look], /) -> None:
        """Take the next frames."""
        chosen = []
        for look in batch:
            if look.part != self._last_part and not look.is_black:
                self._last_part = look.part
                chosen.append(look)
        if chosen:
            va = self._model.predict_images([look.frame.pixels for look in chosen])
            self._va.add([look.row for look in chosen], va.numpy())

    def result(self) -> Arrays:
        """Return "image_va", shape (N, 2) in [0, 1]; NaN where no frame shows anything."""
        return {"image_va": self._va.result()}


def _depends_on(film: Film) -> dict[str, object]:
    return {
        "model": film.source.fingerprint,
        "precision": film.config.precision,
        "frames_per_segment": film.config.frames_per_segment,
        "looks_per_frame": LOOKS_PER_FRAME,
    }


def _valence(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["image_va"][:, 0]


def _arousal(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["image_va"][:, 1]


IMAGE = Measurement(
    "image",
    needs="picture",
    start=lambda film: ImageMeter(film.source.model, film.num_segments),
    columns={"image_va": 2},
    depends_on=_depends_on,
)
"""Valence and arousal of the picture."""

IMAGE_VALENCE = Signal("image_valence", (IMAGE,), _valence, "pleasant pictures")
IMAGE_AROUSAL = Signal("image_arousal", (IMAGE,), _arousal, "intense pictures")
