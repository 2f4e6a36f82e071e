"""The configuration of `mmva-lite` and the training of its heads.

`mmva_core.lite.run` runs the recipe from the data to the finished model;
`mmva_core.studies.lite_folds` evaluates it by cross-validation.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmva_core.config import ModelConfig
from mmva_core.lite.fit_images import BLOCK_SHARES, POOLING_SHARES, fit_images
from mmva_core.lite.music_rows import HELD_OUT_VA, tower_va_on_plane
from mmva_core.lite.similarity import ExpectedMatching, LinearCalibration
from mmva_core.model import MMVA
from mmva_core.outputs import MMVAOutput
from mmva_core.train import (
    Batch,
    ExtraLoss,
    FeatureTable,
    TrainConfig,
    TrainingData,
    TrainResult,
    fixed_pairs,
    train_model,
    va_loss,
)

LITE_MODEL = ModelConfig(
    image_pooling=tuple(POOLING_SHARES),
    image_blocks=tuple(BLOCK_SHARES),
    image_geometry="rect",
    standardize=("image", "caption"),
    music_window_seconds=6.0,
    caption_layers=(0, 2, 4, 6),
    image_va_centres=1,
)
"""Configuration of `mmva-lite`. The last map describes the content of a picture; mean and deviation
of the last two blocks before it add its appearance. The geometry "rect" keeps the sides of a wide
frame at the cost of a square. Early layers of the sentence tower add the arousal of single words;
the last was trained to separate topics. `fit_images` sets the number of centres."""

LITE_TRAINING = TrainConfig(epochs=16, mixup=0.4, music_weight=0.0)
"""The paper's settings with three changes: fewer epochs (passes over the windows of music; each
picture comes up seven times as often), mixup, since pictures are few, and `Distillation` in place
of L_VA of the music. The labels of the clips remain the targets of matching."""
LITE_SIMILARITY: dict[str, Any] = {
    "epochs": 60,
    "learning_rate": 1e-3,
    "mixup": 0.0,
    "image_weight": 0.0,
    "caption_weight": 0.0,
    "similarity_weight": 0.0,
    "contrastive": 0.0,
}
"""Changes to `LITE_TRAINING` for training the similarity predictor on `ExpectedMatching`."""
HEADS_FOLDER = "heads"
"""Sub-folder with the run that trains the other heads, before the similarity predictor."""


class Distillation(ExtraLoss):
    """L_VA of music with the predictions of the music tower as soft targets.

    The label of a clip is a noisy target for a single window; the tower's own prediction, its first
    two features, averages over the windows of all clips.
    """

    name = "distillation"

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Return the mean squared error against the tower's predictions."""
        assert output.music_va is not None, "every batch has music"
        target = tower_va_on_plane(batch.music.inputs["features"])
        return va_loss(output.music_va, target, batch.music.weights)


def build_lite(seed: int, *, with_similarity: bool = True) -> MMVA:
    """Build an untrained `mmva-lite`; the seed decides the initial heads."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MMVA(replace(LITE_MODEL, with_similarity=with_similarity))


def fit_lite(
    model: MMVA,
    data: TrainingData,
    config: TrainConfig,
    folder: Path,
    *,
    resume: bool = False,
    progress: bool = False,
) -> TrainResult:
    """Train the heads by Eq. 4, then the similarity predictor alone, without model selection.

    Args:
        model: a model from `build_lite`; trained in place.
        data: training part of `EncodedTables`.
        config: settings. The open sets have no list of pairs like IMEMNet-C: matching "paired"
            draws random pairs once and keeps them.
        folder: folder of the run.
        resume: continue the run in the folder.
        progress: show a progress bar on stderr.
    """
    if config.matching == "paired":
        data = replace(data, pairs=fixed_pairs(len(data.image), len(data.music), seed=config.seed))
    assert isinstance(data.image, FeatureTable), "features of the frozen tower"
    image_calibration = LinearCalibration.fit(fit_images(model, data.image), data.image.va)
    has_similarity = model.similarity_predictor is not None
    heads = train_model(
        model,
        data,
        config,
        folder / HEADS_FOLDER if has_similarity else folder,
        extra_losses=[Distillation()],
        resume=resume,
        progress=progress,
    )
    if model.similarity_predictor is None:
        return heads
    assert model.config.sigma is not None, "set by training"
    music_calibration = LinearCalibration.fit(data.music.extra[HELD_OUT_VA], data.music.va)
    model.requires_grad_(False)
    model.similarity_predictor.requires_grad_(True)
    return train_model(
        model,
        data,
        replace(config, **LITE_SIMILARITY),
        folder,
        extra_losses=[ExpectedMatching(image_calibration, music_calibration, model.config.sigma)],
        resume=resume,
        progress=progress,
    )
