"""The output of a forward pass."""

from __future__ import annotations

from dataclasses import dataclass, fields

from torch import Tensor


@dataclass(frozen=True)
class MMVAOutput:
    """Embeddings and predictions; a field is None where its modality was not given.

    B is the number of pictures, clips or captions in the batch; D the size of the embedding.
    """

    image_embeds: Tensor | None = None
    """(B, D), projected features of the pictures."""
    music_embeds: Tensor | None = None
    """(B, D), projected features of the clips."""
    caption_embeds: Tensor | None = None
    """(B, D), projected features of the captions."""
    image_va: Tensor | None = None
    """(B, 2) in [0, 1], valence and arousal of the pictures."""
    music_va: Tensor | None = None
    """(B, 2) in [0, 1], valence and arousal of the clips."""
    caption_va: Tensor | None = None
    """(B, 2) in [0, 1], valence and arousal of the captions."""
    similarity: Tensor | None = None
    """(B,) in [0, 1], how well picture and clip match; needs all three modalities."""

    def __repr__(self) -> str:
        """Show shapes, not values."""
        shapes = (
            f"{entry.name}={tuple(value.shape)}"
            for entry in fields(self)
            if (value := getattr(self, entry.name)) is not None
        )
        return f"MMVAOutput({', '.join(shapes)})"
