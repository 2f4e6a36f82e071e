"""Projections and VA predictors of `mmva_core.heads` and `mmva_core.class_predictor` in NumPy.

Letters in shapes: B pictures or windows, D size of an embedding, C centres, E size of a place among
texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from mmva_core.class_constants import TEMPERATURE, VALENCE_WEIGHT
from mmva_core.layers import (
    Array,
    layer_norm,
    linear,
    normalize,
    relu,
    sigmoid,
    softmax,
)

LINEAR_LAYERS, NORM_LAYERS = (0, 4), (2, 6)
"""Numbers of the hidden layers of a VA predictor, and of the norms behind them."""
LAST_LAYER = 8


BUFFERS = (
    "centres",
    "coefficients",
    "offset",
    "width",
    "centre_readings",
    "class_weight",
    "class_bias",
    "class_embeds",
    "class_valence",
    "standardizer.mean",
    "standardizer.scale",
)
"""Of a `ClassKernelPredictor`."""


class Projection:
    """From features of a tower to embeddings.

    Args:
        weights: of `MMVA.projections`, for one modality.
        is_standardised: whether the features are standardised first.

    Raises:
        KeyError: a weight is missing.
    """

    def __init__(self, weights: Mapping[str, Array], *, is_standardised: bool) -> None:
        self._statistics = (weights["0.mean"], weights["0.scale"]) if is_standardised else None
        number = 1 if is_standardised else 0
        self._layer = weights[f"{number}.weight"], weights[f"{number}.bias"]

    def __call__(self, features: Array) -> Array:
        """Embed features (B, F) as (B, D)."""
        if self._statistics is not None:
            mean, scale = self._statistics
            features = (features - mean) / scale
        return linear(features, *self._layer)


class LayeredPredictor:
    """Two hidden layers, and valence and arousal.

    Args:
        weights: of `mmva_core.heads.build_va_predictor`, by name.

    Raises:
        KeyError: a weight is missing.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        numbers = (*LINEAR_LAYERS, *NORM_LAYERS, LAST_LAYER)
        self._layers = {n: (weights[f"{n}.weight"], weights[f"{n}.bias"]) for n in numbers}

    def __call__(self, embeds: Array) -> Array:
        """Map embeddings (B, D) to valence and arousal (B, 2) in [0, 1]."""
        values = embeds
        for layer, norm in zip(LINEAR_LAYERS, NORM_LAYERS, strict=True):
            values = relu(linear(values, *self._layers[layer]))
            values = layer_norm(values, *self._layers[norm])
        return sigmoid(linear(values, *self._layers[LAST_LAYER]))


class ClassKernels:
    """The kernel ridge regression of `mmva_core.class_predictor.ClassKernelPredictor`.

    Args:
        weights: its buffers by name.

    Raises:
        KeyError: one is missing.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = {name: weights[name] for name in BUFFERS}
        self._squares = np.square(weights["centres"]).sum(1)
        self._place_squares = np.square(weights["centre_readings"][:, :-1]).sum(1)

    def __call__(self, embeds: Array) -> Array:
        """Map embeddings (B, D) to valence and arousal (B, 2) in [0, 1]."""
        weights = self._weights
        readings = self._read(embeds)
        places, valence = readings[:, :-1], readings[:, -1]
        own_places, own_valence = (
            weights["centre_readings"][:, :-1],
            weights["centre_readings"][:, -1],
        )
        kernel = _gaussian(embeds, weights["centres"], self._squares, float(weights["width"]))
        kernel += _gaussian(places, own_places, self._place_squares, places.shape[1] ** 0.5)
        kernel += np.float32(VALENCE_WEIGHT) * np.outer(valence, own_valence)
        return np.clip(weights["offset"] + kernel @ weights["coefficients"], 0, 1)

    def _read(self, embeds: Array) -> Array:
        """Return what embeddings (B, D) show, (B, E + 1), standardised."""
        weights = self._weights
        logits = linear(embeds, weights["class_weight"], weights["class_bias"])
        shares = softmax(logits / np.float32(TEMPERATURE))
        places = normalize(shares @ weights["class_embeds"])
        readings = np.concatenate([places, (shares @ weights["class_valence"])[:, None]], 1)
        return cast(
            Array, (readings - weights["standardizer.mean"]) / weights["standardizer.scale"]
        )


def _gaussian(points: Array, centres: Array, squares: Array, width: float) -> Array:
    """Return exp(-|z - c|^2 / (2 width^2)), (B, C), given the squared lengths of the centres."""
    distances = np.square(points).sum(1, keepdims=True) + squares - 2 * points @ centres.T
    kernel: Array = np.exp(-np.maximum(distances, 0) / np.float32(2 * width**2))
    return kernel
