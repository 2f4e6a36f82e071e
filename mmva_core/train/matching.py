"""Matching scores between pictures and music, and which picture meets which clip in training.

Letters in shapes: I pictures, M clips, B pairs, P fixed pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

PICTURES_AT_ONCE = 64
"""Rows of the distance matrix held at once while sigma is computed; few, so that they stay in the
processor's cache."""


def mean_pair_distance(image_va: Tensor, music_va: Tensor) -> float:
    """Return sigma of Eq. 1: the mean Euclidean distance over all image-music pairs.

    Args:
        image_va: (I, 2) valence and arousal of the pictures; rows with NaN are left out.
        music_va: (M, 2) the same of the clips.

    Returns:
        The mean of the I * M distances, computed in float64.

    Raises:
        ValueError: a side has no labelled row, or all distances are zero.

    >>> mean_pair_distance(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 0.5], [0.0, 1.0]]))
    0.75
    """
    sigma = _mean_over_pairs(image_va, music_va, lambda distance: distance)
    if sigma == 0:
        raise ValueError("sigma is zero: every picture and every clip has the same label")
    return sigma


def mean_matching_score(image_va: Tensor, music_va: Tensor, sigma: float) -> float:
    """Return the mean of Eq. 1 over all image-music pairs: what a constant predictor says.

    Raises:
        ValueError: a side has no labelled row.
    """
    return _mean_over_pairs(image_va, music_va, lambda distance: torch.exp(-distance / sigma))


def matching_score(image_va: Tensor, music_va: Tensor, sigma: float) -> Tensor:
    """Score pairs by Eq. 1: exp(-d / sigma), d the distance between the two VA vectors.

    Args:
        image_va: (..., 2) valence and arousal of the pictures.
        music_va: (..., 2) the same of the clips, broadcast against `image_va`.
        sigma: scale, see `mean_pair_distance`.

    Returns:
        (...) in (0, 1]; NaN where a label is NaN.
    """
    return torch.exp(-(image_va - music_va).norm(dim=-1) / sigma)


def random_matching(
    num_images: int, num_music: int, num_pairs: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw pairs for an epoch: any picture with any clip.

    Each side is a chain of random permutations, so that every picture and every clip comes up
    equally often, to within one.

    Args:
        num_images: I, number of pictures.
        num_music: M, number of clips.
        num_pairs: B, pairs to draw.
        generator: source of randomness.

    Returns:
        Picture rows (B,) and clip rows (B,), int64.
    """
    return (
        permutation_chain(num_images, num_pairs, generator),
        permutation_chain(num_music, num_pairs, generator),
    )


def paired_matching(
    pairs: Tensor, num_pairs: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw from a fixed list of pairs (P, 2) in random order ("No Random Matching").

    Returns:
        Picture rows (B,) and clip rows (B,), int64.
    """
    chosen = pairs[permutation_chain(len(pairs), num_pairs, generator)]
    return chosen[:, 0], chosen[:, 1]


def fixed_pairs(num_images: int, num_music: int, *, seed: int) -> Tensor:
    """Draw a list of pairs once, where a data set brings none of its own.

    Returns:
        (max(I, M), 2) int64: every picture and every clip at least once.
    """
    generator = torch.Generator().manual_seed(seed)
    num_pairs = max(num_images, num_music)
    return torch.stack(random_matching(num_images, num_music, num_pairs, generator), dim=1)


def permutation_chain(size: int, length: int, generator: torch.Generator) -> Tensor:
    """String random permutations of `size` rows together until there are `length`.

    Returns:
        (length,) int64.

    Raises:
        ValueError: there is nothing to draw from.
    """
    if size < 1:
        raise ValueError("there is nothing to draw from: the table is empty")
    num_rounds = -(-length // size)
    rounds = [torch.randperm(size, generator=generator) for _ in range(num_rounds)]
    return torch.cat(rounds)[:length] if rounds else torch.empty(0, dtype=torch.int64)


def _mean_over_pairs(
    image_va: Tensor, music_va: Tensor, score: Callable[[Tensor], Tensor]
) -> float:
    images, music = (_labelled(va).to(torch.float64) for va in (image_va, music_va))
    if len(images) == 0 or len(music) == 0:
        raise ValueError("pairs need at least one labelled picture and one labelled clip")
    total = 0.0
    for part in torch.split(images, PICTURES_AT_ONCE):
        # Direct differences: the way through a matrix product loses digits of small distances.
        distances = torch.cdist(part, music, compute_mode="donot_use_mm_for_euclid_dist")
        total += float(score(distances).sum())
    return total / (len(images) * len(music))


def _labelled(va: Tensor) -> Tensor:
    return va[~va.isnan().any(dim=1)]
