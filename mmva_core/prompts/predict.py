"""Predict valence and arousal of many prompts. This module and `generate.py` import torch.

Letters in shapes: B prompts of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from mmva_core.model import MMVA
from mmva_core.towers import CaptionTower

BATCH_SIZE = 64
"""Prompts encoded at once; larger batches are no faster on a CPU."""


def predict_by_length(
    model: MMVA, texts: list[str]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Predict sentences in batches of equal length, so that none needs padding.

    Args:
        model: model with a caption tower and its predictor.
        texts: sentences.

    Yields:
        Positions (B,) in `texts`, and their valence and arousal (B, 2).
    """
    tower = model.tower("caption")
    assert isinstance(tower, CaptionTower)
    tokens = tower.tokenize(texts)
    mask = tokens["attention_mask"]
    lengths = mask.sum(1)
    for length in np.unique(lengths.numpy()):
        for places in torch.split(torch.nonzero(lengths == length).squeeze(1), BATCH_SIZE):
            columns = mask[places].any(dim=0)  # those that are not padding
            batch = {
                name: value[places][:, columns].to(model.device) for name, value in tokens.items()
            }
            with torch.inference_mode():
                va = model.predict_va("caption", model.encode_caption(**batch))
            yield places.numpy(), va.float().cpu().numpy()
