"""Forward pass and losses of one batch, as one module that DistributedDataParallel can wrap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from mmva_core.config import Modality
from mmva_core.model import MMVA
from mmva_core.outputs import MMVAOutput
from mmva_core.train.batches import Batch, ModalityBatch
from mmva_core.train.losses import similarity_loss, total_loss, va_loss


class ExtraLoss(nn.Module):
    """A further term of the objective, such as distillation.

    Its parameters are optimised with the model's and stored in the training state, but not in the
    finished model.
    """

    name: str = "extra"
    """Name of the term in the log."""
    weight: float = 1.0
    """Weight of the term in the total."""

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Return the term, a scalar: the mean over the batch."""
        raise NotImplementedError


class Objective(nn.Module):
    """Eq. 4 of a batch, plus extra terms.

    Args:
        model: the model to train.
        weights: weights of "image", "music", "caption" and "similarity".
        extra_losses: further terms.
    """

    def __init__(
        self, model: MMVA, weights: Mapping[str, float], extra_losses: Sequence[ExtraLoss] = ()
    ) -> None:
        super().__init__()
        self.model = model
        self.extra_losses = nn.ModuleList(extra_losses)
        self.weights = dict(weights)
        for term in extra_losses:
            if term.name in self.weights:
                raise ValueError(f"there are two losses named {term.name!r}")
            self.weights[term.name] = term.weight

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the total (a scalar) and its unweighted parts by name."""
        output = self.model.forward_embeds(
            embed(self.model, "image", batch.image),
            embed(self.model, "music", batch.music),
            embed(self.model, "caption", batch.caption),
        )
        assert output.image_va is not None, "all three modalities were embedded"
        assert output.music_va is not None, "all three modalities were embedded"
        parts = {
            "image": va_loss(output.image_va, batch.image.va, batch.image.weights),
            "music": va_loss(output.music_va, batch.music.va, batch.music.weights),
            "caption": self._caption_loss(output, batch),
        }
        if output.similarity is not None:
            pair_weights = batch.image.weights * batch.music.weights
            parts["similarity"] = similarity_loss(
                output.similarity, batch.matching_score, pair_weights
            )
        for term in self.extra_losses:
            assert isinstance(term, ExtraLoss), "checked by the annotation of extra_losses"
            parts[term.name] = term(output, batch)
        return total_loss(parts, self.weights), parts

    def _caption_loss(self, output: MMVAOutput, batch: Batch) -> Tensor:
        assert output.caption_va is not None, "all three modalities were embedded"
        loss = va_loss(output.caption_va, batch.caption.va, batch.caption.weights)
        if batch.sentences is None:
            return loss
        embeds = embed(self.model, "caption", batch.sentences)
        predicted = self.model.predict_va("caption", embeds)
        return loss + va_loss(predicted, batch.sentences.va, batch.sentences.weights)


def embed(model: MMVA, modality: Modality, batch: ModalityBatch) -> Tensor:
    """Embed rows of a table as (B, D): cached features, or inputs of a fine-tuned tower."""
    if "features" in batch.inputs:
        return model.project(modality, batch.inputs["features"])
    encoders: dict[str, Callable[..., Tensor]] = {
        "image": model.encode_image,
        "music": model.encode_music,
        "caption": model.encode_caption,
    }
    return encoders[modality](**batch.inputs)
