"""Image embeddings of a video at a low rate: what our own KTS segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from eval.benchmark import FloatArray
from vsumm.decode import Frame, read_frames
from vsumm.errors import NoSignalError
from vsumm.probe import MediaInfo

if TYPE_CHECKING:
    from mmva_core import MMVA

KTS_RATE = 2.0
"""Frames per second that KTS looks at, as in the common pre-processing of TVSum and SumMe."""
BATCH = 32
"""Frames that the image tower sees at once."""


def embed_frames(
    info: MediaInfo, model: MMVA, *, rate: float = KTS_RATE
) -> tuple[FloatArray, FloatArray]:
    """Embed the frames on screen at `rate` times per second.

    Args:
        info: the video.
        model: its image tower and projection are used.
        rate: frames per second.

    Returns:
        Times (T,) in seconds, and embeddings (T, 512), each of length 1 so that the scale of the
        tower does not decide how much a change point costs.

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
    stacked = np.concatenate(embeds)
    norms = np.linalg.norm(stacked, axis=1, keepdims=True)
    return np.array(times), stacked / np.maximum(norms, np.finfo(np.float64).tiny)


def _batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    iterator = iter(frames)
    while batch := list(islice(iterator, BATCH)):
        yield batch


@torch.inference_mode()
def _embed(images: list[NDArray[np.uint8]], model: MMVA) -> FloatArray:
    features = model.image_features(images)
    embeds: FloatArray = model.project("image", features.to(model.device)).cpu().double().numpy()
    return embeds
