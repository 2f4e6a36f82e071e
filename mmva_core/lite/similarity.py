"""How the similarity predictor of `mmva-lite` is taught: by what the VA predictors know of a pair.

With a few hundred pictures and songs the matching scores of Eq. 1 are soon known by heart, and
nothing is learned that holds for others. What can be known of a pair that was never seen is the
expectation of Eq. 1 given the two predictions of valence and arousal. It is a function of the
embeddings, smooth and free of the labels' noise, and the predictor is trained to give it.

Letters in shapes: N samples, B pairs, K draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmva_core.heads import VA_DIMENSIONS
from mmva_core.lite.music_rows import judgement_on_plane
from mmva_core.outputs import MMVAOutput
from mmva_core.train import Batch, ExtraLoss, matching_score, similarity_loss

NUM_DRAWS = 64
"""Draws of the error that an expectation is the mean of."""


@dataclass(frozen=True, eq=False)
class Trust:
    """What a prediction of valence and arousal is worth on samples that were never seen."""

    slope: Tensor
    """(2,) the label rises by so much where the prediction rises by one."""
    offset: Tensor
    """(2,) the label where the prediction is zero."""
    covariance: Tensor
    """(2, 2) of what remains."""

    @classmethod
    def measure(cls, predicted: Tensor, labels: Tensor) -> Trust:
        """Regress labels on predictions, each dimension on its own.

        Args:
            predicted: (N, 2) from models that did not see the sample; rows with NaN are left out.
            labels: (N, 2); rows with NaN are left out.

        Raises:
            ValueError: fewer than three rows are left.
        """
        is_known = ~(predicted.isnan() | labels.isnan()).any(1)
        said, true = predicted[is_known].double(), labels[is_known].double()
        if len(said) < 3:
            raise ValueError(f"trust needs at least three known samples, got {len(said)}")
        variation = said - said.mean(0)
        variance = variation.square().mean(0).clamp(min=1e-12)
        slope = (variation * (true - true.mean(0))).mean(0) / variance
        offset = true.mean(0) - slope * said.mean(0)
        rest = true - (slope * said + offset)
        return cls(slope.float(), offset.float(), (rest.T @ rest / len(rest)).float())


class ExpectedMatching(ExtraLoss):
    """L_sim with the expectation of Eq. 1 as target, given the predictions of both sides.

    The errors of both sides are taken as normal and independent; the expectation is a mean over
    draws that are always the same.

    Args:
        image: trust in the picture's predicted valence and arousal.
        music: trust in the music tower's judgement.
        sigma: scale of Eq. 1.
    """

    name = "expected matching"
    image_line: Tensor
    music_line: Tensor
    errors: Tensor

    def __init__(self, image: Trust, music: Trust, sigma: float) -> None:
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
        """Return the expectation (B,) of Eq. 1 for predictions (B, 2) of either side."""
        pictures = self.image_line[0] * image_va + self.image_line[1]
        clips = self.music_line[0] * music_va + self.music_line[1]
        return matching_score(pictures[:, None] + self.errors, clips[:, None], self.sigma).mean(1)

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Return the mean squared error against the expected scores."""
        assert output.similarity is not None, "only used with a similarity predictor"
        assert output.image_va is not None, "every batch has pictures"
        judgement = judgement_on_plane(batch.music.inputs["features"])
        target = self.expected_score(output.image_va, judgement).detach()
        return similarity_loss(output.similarity, target, batch.image.weights * batch.music.weights)
