"""Everything after the towers: projections, the VA predictor and the similarity predictor.

Letters in shapes: B pictures, clips or captions; L hidden states; D size of one feature.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

VA_DIMENSIONS = 2
"""Valence and arousal, in this order."""


class BatchRandom(nn.Module):
    """A layer whose random numbers depend on the random state and on the whole batch alone.

    With several processes every one draws the numbers of the global batch from the same random
    state and keeps its own rows, so that two processes compute what one would compute.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rank = 0
        self.world_size = 1

    def draw(self, values: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Draw uniform numbers (B, *shape) in [0, 1) for the rows of `values` (B, ...)."""
        num_rows = len(values)
        draws = torch.rand(num_rows * self.world_size, *shape, device=values.device)
        return draws[self.rank * num_rows : (self.rank + 1) * num_rows]


class BatchDropout(BatchRandom):
    """Dropout, see `BatchRandom`."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, values: Tensor) -> Tensor:
        """Zero entries of `values` (B, D) at random while training; scale the others up."""
        if not self.training or self.probability == 0:
            return values
        kept = self.draw(values, values.shape[1:]) >= self.probability
        return values * kept / (1 - self.probability)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return f"probability={self.probability}"


class Ensemble(BatchRandom):
    """Heads of one shape that learn apart and answer together.

    While training every sample is judged by one member, drawn at random, so that the members stay
    different; afterwards the answer is the mean of all.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, values: Tensor) -> Tensor:
        """Turn `values` (B, D) into the answers (B, K) of one member each, or of all."""
        answers = torch.stack([member(values) for member in self.members])
        if not self.training:
            return answers.mean(0)
        choice = (self.draw(values, ()) * len(self.members)).long()
        return answers[choice, torch.arange(len(values), device=values.device)]


class FeatureStandardizer(nn.Module):
    """Subtract the mean and divide by the spread of the training features."""

    mean: Tensor
    scale: Tensor

    def __init__(self, feature_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(feature_shape))
        self.register_buffer("scale", torch.ones(feature_shape))

    @torch.no_grad()
    def fit(self, features: Tensor) -> None:
        """Take mean and spread from `features` (N, *feature_shape); constant columns keep 1."""
        features = features.to(torch.float64)
        spread = features.std(0, correction=0)
        self.mean.copy_(features.mean(0))
        self.scale.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))

    def forward(self, features: Tensor) -> Tensor:
        """Standardise features (B, *feature_shape)."""
        return (features - self.mean) / self.scale


class LayerMix(nn.Module):
    """Mix hidden states with one learned weight each: a Conv1d from L channels to one."""

    def __init__(self, num_layers: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(num_layers, 1, kernel_size=1)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Mix hidden states (B, L, D) to (B, D)."""
        mixed: Tensor = self.mix(hidden_states)
        return mixed.squeeze(1)


def build_projection(
    feature_shape: tuple[int, ...], embedding_dim: int, *, standardize: bool, is_embedding: bool
) -> nn.Sequential:
    """Make the layers from one tower's features to the common embedding.

    Args:
        feature_shape: (D,) for one vector, (L, D) for hidden states that are mixed first.
        embedding_dim: Size of the common embedding.
        standardize: Put a `FeatureStandardizer` in front.
        is_embedding: The features are the embedding already (CLIP's `image_embeds`): no linear
            layer is added where the sizes agree.

    Returns:
        Layers from (B, *feature_shape) to (B, embedding_dim).
    """
    layers: list[nn.Module] = []
    if standardize:
        layers.append(FeatureStandardizer(feature_shape))
    if len(feature_shape) == 2:
        layers.append(LayerMix(feature_shape[0]))
    if not (is_embedding and feature_shape[-1] == embedding_dim):
        layers.append(nn.Linear(feature_shape[-1], embedding_dim))
    return nn.Sequential(*layers)


def build_va_predictor(
    embedding_dim: int, hidden_dim: int, dropout: float, num_members: int = 1
) -> nn.Module:
    """Make the VA predictor: two hidden layers, two outputs in [0, 1]; (B, D) to (B, 2).

    With more than one member it is an `Ensemble` of such predictors.
    """
    predictors = [
        nn.Sequential(*_hidden_layers(embedding_dim, hidden_dim, dropout), *_output(hidden_dim))
        for _ in range(num_members)
    ]
    return predictors[0] if num_members == 1 else Ensemble(predictors)


def build_similarity_predictor(
    embedding_dim: int, hidden_dim: int, dropout: float
) -> nn.Sequential:
    """Make the similarity predictor on image, music and caption embeddings side by side.

    Returns:
        Layers from (B, 3 * embedding_dim) to (B, 1) in [0, 1].
    """
    hidden = _hidden_layers(3 * embedding_dim, hidden_dim, dropout)
    return nn.Sequential(*hidden, nn.Linear(hidden_dim, 1), nn.Sigmoid())


def _hidden_layers(input_dim: int, hidden_dim: int, dropout: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size in (input_dim, hidden_dim):
        layers += [nn.Linear(size, hidden_dim), nn.ReLU()]
        layers += [nn.LayerNorm(hidden_dim), BatchDropout(dropout)]
    return layers


def _output(hidden_dim: int) -> list[nn.Module]:
    return [nn.Linear(hidden_dim, VA_DIMENSIONS), nn.Sigmoid()]
