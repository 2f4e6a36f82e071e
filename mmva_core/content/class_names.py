"""Make `class-names.safetensors`: `mmva build class-names` runs `build_class_names`.

Letters in shapes: C classes.
"""

from __future__ import annotations

from pathlib import Path

import torch

from mmva_core.class_predictor import ClassNames
from mmva_core.content.fit import fit_class_space, read_class_texts
from mmva_core.content.text import TextEncoder
from mmva_core.lite import build_lite, sentence_table
from mmva_core.ridge import fit_ridge

VALENCE_PENALTY = 0.3
"""Penalty of the valence of a name, for standardised features of the sentence tower. Chosen on
EmoBank's development split."""


def build_class_names(data_folder: Path, classes_folder: Path, cache: Path) -> ClassNames:
    """Place the names of ImageNet's classes among texts, and predict their valence.

    The valence is a ridge regression on the sentences of EmoBank's training split.

    Args:
        data_folder: folder of the open sets.
        classes_folder: as for `build_heads`.
        cache: folder of cached features.

    Raises:
        DataError: a file is missing or damaged.
        MissingExtraError: the extra "text" is not installed.
    """
    names = [text.partition(",")[0] for text in read_class_texts(classes_folder)]
    embeds, _ = fit_class_space(torch.from_numpy(TextEncoder().embed(names)))
    model = build_lite(0)  # for its sentence tower, whose weights come with a package
    sentences = sentence_table(model, data_folder, cache, split="train")
    features, valence = sentences.features.float(), sentences.va[:, :1]
    mean, deviation = features.mean(0), features.std(0).clamp(min=1e-6)
    weights = fit_ridge((features - mean) / deviation, valence - valence.mean(), VALENCE_PENALTY)
    own = (model.caption_features(names) - mean) / deviation
    return ClassNames(embeds, (own.double() @ weights)[:, 0].float())
