"""What `mmva-lite` is made of and how its heads are trained.

`mmva_core.lite` runs the recipe from the data to the finished model, `mmva_core.lite_folds` judges
it on folds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from mmva_core.batches import Batch
from mmva_core.config import ModelConfig
from mmva_core.lite_images import BLOCK_SHARES, POOLING_SHARES, fit_images
from mmva_core.lite_music import judgement_on_plane
from mmva_core.losses import similarity_loss, va_loss
from mmva_core.matching import fixed_pairs, mean_matching_score, mean_pair_distance
from mmva_core.model import MMVA
from mmva_core.objective import ExtraLoss
from mmva_core.outputs import MMVAOutput
from mmva_core.tables import FeatureTable, TrainingData
from mmva_core.train import TrainResult, train
from mmva_core.train_config import TrainConfig

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

LITE_TRAINING = TrainConfig(epochs=16, mixup=0.4, music_weight=0.0, similarity_weight=0.0)
"""The paper's settings but for four: few epochs (passes over the windows of music; pictures are
gone through seven times as often), mixup, since there are few pictures, `Judgement` in place of
the loss of the music head against the clips' labels, and `CautiousMatching` in place of L_sim. The
labels remain the targets of matching."""
CAUTION = 0.5
"""How far targets of the similarity predictor are drawn to their mean."""


class Judgement(ExtraLoss):
    """Make the music head say what the music tower says: L_VA(music) with soft targets.

    The label of a clip is noise for a single window; the tower's own judgement, its first two
    features, has heard all windows of all clips.
    """

    name = "judgement"

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Give the mean squared error against the tower's judgement on the plane."""
        assert output.music_va is not None, "every batch has music"
        target = judgement_on_plane(batch.music.inputs["features"])
        return va_loss(output.music_va, target, batch.music.weights)


class CautiousMatching(ExtraLoss):
    """L_sim with targets that are drawn to their mean by `CAUTION`.

    A few hundred pictures are soon known by heart. Of pictures that it has not seen the predictor
    is much less sure than it learns to be, and would do worse than a constant.

    Args:
        mean_score: Mean of Eq. 1 over all pairs of training.
    """

    name = "cautious matching"

    def __init__(self, mean_score: float) -> None:
        super().__init__()
        self.mean_score = mean_score

    def forward(self, output: MMVAOutput, batch: Batch) -> Tensor:
        """Give the mean squared error against the moved matching scores."""
        assert output.similarity is not None, "only used with a similarity predictor"
        target = CAUTION * self.mean_score + (1 - CAUTION) * batch.matching_score
        return similarity_loss(output.similarity, target, batch.image.weights * batch.music.weights)


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
    assert isinstance(data.image, FeatureTable), "features of the frozen tower"
    fit_images(model, data.image)
    losses: list[ExtraLoss] = [Judgement()]
    if model.config.with_similarity:
        image_va, music_va = data.image.va, data.music.va
        sigma = mean_pair_distance(image_va, music_va)
        losses.append(CautiousMatching(mean_matching_score(image_va, music_va, sigma)))
    return train(model, data, config, folder, extra_losses=losses, resume=resume, progress=progress)
