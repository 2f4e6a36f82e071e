"""Measure a model on labelled tables, beside the constant predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mmva_core.config import MODALITIES, Modality
from mmva_core.model import MMVA
from mmva_core.train.batches import ModalityBatch
from mmva_core.train.matching import fixed_pairs, matching_score, mean_matching_score
from mmva_core.train.metrics import Metrics, regression_metrics, va_metrics
from mmva_core.train.objective import embed
from mmva_core.train.tables import Table, TrainingData

ROWS_AT_ONCE = 512
"""Samples encoded at once."""
PAIR_SEED = 20260
"""Seed of the pairs for measuring the similarity where a set has no list of pairs."""


@dataclass(frozen=True)
class Constants:
    """Predictions of the constant predictor: means of the training labels."""

    va: Mapping[Modality, Tensor]
    """(2,) mean valence and arousal of each modality."""
    similarity: float
    """Mean matching score over all pairs."""
    sigma: float
    """Scale of Eq. 1."""

    @classmethod
    def of(cls, data: TrainingData, sigma: float) -> Constants:
        """Compute the means of a training set."""
        tables: dict[Modality, Table] = {
            "image": data.image,
            "music": data.music,
            "caption": data.caption,
        }
        return cls(
            va={name: table.label_mean().cpu() for name, table in tables.items()},
            similarity=mean_matching_score(data.image.va.cpu(), data.music.va.cpu(), sigma),
            sigma=sigma,
        )


@dataclass(frozen=True)
class Evaluation:
    """Figures of a model on one split."""

    va: Mapping[Modality, Mapping[str, Metrics]]
    """Figures by modality and dimension."""
    similarity: Metrics | None
    """Figures of the similarity predictor, None without one."""

    def loss(self) -> float:
        """Return Eq. 4 with all weights 1: the sum of the mean squared errors."""
        parts = [(m["valence"].mse + m["arousal"].mse) / 2 for m in self.va.values()]
        return sum(parts) + (0.0 if self.similarity is None else self.similarity.mse)

    def flat(self) -> dict[str, float]:
        """Return all figures by name, such as "image_arousal_pearson" and "loss"."""
        figures = {"loss": self.loss()}
        for modality, dimensions in self.va.items():
            for dimension, metrics in dimensions.items():
                for name, value in metrics.to_dict().items():
                    figures[f"{modality}_{dimension}_{name}"] = value
        if self.similarity is not None:
            for name, value in self.similarity.to_dict().items():
                figures[f"similarity_{name}"] = value
        return figures


@torch.inference_mode()
def evaluate(model: MMVA, data: TrainingData, constants: Constants) -> Evaluation:
    """Measure a model on a split; similarity on `data.pairs`, or on pairs drawn by a fixed seed.

    Args:
        model: the model; it is left in evaluation mode.
        data: labelled tables, on the model's device.
        constants: means of the training set.
    """
    model.eval()
    tables: dict[Modality, Table] = {
        "image": data.image,
        "music": data.music,
        "caption": data.caption,
    }
    embeds = {name: embed_table(model, name, table) for name, table in tables.items()}
    figures = {
        name: va_metrics(
            model.predict_va(name, embeds[name]), tables[name].va.cpu(), constants.va[name]
        )
        for name in MODALITIES
    }
    return Evaluation(figures, _similarity_metrics(model, data, embeds, constants))


@torch.inference_mode()
def embed_table(model: MMVA, modality: Modality, table: Table) -> Tensor:
    """Embed every sample of a table (first view), (N, D) on the model's device."""
    device = table.va.device
    parts = []
    for rows in torch.split(torch.arange(len(table), device=device), ROWS_AT_ONCE):
        batch = ModalityBatch(table.inputs(rows), table.va[rows], torch.ones(len(rows)))
        parts.append(embed(model, modality, batch))
    return torch.cat(parts)


def _similarity_metrics(
    model: MMVA, data: TrainingData, embeds: Mapping[Modality, Tensor], constants: Constants
) -> Metrics | None:
    if model.similarity_predictor is None:
        return None
    pairs = data.pairs
    if pairs is None:
        pairs = fixed_pairs(len(data.image), len(data.music), seed=PAIR_SEED)
    predicted = []
    for part in torch.split(pairs.to(model.device), ROWS_AT_ONCE):
        image, music = part[:, 0], part[:, 1]
        predicted.append(
            model.predict_similarity(
                embeds["image"][image], embeds["music"][music], embeds["caption"][music]
            ).cpu()
        )
    image_va, music_va = data.image.va.cpu()[pairs[:, 0]], data.music.va.cpu()[pairs[:, 1]]
    target = matching_score(image_va, music_va, constants.sigma)
    return regression_metrics(torch.cat(predicted), target, constants.similarity)
