"""What the image tower makes of the picture: its affect, and what it shows.

One forward pass of the tower feeds everything here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmva_core import content
from vsumm.score.looks import LOOKS_PER_FRAME, FirstSeen, Look, RunningMean
from vsumm.score.once import Once
from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal

if TYPE_CHECKING:
    from mmva_core.content import PictureReader
    from vsumm.score.model_source import Model

TEXT_DIM = 64
"""Size of an embedding of `PictureReader`."""
TEXT_DECIMALS = 3
"""Decimals of it that are kept: more say nothing and fill the cache."""


class ImageMeter:
    """Predicts valence and arousal of every segment from its frames, and reads what they show.

    Of the frames of each part of a segment the tower gets the first that is not black. Several
    parts of a segment are averaged.

    Args:
        model: predicts affect from pictures.
        num_segments: N.
        reader: reads what the pictures show; None where the model's image tower has no reader.
        once: shares what the tower makes of pictures with other meters.
    """

    def __init__(
        self,
        model: Model,
        num_segments: int,
        *,
        reader: PictureReader | None = None,
        once: Once | None = None,
    ) -> None:
        self._model = model
        self._once = once or Once()
        self._reader = reader
        self._va = RunningMean(num_segments, 2)
        self._card = RunningMean(num_segments, 1)
        self._text = RunningMean(num_segments, TEXT_DIM)
        self._change = ChangeMeter(num_segments)
        self._first = FirstSeen()

    def add(self, batch: Sequence[Look], /) -> None:
        """Take the next frames."""
        chosen = self._first.of(batch)
        if not chosen:
            return
        rows = [look.row for look in chosen]
        features = self._once.of(chosen, partial(image_features, self._model))
        self._va.add(rows, self._model.va_of_features("image", features))
        if self._reader is not None:
            shown = self._reader.read(features)
            self._card.add(rows, shown.card[:, None])
            self._text.add(rows, shown.embeds)
            for row, appearance in zip(rows, shown.appearance, strict=True):
                self._change.add(row, appearance)

    def result(self) -> Arrays:
        """Return the arrays that `IMAGE` lists; NaN where no frame shows anything.

        "image_va" lies in [0, 1], "card" is a probability, "change" a cosine distance in [0, 2],
        and "text_embeds" holds unit vectors among texts. All but the first are NaN throughout
        without a reader.
        """
        return {
            "image_va": self._va.result(),
            "change": self._change.result(),
            "card": self._card.result()[:, 0],
            "text_embeds": np.round(self._text.directions(), TEXT_DECIMALS),
        }


def image_features(model: Model, looks: Sequence[Look]) -> Any:
    """Return what the image tower makes of frames, one row each."""
    return model.image_features([look.frame.pixels for look in looks])


class ChangeMeter:
    """Tells how different segments look from their neighbours, from pictures in their order.

    Cuts, and events inside a shot, change the tower's features; a camera that moves on the same
    subject hardly does.

    Args:
        num_segments: N.
    """

    def __init__(self, num_segments: int) -> None:
        self._change = RunningMean(num_segments, 1)
        self._before: tuple[int, npt.NDArray[np.float32]] | None = None

    def add(self, row: int, appearance: npt.NDArray[np.float32]) -> None:
        """Compare a picture of a segment, a unit vector, with the one before."""
        if self._before is not None:
            row_before, appearance_before = self._before
            distance = max(0.0, 1.0 - float(appearance @ appearance_before))
            self._change.add(sorted({row_before, row}), distance)
        self._before = row, appearance

    def result(self) -> FloatArray:
        """Return the mean cosine distance, shape (N,); NaN where there is no picture."""
        return self._change.result()[:, 0]


def _start(film: Film) -> ImageMeter:
    model = film.source.model
    reader = content.PictureReader.of(model)
    return ImageMeter(model, film.num_segments, reader=reader, once=film.image_features)


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


def _change(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["change"]


def _card(film: Film, arrays: Arrays) -> FloatArray:
    return arrays["card"]


IMAGE = Measurement(
    "image",
    needs="picture",
    start=_start,
    columns={"image_va": 2, "change": 0, "card": 0, "text_embeds": TEXT_DIM},
    depends_on=_depends_on,
)
"""What one pass of the image tower tells."""

IMAGE_VALENCE = Signal("image_valence", (IMAGE,), _valence, "pleasant pictures")
IMAGE_AROUSAL = Signal("image_arousal", (IMAGE,), _arousal, "intense pictures")
CHANGE = Signal("change", (IMAGE,), _change, "a change of what is seen")
CARD = Signal("card", (IMAGE,), _card, "a title card, credits or a blank picture")
