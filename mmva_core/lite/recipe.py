"""What `mmva-lite` is made of and how its heads are trained.

`mmva_core.lite.run` runs the recipe from the data to the finished model,
`mmva_core.studies.lite_folds` evaluates it on folds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmva_core.config import ModelConfig
from mmva_core.lite.fit_images import BLOCK_SHARES, POOLING_SHARES, fit_images
from mmva_core.lite.music_rows import UNSEEN_VA, judgement_on_plane
from mmva_core.lite.similarity import ExpectedMatching, Trust
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
"""The last map says what is there; the mean and spread of the last two blocks before it keep some
of how it looks. Whole pictures keep what happens at the sides of a wide frame, at the cost of a
square. Early layers of the sentence tower know more of arousal, which hangs on words, than the
last, which was trained to tell topics apart. `fit_images` sets the number of centres."""

LITE_TRAINING = TrainConfig(epochs=16, mixup=0.4, music_weight=0.0)
"""The paper's settings but for three: few epochs (passes over the windows of music; pictures are
gone through seven times as often), mixup, since there are few pictures, and `Judgement` in place of
the loss of the music head against the clips' labels. The labels remain the targets of matching."""
LITE_SIMILARITY: dict[str, Any] = {
    "epochs": 60,
    "learning_rate": 1e-3,
    "mixup": 0.0,
    "image_weight": 0.0,
    "caption_weight": 0.0,
    "similarity_weight": 0.0,
}
"""What differs from `LITE_TRAINING` when `ExpectedMatching` teaches the similarity predictor."""
HEADS_FOLDER = "heads"
"""Folder of the first run inside a run that teaches the similarity predictor afterwards."""


class Judgement(ExtraLoss):
    """Make the music head say what the music tower says: L_VA(music) with soft targets.

    The label of a clip is noise for a single window; the tower's own judgement, its first two
    features, has heard all windows of all clips.
    """

    name = "judgement"

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Return the mean squared error against the tower's judgement on the plane."""
        assert output.music_va is not None, "every batch has music"
        target = judgement_on_plane(batch.music.inputs["features"])
        return va_loss(output.music_va, target, batch.music.weights)


def build_lite(seed: int, *, with_similarity: bool = True) -> MMVA:
    """Make an untrained `mmva-lite`; its heads are a function of the seed."""
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
    """Train the heads by Eq. 4, then the similarity predictor alone; nothing is selected.

    Args:
        model: a model from `build_lite`; trained in place.
        data: part of the `HeardTables` that may be trained on.
        config: settings. The open sets have no pairs like IMEMNet-C's: with matching "paired"
            pictures and clips meet at random once, and stay together.
        folder: where the run lives.
        resume: go on with the run in the folder.
        progress: show a progress bar on stderr.
    """
    if config.matching == "paired":
        data = replace(data, pairs=fixed_pairs(len(data.image), len(data.music), seed=config.seed))
    assert isinstance(data.image, FeatureTable), "features of the frozen tower"
    image_trust = Trust.measure(fit_images(model, data.image), data.image.va)
    has_similarity = model.similarity_predictor is not None
    heads = train_model(
        model,
        data,
        config,
        folder / HEADS_FOLDER if has_similarity else folder,
        extra_losses=[Judgement()],
        resume=resume,
        progress=progress,
    )
    if model.similarity_predictor is None:
        return heads
    assert model.config.sigma is not None, "set by training"
    music_trust = Trust.measure(data.music.extra[UNSEEN_VA], data.music.va)
    model.requires_grad_(False)
    model.similarity_predictor.requires_grad_(True)
    return train_model(
        model,
        data,
        replace(config, **LITE_SIMILARITY),
        folder,
        extra_losses=[ExpectedMatching(image_trust, music_trust, model.config.sigma)],
        resume=resume,
        progress=progress,
    )
