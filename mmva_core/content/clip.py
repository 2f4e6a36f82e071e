"""Pictures and texts in the space of CLIP, whose two encoders were trained to agree.

Letters in shapes: N pictures, P size of a projection (512 for ViT-B/32).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mmva_core.content.text import FILM_PROMPT
from mmva_core.errors import MissingExtraError
from mmva_core.towers import (
    CaptionTower,
    ImageArray,
    ImageTower,
    build_paper_tower,
    clip_source,
    picture_features,
    sentence_features,
)


class ClipPair:
    """Both encoders of one CLIP.

    Args:
        source: local folder or hub id with a whole CLIP, or "clip" for the published one.
        device: where pictures are encoded.

    Raises:
        CheckpointError: the weights are missing, damaged or of another model.
        MissingExtraError: the extra "paper" is not installed.
    """

    def __init__(self, source: str, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        source = clip_source(source)
        try:
            pictures = build_paper_tower("clip-vit-b32", source)
            texts = build_paper_tower("clip-text", source)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"CLIP needs the package {error.name!r}; "
                "install it with: pip install 'vsumm[paper]'"
            ) from error
        self._pictures = cast(ImageTower, pictures.eval().to(self._device))
        self._texts = cast(CaptionTower, texts.eval())

    def embed_pictures(self, images: Sequence[ImageArray]) -> Tensor:
        """Return unit vectors (N, P) of pictures (H, W, 3) uint8."""
        features = picture_features(self._pictures, images, self._device)
        return nn.functional.normalize(features, dim=1)

    def embed_topic(self, topic: str) -> Tensor:
        """Return the unit vector (P,) of a film's title or topic, or of what is looked for."""
        texts = [FILM_PROMPT.format(topic.strip())]
        (feature,) = sentence_features(self._texts, texts, torch.device("cpu"))
        return nn.functional.normalize(feature, dim=0)
