"""Encode music, pictures and sentences: valence, arousal and embeddings.

Letters in shapes: W windows of one item, D the size of an embedding.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from mmva_core.config import Modality
from mmva_core.errors import DataError
from mmva_core.inputs import read_audio_file, read_image_file, window_starts
from mmva_core.retrieval.index import VA_COLUMNS, Floats, ItemRows
from mmva_core.retrieval.rank import unit_rows
from mmva_core.towers import ImageArray

if TYPE_CHECKING:
    from torch import Tensor

    from mmva_core.model import MMVA

Content = ImageArray | Floats | str
"""A picture (H, W, 3), sound (T,) at the model's rate, or a sentence."""


def read_content(modality: Modality, text: str | Path, sample_rate: int) -> Content:
    """Read a picture or sound from its file; the content of a sentence is its text.

    Raises:
        DataError: the file cannot be read.
    """
    if modality == "caption":
        return str(text)
    if modality == "image":
        return read_image_file(text)
    return read_audio_file(text, sample_rate)


def encode_content(model: MMVA, modality: Modality, content: Content) -> ItemRows:
    """Encode one item, music window by window.

    Raises:
        DataError: the sound has values that are not finite.
    """
    features = _features(model, modality, content)
    with torch.inference_mode():
        embeds = model.project(modality, features.to(model.device))
        va = model.predict_va(modality, embeds).float().cpu().numpy()
    rows = np.full((len(va), VA_COLUMNS), math.nan, dtype=np.float32)
    rows[:, :2] = va
    if modality == "music":
        assert isinstance(content, np.ndarray)
        rows[:, 2:] = _window_times(model, len(content))
    return ItemRows(rows, unit_rows(embeds.float().cpu().numpy()))


def _features(model: MMVA, modality: Modality, content: Content) -> Tensor:
    if isinstance(content, str):
        return model.caption_features([content])
    if modality == "image":
        return model.image_features([cast(ImageArray, content)])
    try:
        return model.music_features(content, model.music_sample_rate)
    except ValueError as error:  # a file of floats may hold NaN
        raise DataError(f"the sound cannot be used: {error}") from error


def _window_times(model: MMVA, num_samples: int) -> Floats:
    rate = model.music_sample_rate
    length = round(model.config.music_window_seconds * rate)
    starts = np.array(window_starts(num_samples, length))
    ends = np.minimum(starts + length, num_samples)
    return (np.stack([starts, ends], axis=1) / rate).astype(np.float32)
