"""Predict valence and arousal from embeddings of pictures and from what the pictures show.

Pictures that look different may show the same kind of thing. So beside the distance between two
embeddings counts how close the names of what the pictures show lie in the space of a text encoder.
The classes are read from the embedding by a linear map: an embedding is all that is needed.

Letters in shapes: B pictures, N samples, C centres, D size of an embedding, K classes, E size of a
place among texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mmva_core.class_constants import NUM_CLASSES, TEMPERATURE, VALENCE_WEIGHT
from mmva_core.heads import FeatureStandardizer, KernelPredictor, gaussian_kernel
from mmva_core.ridge import fit_ridge

READING_PENALTY = 1e-3
"""Penalty of the map from embeddings, whose mean variance is 1, to class logits."""


@dataclass(frozen=True)
class ClassNames:
    """What is known of the names of classes before any picture is seen."""

    embeds: Tensor
    """(K, E) places of the names among texts, from their mean."""
    valence: Tensor
    """(K,) predicted valence of the names."""


class ClassKernelPredictor(KernelPredictor):
    """Kernel ridge regression on embeddings and on the names of the classes that they show.

    The kernel of two pictures is the sum of three: a Gaussian of the embeddings, a Gaussian of
    the standardised places of what they show among texts, and the product of the names' valences.

    Args:
        embedding_dim: D.
        num_centres: C.
        num_directions: E.
        num_classes: K.
    """

    class_weight: Tensor
    class_bias: Tensor
    class_embeds: Tensor
    class_valence: Tensor
    centre_readings: Tensor

    def __init__(
        self,
        embedding_dim: int,
        num_centres: int,
        num_directions: int,
        num_classes: int = NUM_CLASSES,
    ) -> None:
        super().__init__(embedding_dim, num_centres)
        self.register_buffer("class_weight", torch.zeros(num_classes, embedding_dim))
        self.register_buffer("class_bias", torch.zeros(num_classes))
        self.register_buffer("class_embeds", torch.zeros(num_classes, num_directions))
        self.register_buffer("class_valence", torch.zeros(num_classes))
        self.register_buffer("centre_readings", torch.zeros(num_centres, num_directions + 1))
        self.standardizer = FeatureStandardizer((num_directions + 1,))

    @torch.no_grad()
    def fit_classes(self, embeds: Tensor, logits: Tensor, names: ClassNames) -> None:
        """Learn to read classes from embeddings; `fit` must follow, with the same embeddings.

        Args:
            embeds: (N, D).
            logits: (N, K) of the image tower.
            names: the names of its classes.
        """
        mean, mean_logits = embeds.mean(0), logits.mean(0)
        slope = fit_ridge(embeds - mean, logits - mean_logits, READING_PENALTY)
        self.class_weight = slope.T.float().contiguous()
        self.class_bias = (mean_logits.double() - mean.double() @ slope).float()
        self.class_embeds = names.embeds.to(embeds)
        self.class_valence = names.valence.to(embeds)
        self.standardizer.fit(self._read(embeds))
        self.centre_readings = self._standardised(embeds)

    def _kernel(self, embeds: Tensor) -> Tensor:
        readings = self._standardised(embeds)
        places, valence = readings[:, :-1], readings[:, -1]
        own_places, own_valence = self.centre_readings[:, :-1], self.centre_readings[:, -1]
        # Two standardised places differ by about sqrt(2 E): this is half the mean square distance.
        alike = gaussian_kernel(places, own_places, places.shape[1] ** 0.5)
        return super()._kernel(embeds) + alike + VALENCE_WEIGHT * torch.outer(valence, own_valence)

    def _standardised(self, embeds: Tensor) -> Tensor:
        return cast(Tensor, self.standardizer(self._read(embeds)))

    def _read(self, embeds: Tensor) -> Tensor:
        """Return what embeddings (B, D) show, (B, E + 1): places of length 1, then valence."""
        logits = nn.functional.linear(embeds, self.class_weight, self.class_bias)
        weights = torch.softmax(logits / TEMPERATURE, 1)
        places = nn.functional.normalize(weights @ self.class_embeds, dim=1)
        return torch.cat([places, (weights @ self.class_valence)[:, None]], 1)
