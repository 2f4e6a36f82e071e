"""Image embeddings of a video at a low rate: what our own KTS segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.datasets import FloatArray
from vsumm.decode import Frame, read_frames
from vsumm.errors import NoSignalError
from vsumm.media import MediaInfo

if TYPE_CHECKING:
    from mmva_core import MMVA
    from mmva_core.embedded import EmbeddedModel

KTS_RATE = 2.0
"""Frames per second that KTS looks at, as in the common pre-processing of TVSum and SumMe."""
SCATTER = 0.35
"""Mean squared distance from the mean that embeddings are scaled to, in units of their length."""
STILL_SCATTER = 0.005
"""Embeddings that scatter less than this before show a still picture."""
BATCH = 32
"""Frames that the image tower sees at once."""


def embed_frames(
    info: MediaInfo, model: MMVA | EmbeddedModel, *, rate: float = KTS_RATE
) -> tuple[FloatArray, FloatArray]:
    """Embed the frames on screen at `rate` times per second.

    Args:
        info: the video.
        model: its image tower and projection are used.
        rate: frames per second.

    Returns:
        Times (T,) in seconds, and embeddings (T, 512) as `scale_scatter` leaves them.

    Raises:
        NoSignalError: there is no picture.
        InputError: nothing of it can be read.
    """
    if info.video is None:
        raise NoSignalError(f"{info.path}: there is no picture to segment")
    wanted = np.arange(0.0, info.duration_seconds, 1 / rate)
    times: list[float] = []
    embeds: list[FloatArray] = []
    with read_frames(info, wanted.tolist()) as frames:
        for batch in _batches(frames):
            times += [wanted[frame.index] for frame in batch]
            embeds.append(_embed([frame.pixels for frame in batch], model))
    return np.array(times), scale_scatter(np.concatenate(embeds))


def scale_scatter(embeds: FloatArray) -> FloatArray:
    """Bring embeddings to length 1, centre them, and scale their scatter to `SCATTER`.

    KTS weighs scatter against the number of change points, so the scale of the embeddings decides
    how many there are. It differs from model to model; after this it does not. Below a half, white
    noise is left in one piece; a still picture is not blown up. The value is ours, about that of
    the frame features that TVSum and SumMe are usually segmented by.

    Args:
        embeds: (T, D).

    Returns:
        (T, D) of mean 0 and mean squared length `SCATTER`, less for a still picture.
    """
    norms = np.linalg.norm(embeds, axis=1, keepdims=True)
    unit = embeds / np.maximum(norms, np.finfo(np.float64).tiny)
    centred = unit - unit.mean(axis=0)
    scatter = float((centred**2).sum(axis=1).mean())
    scaled: FloatArray = centred * np.sqrt(SCATTER / max(scatter, STILL_SCATTER))
    return scaled


def _batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    iterator = iter(frames)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _embed(images: list[NDArray[np.uint8]], model: MMVA | EmbeddedModel) -> FloatArray:
    features: Any = model.image_features(images)
    return np.asarray(model.embeds_of_features("image", features), dtype=np.float64)
