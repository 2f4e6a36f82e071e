"""Train the similarity predictor of `mmva-lite` on expected matching scores.

With a few hundred pictures and songs, the predictor overfits the matching scores of the training
pairs. Its target is therefore the expectation of Eq. 1 given the predicted valence and arousal of
both sides: a smooth function of the embeddings, free of the noise of the labels.

    predicted VA -- linear calibration, error covariance --> VA = line + error --> mean of Eq. 1

Letters in shapes: N samples, B pairs, K draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmva_core.heads import VA_DIMENSIONS
from mmva_core.lite.music_rows import tower_va_on_plane
from mmva_core.outputs import MMVAOutput
from mmva_core.train import Batch, ExtraLoss, matching_score, similarity_loss

NUM_DRAWS = 64
"""Error draws in each expectation."""


@dataclass(frozen=True, eq=False)
class LinearCalibration:
    """Linear map from held-out predictions to labels, and the covariance of its errors."""

    slope: Tensor
    """(2,) slope of each dimension."""
    offset: Tensor
    """(2,) label at a prediction of zero."""
    covariance: Tensor
    """(2, 2) covariance of the errors."""

    @classmethod
    def fit(cls, predicted: Tensor, labels: Tensor) -> LinearCalibration:
        """Regress labels on predictions, each dimension by itself.

        Args:
            predicted: (N, 2) held-out predictions; rows with NaN are left out.
            labels: (N, 2); rows with NaN are left out.

        Raises:
            ValueError: fewer than three rows are left.
        """
        is_known = ~(predicted.isnan() | labels.isnan()).any(1)
        x, true = predicted[is_known].double(), labels[is_known].double()
        if len(x) < 3:
            raise ValueError(f"a calibration needs at least three known samples, got {len(x)}")
        variation = x - x.mean(0)
        variance = variation.square().mean(0).clamp(min=1e-12)
        slope = (variation * (true - true.mean(0))).mean(0) / variance
        offset = true.mean(0) - slope * x.mean(0)
        errors = true - (slope * x + offset)
        return cls(slope.float(), offset.float(), (errors.T @ errors / len(errors)).float())


class ExpectedMatching(ExtraLoss):
    """L_sim against the expectation of Eq. 1 given the predictions of both sides.

    The errors of both sides are modelled as normal and independent; the expectation is the mean
    over a fixed set of draws.

    Args:
        image: calibration of the picture's predicted valence and arousal.
        music: calibration of the music tower's prediction.
        sigma: scale of Eq. 1.
    """

    name = "expected matching"
    image_line: Tensor
    music_line: Tensor
    errors: Tensor

    def __init__(self, image: LinearCalibration, music: LinearCalibration, sigma: float) -> None:
        super().__init__()
        self.sigma = sigma
        generator = torch.Generator().manual_seed(0)
        draws = torch.randn(NUM_DRAWS, VA_DIMENSIONS, generator=generator)
        root = torch.linalg.cholesky(image.covariance + music.covariance)
        for name, value in (
            ("image_line", torch.stack([image.slope, image.offset])),
            ("music_line", torch.stack([music.slope, music.offset])),
            ("errors", draws @ root.T),
        ):
            self.register_buffer(name, value, persistent=False)

    def expected_score(self, image_va: Tensor, music_va: Tensor) -> Tensor:
        """Return the expectation (B,) of Eq. 1 for predictions (B, 2) of both sides."""
        pictures = self.image_line[0] * image_va + self.image_line[1]
        clips = self.music_line[0] * music_va + self.music_line[1]
        return matching_score(pictures[:, None] + self.errors, clips[:, None], self.sigma).mean(1)

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Return the mean squared error against the expected scores."""
        assert output.similarity is not None, "only used with a similarity predictor"
        assert output.image_va is not None, "every batch has pictures"
        music_va = tower_va_on_plane(batch.music.inputs["features"])
        target = self.expected_score(output.image_va, music_va).detach()
        return similarity_loss(output.similarity, target, batch.image.weights * batch.music.weights)
