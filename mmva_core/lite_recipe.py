"""What `mmva-lite` is made of and how its heads are trained.

`mmva_core.lite` runs the recipe from the data to the finished model, `mmva_core.lite_folds` judges
it on folds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from mmva_core.config import ModelConfig
from mmva_core.matching import fixed_pairs
from mmva_core.model import MMVA
from mmva_core.tables import TrainingData
from mmva_core.train import TrainResult, train
from mmva_core.train_config import TrainConfig

LITE_MODEL = ModelConfig(
    image_pooling=("mean",),
    image_blocks=(15,),
    image_geometry="rect",
    standardize=("image", "caption"),
    music_window_seconds=6.0,
)
"""The last map says what is there; the mean and spread of the last block before it keep some of how
it looks. Middle blocks help on photographs and hurt on films. Whole pictures keep what happens at
the sides of a wide frame, at the cost of a square."""

LITE_TRAINING = TrainConfig(epochs=25)
"""The paper's settings but for the number of epochs, here passes over the windows of music: the
pictures are far fewer and are gone through seven times as often."""


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
    """Train the heads by Eq. 4 for a fixed number of epochs; nothing is selected.

    Args:
        model: A model from `build_lite`; trained in place.
        data: Part of the `LiteTables` that may be trained on.
        config: Settings. The open sets have no pairs like IMEMNet-C's: with matching "paired"
            pictures and clips meet at random once, and stay together.
        folder: Where the run lives.
        resume: Go on with the run in the folder.
        progress: Show a progress bar on stderr.
    """
    if config.matching == "paired":
        data = replace(data, pairs=fixed_pairs(len(data.image), len(data.music), seed=config.seed))
    return train(model, data, config, folder, resume=resume, progress=progress)
