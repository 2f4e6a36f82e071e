"""The picture in the space of CLIP, where its weights are at hand: `--about-model`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmva_core import content
from mmva_core.errors import MmvaError
from mmva_core.store import sha256_folder
from mmva_core.towers import clip_source
from vsumm.errors import ModelError
from vsumm.score.looks import LOOKS_PER_FRAME, FirstSeen, Look, RunningMean
from vsumm.score.model_source import choose_device
from vsumm.score.signal import Arrays, Film, Measurement

if TYPE_CHECKING:
    from mmva_core.content import ClipPair

CLIP_DIM = 512
"""Size of an embedding of ViT-B/32."""
CLIP_DECIMALS = 4
"""Decimals of it that are kept."""


class ClipMeter:
    """Embeds one frame of every part of a segment that is not black; several are averaged.

    Args:
        clip: both encoders.
        num_segments: N.
    """

    def __init__(self, clip: ClipPair, num_segments: int) -> None:
        self._clip = clip
        self._num_segments = num_segments
        self._embeds: RunningMean | None = None
        self._first = FirstSeen()

    def add(self, batch: Sequence[Look], /) -> None:
        """Take the next frames."""
        chosen = self._first.of(batch)
        if not chosen:
            return
        embeds = self._clip.embed_pictures([look.frame.pixels for look in chosen]).numpy()
        if self._embeds is None:
            self._embeds = RunningMean(self._num_segments, embeds.shape[1])
        self._embeds.add([look.row for look in chosen], embeds)

    def result(self) -> Arrays:
        """Return "clip_embeds", unit vectors (N, P); NaN where no frame shows anything."""
        if self._embeds is None:
            return {"clip_embeds": np.full((self._num_segments, CLIP_DIM), np.nan)}
        return {"clip_embeds": np.round(self._embeds.directions(), CLIP_DECIMALS)}


@lru_cache(1)
def load_clip(name: str, device: str) -> ClipPair:
    """Load both encoders, once for several films.

    Raises:
        ModelError: there is no such CLIP, it is damaged, or the extra "paper" is not installed.
    """
    try:
        return content.ClipPair(name, device)
    except MmvaError as error:
        raise ModelError(str(error)) from error


@cache  # a folder holds hundreds of megabytes, and every measurement is looked for and kept
def clip_fingerprint(name: str) -> str:
    """Return whether a model is a CLIP, by the content of its folder or by its hub id."""
    source = clip_source(name)
    return sha256_folder(Path(source)) if Path(source).is_dir() else source


def clip_of(film: Film) -> ClipPair:
    """Return the CLIP that the settings name, on the device of the model."""
    assert film.config.about_model is not None, "measured only where a CLIP is named"
    return load_clip(film.config.about_model, choose_device(film.config))


CLIP = Measurement(
    "clip",
    needs="picture",
    start=lambda film: ClipMeter(clip_of(film), film.num_segments),
    columns={"clip_embeds": CLIP_DIM},
    depends_on=lambda film: {
        "clip": clip_fingerprint(film.config.about_model or ""),
        "frames_per_segment": film.config.frames_per_segment,
        "looks_per_frame": LOOKS_PER_FRAME,
    },
    is_wanted=lambda config: config.about_model is not None,
)
"""What one pass of CLIP's picture encoder tells."""
