"""Make the weights of `PictureReader`: `mmva build content` runs `build_heads`.

The card head learns from drawings and photographs alone. The space of the classes is computed from
WordNet's names and definitions; nothing of it is learned.

Letters in shapes: N pictures, D size of a feature, C classes, E size of an embedding.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from mmva_core.content.cards import draw_card, draw_scene
from mmva_core.content.heads import ContentHeads
from mmva_core.content.text import TextEncoder
from mmva_core.data.open import load_oasis
from mmva_core.errors import DataError
from mmva_core.model import MMVA
from mmva_core.towers import EfficientNetLite0

NUM_PICTURES = 2000
"""Drawings, and as many photographs, that the card head learns from."""
CARD_PENALTY = 0.25
"""Weight of the squared norm of the standardised card head, halved, beside the mean loss."""
NUM_STEPS = 200
"""Iterations of L-BFGS, which stops by itself before."""
EMBEDDING_DIM = 64
"""Directions of MiniLM's space that are kept: people's judgements are followed as well as with all
384, and a long film's embeddings stay small."""
SYNSETS_NAME = "imagenet_synsets.txt"
LEMMAS_NAME = "imagenet_synset_to_lemma.txt"
DEFINITIONS_NAME = "imagenet_synset_to_definition.txt"
BATCH_SIZE = 100
"""Pictures that are drawn before the tower sees them."""


def build_heads(
    data_folder: Path, classes_folder: Path, *, seed: int = 0, progress: bool = False
) -> ContentHeads:
    """Draw pictures, let the tower see them, and fit everything.

    Args:
        data_folder: folder of the open sets, of which OASIS gives the photographs.
        classes_folder: `timm/data/_info` of the Python package timm (Apache-2.0), which holds
            ImageNet's synsets with WordNet's lemmas and definitions.
        seed: of the drawings.
        progress: whether to show a progress bar on stderr.

    Raises:
        DataError: a file is missing or damaged.
        MissingExtraError: the extra "text" is not installed.
    """
    texts = read_class_texts(classes_folder)
    class_embeds, basis = fit_class_space(torch.from_numpy(TextEncoder().embed(texts)))
    model = MMVA.from_pretrained("mmva-lite")
    features, is_card = _drawn_features(model, data_folder, seed, progress)
    weight, bias = fit_card_head(features, is_card)
    tower = cast(EfficientNetLite0, model.tower("image"))
    parts = [part.numpy() for part in (weight, bias, class_embeds, basis)]
    return ContentHeads(tower.feature_name, *parts)


def read_class_texts(folder: Path) -> list[str]:
    """Read ImageNet's 1,000 classes as "name, definition", in the order of the logits.

    Raises:
        DataError: a file is missing or damaged.
    """
    try:
        synsets = (folder / SYNSETS_NAME).read_text(encoding="utf-8").split()
        lemmas = _read_pairs(folder / LEMMAS_NAME)
        definitions = _read_pairs(folder / DEFINITIONS_NAME)
        return [f"{lemmas[name].split(',')[0]}, {definitions[name]}" for name in synsets]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder}: not the ImageNet tables of timm ({error})") from error


def fit_class_space(embeds: Tensor, dim: int = EMBEDDING_DIM) -> tuple[Tensor, Tensor]:
    """Centre embeddings (C, 384) and keep their principal directions.

    Returns:
        The embeddings along the directions (C, E), and the directions (E, 384).
    """
    centred = embeds - embeds.mean(0)
    basis = torch.linalg.svd(centred, full_matrices=False).Vh[:dim]
    return centred @ basis.T, basis


def fit_card_head(features: Tensor, is_card: Tensor) -> tuple[Tensor, Tensor]:
    """Fit a logistic regression with a penalty.

    Args:
        features: (N, D).
        is_card: (N,) 1 for cards, 0 for others.

    Returns:
        Weight (D,) and bias (1,) of the log odds.
    """
    mean, spread = features.mean(0), features.std(0) + 1e-3
    standardised = (features - mean) / spread
    weight = torch.zeros(features.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=NUM_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        odds = standardised @ weight + bias
        loss = nn.functional.binary_cross_entropy_with_logits(odds, is_card)
        loss = loss + CARD_PENALTY / 2 * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    scaled = weight.detach() / spread
    return scaled, bias.detach() - (scaled * mean).sum()


def _drawn_features(
    model: MMVA, data_folder: Path, seed: int, progress: bool
) -> tuple[Tensor, Tensor]:
    """Return features (N, D) of scenes and cards by turns, and which are cards (N,)."""
    photographs = list(load_oasis(data_folder).paths)
    is_card = torch.arange(2 * NUM_PICTURES) % 2

    def draw(number: int) -> np.ndarray:
        draw_one = draw_card if is_card[number] else draw_scene
        return draw_one(photographs, np.random.default_rng((seed, number)))

    def encoded() -> Iterator[Tensor]:
        starts = range(0, len(is_card), BATCH_SIZE)
        for start in tqdm(starts, desc="drawings", disable=not progress):
            numbers = range(start, min(start + BATCH_SIZE, len(is_card)))
            yield model.image_features([draw(number) for number in numbers])

    return torch.cat(list(encoded())), is_card.float()


def _read_pairs(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(cast(tuple[str, str], tuple(line.split("\t", 1))) for line in lines)
