"""Fit the VA predictor of pictures anew, with the names of what the pictures show.

`class-names.safetensors` in the folder of `mmva-lite` holds the names of ImageNet's classes as
points among texts and their valence; `mmva build class-names` makes it. No picture takes part.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import save_file
from torch import Tensor

from mmva_core.class_predictor import ClassKernelPredictor, ClassNames
from mmva_core.data.open import load_oasis
from mmva_core.heads import KernelPredictor
from mmva_core.lite.tables import load_picture_views
from mmva_core.model import MMVA
from mmva_core.store import EMBEDDED_FOLDER, read_tensors, write_whole
from mmva_core.towers import EfficientNetLite0
from mmva_core.train import FeatureTable

NAMES_PATH = EMBEDDED_FOLDER / "mmva-lite" / "class-names.safetensors"
"""The names that come with the package."""
PENALTY = 0.3
"""Penalty of the predictor for each view of a picture."""


def save_class_names(names: ClassNames, path: Path) -> None:
    """Write the names in half precision, at once."""
    tensors = {"embeds": names.embeds.half(), "valence": names.valence.half()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda temporary: save_file(tensors, temporary))


def load_class_names(path: Path = NAMES_PATH) -> ClassNames:
    """Read what `save_class_names` wrote.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    tensors = read_tensors(path)
    return ClassNames(tensors["embeds"].float(), tensors["valence"].float())


def fit_picture_predictor(model: MMVA, table: FeatureTable, names: ClassNames) -> None:
    """Replace the VA predictor of pictures by one that knows the names of what they show.

    Embeddings stay as they are, and with them the predictors of similarity, music and sentences.

    Args:
        model: a model whose projection of pictures is fitted.
        table: features (N, V, D) with labels, of the training pictures.
        names: of the classes of the model's image tower.
    """
    tower = model.tower("image")
    assert isinstance(tower, EfficientNetLite0), "the tower of LITE_MODEL"
    views = table.features.float().flatten(0, 1).to(model.device)
    labels = table.va.repeat_interleave(table.num_views, 0).to(model.device)
    with torch.no_grad():
        embeds: Tensor = model.project("image", views)
        logits = tower.class_logits(views)
    bandwidth = float(cast(KernelPredictor, model.va_predictors["image"]).width)
    predictor = ClassKernelPredictor(embeds.shape[1], len(embeds), names.embeds.shape[1])
    predictor.to(model.device).fit_classes(embeds, logits, names)
    predictor.fit(embeds, labels, bandwidth=bandwidth, penalty=PENALTY * table.num_views)
    model.va_predictors["image"] = predictor
    model.config = replace(
        model.config, image_va_centres=len(embeds), image_class_directions=names.embeds.shape[1]
    )


def refit_pictures(name: str, root: Path, cache: Path, *, progress: bool = False) -> MMVA:
    """Load a model and fit its VA predictor of pictures anew; the rest stays as it is.

    Args:
        name: "mmva-lite", or the folder of a model like it.
        root: folder of the open sets.
        cache: folder of cached features.
        progress: show progress bars on stderr.

    Raises:
        CheckpointError: the model cannot be loaded.
        DataError: OASIS is missing or damaged.
    """
    model = MMVA.from_pretrained(name)
    table = load_picture_views(model, load_oasis(root), cache, progress=progress)
    fit_picture_predictor(model, table, load_class_names())
    return model
