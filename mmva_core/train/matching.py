"""Matching scores of pairs, their scale sigma, and the pairing of pictures with clips in training.

Letters in shapes: I pictures, M clips, B pairs, P fixed pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mmva_core.matching_score import score_of_distance

PICTURES_AT_ONCE = 64
"""Rows of the distance matrix held at once while sigma is computed; so few fit into the processor's
cache."""


def mean_pair_distance(image_va: Tensor, music_va: Tensor) -> float:
    """Return sigma of Eq. 1: the mean Euclidean distance over all image-music pairs.

    Args:
        image_va: (I, 2) valence and arousal of the pictures; rows with NaN are left out.
        music_va: (M, 2) valence and arousal of the clips; rows with NaN are left out.

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
    """Return the mean of Eq. 1 over all image-music pairs: the best constant prediction.

    Raises:
        ValueError: a side has no labelled row.
    """
    return _mean_over_pairs(image_va, music_va, lambda distance: score_of_distance(distance, sigma))


def matching_score(image_va: Tensor, music_va: Tensor, sigma: float) -> Tensor:
    """Score pairs by Eq. 1, from the distance between the two VA vectors.

    Args:
        image_va: (..., 2) valence and arousal of the pictures.
        music_va: (..., 2) valence and arousal of the clips, broadcast against `image_va`.
        sigma: scale, see `mean_pair_distance`.

    Returns:
        (...) in (0, 1]; NaN where a label is NaN.
    """
    distance: Tensor = (image_va - music_va).norm(dim=-1)
    return score_of_distance(distance, sigma)


def random_matching(
    num_images: int, num_music: int, num_pairs: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw the pairs of an epoch: any picture with any clip.

    Each side is a chain of random permutations. With 3 pictures, 2 clips and 6 pairs:

        pictures  2 0 1 | 1 2 0       every row comes up equally often, to within one
        clips     1 0 | 0 1 | 1 0

    Args:
        num_images: I, number of pictures.
        num_music: M, number of clips.
        num_pairs: B, pairs to draw.
        generator: random numbers.

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
    """Draw a fixed list of pairs for a data set without one.

    Returns:
        (max(I, M), 2) int64: every picture and every clip at least once.
    """
    generator = torch.Generator().manual_seed(seed)
    num_pairs = max(num_images, num_music)
    return torch.stack(random_matching(num_images, num_music, num_pairs, generator), dim=1)


def permutation_chain(size: int, length: int, generator: torch.Generator) -> Tensor:
    """Join random permutations of `size` rows, cut to `length`.

    Returns:
        (length,) int64.

    Raises:
        ValueError: `size` is zero.
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
        # Direct differences: a matrix product would lose digits of small distances.
        distances = torch.cdist(part, music, compute_mode="donot_use_mm_for_euclid_dist")
        total += float(score(distances).sum())
    return total / (len(images) * len(music))


def _labelled(va: Tensor) -> Tensor:
    return va[~va.isnan().any(dim=1)]
