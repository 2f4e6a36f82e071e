"""Everything after the towers: projections, the VA predictor and the similarity predictor.

Letters in shapes: B pictures, clips or captions; L hidden states; D size of one feature.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmva_core.ridge import add_penalty, solve_penalised

VA_DIMENSIONS = 2
"""Valence and arousal, in this order."""


class BatchRandom(nn.Module):
    """A layer whose random numbers depend only on the random state and the whole batch.

    Each of several processes draws the numbers of the global batch from the same random state and
    keeps its own rows, so that two processes compute what one would compute.
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


class KernelPredictor(nn.Module):
    """Kernel ridge regression of valence and arousal: a Gaussian at each of C centres.

    It minimises L_VA plus a penalty on the norm of the function, in closed form: with a few hundred
    samples that generalises better than layers trained by steps. Gradients train nothing in it.

        va(z) = offset + sum over c of coefficients[c] * exp(-|z - centres[c]|^2 / (2 width^2))

    Args:
        embedding_dim: D.
        num_centres: C.
    """

    centres: Tensor
    coefficients: Tensor
    offset: Tensor
    width: Tensor

    def __init__(self, embedding_dim: int, num_centres: int) -> None:
        super().__init__()
        self.register_buffer("centres", torch.zeros(num_centres, embedding_dim))
        self.register_buffer("coefficients", torch.zeros(num_centres, VA_DIMENSIONS))
        self.register_buffer("offset", torch.full((VA_DIMENSIONS,), 0.5))
        # Standard deviation of the Gaussians; checkpoints store it under this name.
        self.register_buffer("width", torch.ones(()))

    @torch.no_grad()
    def fit(self, embeds: Tensor, va: Tensor, *, bandwidth: float, penalty: float) -> None:
        """Solve for the coefficients; the samples become the centres.

        Args:
            embeds: (N, D).
            va: (N, 2) labels in [0, 1].
            bandwidth: standard deviation of the Gaussians, in the unit of the embeddings.
            penalty: added to the diagonal of the kernel; the larger, the closer predictions are to
                the mean label.
        """
        self.centres = embeds.float().clone()
        self.width = torch.tensor(bandwidth, device=embeds.device)
        self.offset = va.float().mean(0)
        kernel = self._kernel(self.centres).double()
        residuals = (va - self.offset).double()
        self.coefficients = solve_penalised(kernel, residuals, penalty).float()

    @torch.no_grad()
    def predict_held_out(self, va: Tensor, groups: Tensor, *, penalty: float) -> Tensor:
        """Predict every centre as a fit without its group would, by one inverse instead of refits.

        With K the kernel, p the penalty and c the coefficients of the full fit, the error of the
        fit without group g at its members is inverse(K + p I)[g, g]^-1 c[g]. The offset stays the
        mean label of all groups.

        Args:
            va: (C, 2) labels, as given to `fit`.
            groups: (C,) number of each centre's group, from 0.
            penalty: as given to `fit`.

        Returns:
            (C, 2) in [0, 1].
        """
        kernel = self._kernel(self.centres).double()
        inverse = torch.linalg.inv(add_penalty(kernel, penalty))
        predicted = torch.empty_like(self.coefficients)
        for group in range(int(groups.max()) + 1):
            rows = (groups == group).nonzero().squeeze(1)
            block = inverse[rows[:, None], rows]
            error = torch.linalg.solve(block, self.coefficients[rows].double())
            predicted[rows] = (va[rows] - error).to(predicted.dtype)
        return predicted.clamp(0, 1)

    def forward(self, embeds: Tensor) -> Tensor:
        """Map embeddings (B, D) to valence and arousal (B, 2) in [0, 1]."""
        return (self.offset + self._kernel(embeds) @ self.coefficients).clamp(0, 1)

    def _kernel(self, embeds: Tensor) -> Tensor:
        return gaussian_kernel(embeds, self.centres, self.width)


def gaussian_kernel(points: Tensor, centres: Tensor, width: Tensor | float) -> Tensor:
    """Return exp(-|z - c|^2 / (2 width^2)) of points z (B, D) and centres c (C, D), shape (B, C).

    >>> gaussian_kernel(torch.zeros(1, 2), torch.tensor([[0.0, 0.0], [1.0, 1.0]]), 1.0).round(
    ...     decimals=3
    ... )
    tensor([[1.0000, 0.3680]])
    """
    # |z - c|^2 = |z|^2 + |c|^2 - 2 z.c: one matrix product, many times faster than the (B, C, D)
    # differences. Rounding may leave a small negative square, hence the clamp.
    products = points @ centres.T
    squares = points.square().sum(1, keepdim=True) + centres.square().sum(1)
    return torch.exp((2 * products - squares).clamp(max=0) / (2 * width**2))


class FeatureStandardizer(nn.Module):
    """Subtract the mean of the training features and divide by their standard deviation."""

    mean: Tensor
    scale: Tensor

    def __init__(self, feature_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(feature_shape))
        self.register_buffer("scale", torch.ones(feature_shape))

    @torch.no_grad()
    def fit(self, features: Tensor) -> None:
        """Take mean and deviation from `features` (N, *feature_shape); constant columns keep 1."""
        features = features.to(torch.float64)
        deviation = features.std(0, correction=0)
        self.mean.copy_(features.mean(0))
        self.scale.copy_(torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))

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
        embedding_dim: size of the common embedding.
        standardize: put a `FeatureStandardizer` in front.
        is_embedding: the features are the embedding already (CLIP's `image_embeds`): skip the
            linear layer where the sizes agree.

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


def build_va_predictor(embedding_dim: int, hidden_dim: int, dropout: float) -> nn.Sequential:
    """Make the VA predictor: two hidden layers, two outputs in [0, 1]; (B, D) to (B, 2)."""
    hidden = _hidden_layers(embedding_dim, hidden_dim, dropout)
    return nn.Sequential(*hidden, nn.Linear(hidden_dim, VA_DIMENSIONS), nn.Sigmoid())


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
