"""Recurrent parts that several summarisers share: scorer, variational autoencoder, discriminator.

The last two are those of SUM-GAN (B. Mahasseni, M. Lam, S. Todorovic, CVPR 2017,
DOI 10.1109/CVPR.2017.318): the summary is good if the video can be told from it.

Letters: T sampled frames, D numbers per frame, H hidden numbers, L layers, B videos of equal
length. All modules take one video (T, D) or several (T, B, D).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


class RecurrentScorer(nn.Module):
    """Bidirectional LSTM and a sigmoid: (T, D) -> (T,) in (0, 1)."""

    def __init__(self, dim: int, hidden: int, *, num_layers: int) -> None:
        """Make the layers."""
        super().__init__()
        self.lstm = nn.LSTM(dim, hidden, num_layers, bidirectional=True)
        self.out = nn.Linear(2 * hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Score each frame."""
        hidden, _ = self.lstm(features)
        scores: Tensor = self.out(hidden).squeeze(-1).sigmoid()
        return scores


@dataclass(frozen=True)
class Decoded:
    """What the autoencoder makes of a weighted video."""

    mean: Tensor
    """(L, [B,] H) of the latent Gaussian."""
    log_variance: Tensor
    """(L, [B,] H) of the latent Gaussian."""
    features: Tensor
    """(T, [B,] D) the video again."""


class SequenceVae(nn.Module):
    """LSTM encoder to one latent state, LSTM decoder back to the sequence.

    The decoder runs from the latent state alone, without reading its own output, and backwards in
    time: one pass of the fused LSTM instead of T small steps (our choice, for the CPU).
    """

    def __init__(self, dim: int, *, num_layers: int = 2) -> None:
        """Make the layers; H = D."""
        super().__init__()
        self.encoder = nn.LSTM(dim, dim, num_layers)
        self.to_mean, self.to_variance = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.decoder = nn.LSTM(dim, dim, num_layers)

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Return the weights up to the latent state."""
        modules = (self.encoder, self.to_mean, self.to_variance)
        return [p for module in modules for p in module.parameters()]

    def forward(self, features: Tensor) -> Decoded:
        """Encode, draw the latent state, decode."""
        _, (hidden, cell) = self.encoder(features)
        mean = self.to_mean(hidden)
        log_variance = functional.softplus(self.to_variance(hidden)).clamp(min=1e-6).log()
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        decoded, _ = self.decoder(torch.zeros_like(features), (latent, cell))
        return Decoded(mean, log_variance, decoded.flip(0))


class Discriminator(nn.Module):
    """LSTM whose last state tells a video from one that was made from its summary."""

    def __init__(self, dim: int, *, num_layers: int = 2) -> None:
        """Make the layers; H = D."""
        super().__init__()
        self.lstm = nn.LSTM(dim, dim, num_layers)
        self.out = nn.Linear(dim, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last state ([B,] H), and the probability of being an original ([B])."""
        _, (hidden, _) = self.lstm(features)
        return hidden[-1], self.out(hidden[-1]).sigmoid().squeeze(-1)


def state_distance(discriminator: Discriminator, original: Tensor, made: Tensor) -> Tensor:
    """Return how far apart two videos leave the discriminator: (), or (B,) for B made ones."""
    difference: Tensor = discriminator(made)[0] - discriminator(original)[0]
    distance: Tensor = torch.linalg.vector_norm(difference, dim=-1)
    return distance


def prior_loss(decoded: Decoded) -> Tensor:
    """Return the divergence of the latent state from a standard Gaussian."""
    variance = decoded.log_variance.exp()
    return 0.5 * (variance + decoded.mean**2 - 1 - decoded.log_variance).sum()
