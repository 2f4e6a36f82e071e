"""Small models and made tables for the tests of mmva_core."""

import torch

from mmva_core import MMVA, ModelConfig
from mmva_core.train.tables import FeatureTable, TrainingData

IMAGE_DIM, CAPTION_DIM = 1280, 384


def tiny_config(**changes):
    values = {"embedding_dim": 8, "hidden_dim": 8, "dropout": 0.25} | changes
    return ModelConfig(**values)


def tiny_model(seed=0, **changes):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MMVA(tiny_config(**changes))


def feature_table(num_samples, shape, *, seed=0, **columns):
    """Features whose mean over the first entries decides the label, so that there is a signal."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(num_samples, *shape, generator=generator)
    flat = features.reshape(num_samples, -1)
    va = torch.sigmoid(torch.stack([flat[:, :4].sum(1), flat[:, 4:8].sum(1)], dim=1))
    ids = tuple(f"{seed}-{index}" for index in range(num_samples))
    return FeatureTable(features=features, va=va, ids=ids, **columns)


def tiny_data(model, *, num_images=12, num_clips=10, seed=0, pairs=None, sentences=None):
    music_shape = model.tower("music").feature_shape
    music = feature_table(num_clips, music_shape, seed=seed + 1)
    caption = feature_table(num_clips, (CAPTION_DIM,), seed=seed + 2)
    caption = FeatureTable(features=caption.features, va=music.va, ids=music.ids)
    image = feature_table(num_images, (IMAGE_DIM,), seed=seed)
    return TrainingData(image, music, caption, sentences, pairs)
