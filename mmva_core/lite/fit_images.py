"""Fit the picture heads of `mmva-lite` in closed form.

With a few hundred pictures, kernel ridge regression on the frozen tower's features predicts
held-out themes better than layers trained by gradient descent, from any seed. So the projection is
a principal component analysis of the standardised features, and the VA predictor minimises L_VA
plus a penalty.

Letters in shapes: N pictures, V views of a picture, D size of a feature, E of an embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from mmva_core.config import Pooling
from mmva_core.heads import FeatureStandardizer, KernelPredictor
from mmva_core.model import MMVA
from mmva_core.towers import BLOCK_CHANNELS, LAST_CHANNELS
from mmva_core.train import FeatureTable

POOLING_SHARES: dict[Pooling, float] = {"mean": 0.5}
"""Share of each statistic of the last map in the kernel: half the mean squared distance between
pictures that it contributes. The sum of all shares sets how narrow the kernel is."""
BLOCK_SHARES = {14: 0.05, 15: 0.6}
"""Share of the mean and deviation of each block in the kernel, in the unit of `POOLING_SHARES`.
Early blocks help on photographs and hurt on films: compression and animation change fine detail."""
PENALTY = 0.15
"""Penalty of the kernel predictor for each view of a picture."""
ITERATIONS = 2
"""Iterations of the randomised singular value decomposition."""


def fit_images(model: MMVA, table: FeatureTable) -> Tensor:
    """Fit the projection and the VA predictor of pictures; neither is trained further.

    Args:
        model: a model with the features of `POOLING_SHARES` and `BLOCK_SHARES`; its centres become
            the N * V views of the table.
        table: features (N, V, D) with labels and groups, of the training pictures.

    Returns:
        (N, 2), held-out predictions: for the first view of each picture, the prediction of a fit
        without the picture's group.
    """
    assert table.groups is not None, "pictures come with themes"
    model.fit_standardizers("image", table.clean_features)
    standardizer, linear = cast(nn.Sequential, model.projections["image"])
    assert isinstance(standardizer, FeatureStandardizer), "LITE_MODEL standardises pictures"
    assert isinstance(linear, nn.Linear), "features and embeddings differ in size"
    views = table.features.float().flatten(0, 1)
    root_shares = feature_shares(tuple(POOLING_SHARES), tuple(BLOCK_SHARES)).sqrt()
    root_shares = root_shares.to(views.device)
    with torch.no_grad():
        # The scaling is folded into the linear layer, so that z = W x has unit mean variance and
        # squared distances are the weighted sums of `POOLING_SHARES` and `BLOCK_SHARES`.
        values = standardizer(views) * root_shares
        directions, scale = principal_directions(values, linear.out_features)
        linear.weight.copy_((directions * root_shares[:, None]).T * scale)
        linear.bias.zero_()
        linear.requires_grad_(False)
        predictor = cast(KernelPredictor, model.va_predictors["image"])
        labels = table.va.repeat_interleave(table.num_views, 0)
        penalty = PENALTY * table.num_views
        predictor.fit(model.project("image", views), labels, bandwidth=scale, penalty=penalty)
        number = {name: row for row, name in enumerate(dict.fromkeys(table.groups))}
        groups = torch.tensor([number[name] for name in table.groups], device=views.device)
        held_out = predictor.predict_held_out(
            labels, groups.repeat_interleave(table.num_views), penalty=penalty
        )
    model.config = replace(model.config, image_va_centres=len(views))
    return held_out[:: table.num_views]


def feature_shares(pooling: Sequence[Pooling], blocks: Sequence[int]) -> Tensor:
    """Return the share (D,) of every column of the tower's features in the kernel."""
    sizes = [(POOLING_SHARES[kind], LAST_CHANNELS) for kind in pooling]
    sizes += [(BLOCK_SHARES[block], 2 * BLOCK_CHANNELS[block]) for block in blocks]
    return torch.cat([torch.full((size,), share / size) for share, size in sizes])


def principal_directions(values: Tensor, num_directions: int) -> tuple[Tensor, float]:
    """Find the principal directions of values by randomised singular value decomposition.

    Args:
        values: (N, D).
        num_directions: E.

    Returns:
        Orthonormal directions (D, E), padded with zeros if fewer than E exist; and the scale that
        gives the projected values a mean variance of 1.
    """
    centred = values - values.mean(0)
    num_found = min(num_directions, *centred.shape)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _, spread, directions = torch.svd_lowrank(centred, q=num_found, niter=ITERATIONS)
    variance = float(spread.square().sum()) / (len(values) * num_directions)
    return nn.functional.pad(directions, (0, num_directions - num_found)), variance**-0.5
