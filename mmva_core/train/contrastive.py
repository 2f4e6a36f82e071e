"""A contrastive term next to Eq. 4, ours and off by default: music finds its own caption by cosine.

Eq. 4 asks of the embeddings only that valence and arousal can be read from each, so their cosines
across modalities mean nothing. This term asks that a clip lie closer to its caption than to others.

Letters in shapes: B rows of a batch, D size of an embedding.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mmva_core.outputs import MMVAOutput
from mmva_core.train.batches import Batch
from mmva_core.train.losses import contrastive_loss
from mmva_core.train.objective import ExtraLoss

START_TEMPERATURE = 0.07
"""Temperature at the start, as in CLIP; it is learned."""
SAME_COSINE = 1 - 1e-5
"""Cosine above which two embeddings are of one caption."""


class Temperature(nn.Module):
    """Divide cosines by a learned temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(-math.log(START_TEMPERATURE)))

    def forward(self, cosines: Tensor) -> Tensor:
        """Return logits of cosines of any shape."""
        return cosines * self.log_scale.exp()


class Contrastive(ExtraLoss):
    """InfoNCE between the embeddings of a batch's clips and those of their captions.

    Rows with one caption are no negatives of each other.

    Args:
        weight: weight of the term in the total.
    """

    name = "contrastive"

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.temperature = Temperature()

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Return the term, a scalar."""
        assert output.music_embeds is not None, "every batch has music"
        assert output.caption_embeds is not None, "every batch has captions"
        music, caption = (
            nn.functional.normalize(embeds, dim=1)
            for embeds in (output.music_embeds, output.caption_embeds)
        )
        # Equal captions have equal embeddings, up to rounding.
        is_same = (caption @ caption.T).detach() > SAME_COSINE
        return contrastive_loss(self.temperature(caption @ music.T), is_same)
