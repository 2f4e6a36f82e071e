"""The contrastive term: by hand, off by default, and what it teaches the embeddings."""

import math
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmva_tiny import tiny_data, tiny_model

from mmva_core.cli.program import main
from mmva_core.errors import DataError
from mmva_core.retrieval.rank import unit_rows
from mmva_core.train import loop
from mmva_core.train.batches import epoch_batches
from mmva_core.train.config import TrainConfig
from mmva_core.train.contrastive import START_TEMPERATURE, Contrastive
from mmva_core.train.distributed import Processes
from mmva_core.train.loop import train_model
from mmva_core.train.losses import contrastive_loss
from mmva_core.train.matching import mean_pair_distance
from mmva_core.train.tables import FeatureTable, TrainingData

EYE = torch.eye(2, dtype=torch.bool)


def test_contrastive_loss_by_hand():
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
    captions = (math.log(1 + math.exp(1 - 2)) + math.log(1 + math.exp(0 - 3))) / 2
    music = (math.log(1 + math.exp(0 - 2)) + math.log(1 + math.exp(1 - 3))) / 2
    assert float(contrastive_loss(logits, EYE)) == pytest.approx((captions + music) / 2)


def test_rows_of_one_caption_are_no_negatives():
    logits = torch.tensor([[2.0, 9.0, 1.0], [9.0, 2.0, 1.0], [0.0, 0.0, 3.0]])
    same = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
    of_third = math.log(1 + 2 * math.exp(0 - 3)), math.log(1 + 2 * math.exp(1 - 3))
    first = math.log(1 + math.exp(1 - 2)), math.log(1 + math.exp(0 - 2))
    expected = sum((2 * a + b) / 3 for a, b in zip(first, of_third, strict=True)) / 2
    assert float(contrastive_loss(logits, same)) == pytest.approx(expected)


def batch_of(data, **changes):
    config = TrainConfig(epochs=1, batch_size=len(data.music), **changes)
    sigma = mean_pair_distance(data.image.va, data.music.va)
    return next(epoch_batches(data, config, 0, sigma, slice(0, config.batch_size)))


def test_the_term_is_infonce_of_the_embeddings_at_the_starting_temperature():
    model = tiny_model().eval()
    batch = batch_of(tiny_data(model))
    features = (batch.music.inputs["features"], batch.caption.inputs["features"])
    with torch.no_grad():
        output = model.forward_features(None, *features)
        found = float(Contrastive(1.0)(output, batch))
    cosines = unit_rows(output.caption_embeds) @ unit_rows(output.music_embeds).T
    logits = torch.from_numpy(cosines / START_TEMPERATURE)
    expected = contrastive_loss(logits, torch.eye(len(logits), dtype=torch.bool))
    assert found == pytest.approx(float(expected), rel=1e-4)


def paired_data(model):
    """Captions whose features tell of which clip they are, in a space of their own."""
    data = tiny_data(model, num_images=40, num_clips=40)
    assert isinstance(data.music, FeatureTable)
    generator = torch.Generator().manual_seed(3)
    mixing = torch.randn(data.music.features.shape[1], 384, generator=generator)
    caption = replace(data.caption, features=data.music.features @ mixing / 10)
    return TrainingData(data.image, data.music, caption)


def own_places(model, data):
    """Rank of each caption's clip by cosine, from 0."""
    model.eval()
    with torch.no_grad():
        output = model.forward_features(None, data.music.features, data.caption.features)
    cosines = unit_rows(output.caption_embeds) @ unit_rows(output.music_embeds).T
    return (cosines > np.diag(cosines)[:, None]).sum(1)


def test_music_finds_its_caption_with_the_term_and_not_without(tmp_path):
    places = {}
    for weight in (0.0, 1.0):
        model = tiny_model(embedding_dim=32)
        data = paired_data(model)
        config = TrainConfig(epochs=60, batch_size=40, learning_rate=3e-3, contrastive=weight)
        train_model(model, data, config, tmp_path / str(weight))
        places[weight] = own_places(model, data).mean()
    assert places[1.0] < 1
    assert places[0.0] > 8  # of 40; chance is 19.5


def test_it_is_logged_by_its_name_and_is_off_by_default(tmp_path):
    assert TrainConfig().contrastive == 0
    for weight, is_logged in ((0.0, False), (0.5, True)):
        model = tiny_model()
        config = TrainConfig(epochs=1, batch_size=8, contrastive=weight)
        train_model(model, tiny_data(model), config, tmp_path / str(weight))
        header = (tmp_path / str(weight) / "log.csv").read_text().splitlines()[0]
        assert ("contrastive" in header) is is_logged


def test_mixup_mixes_a_clip_and_its_caption_alike():
    model = tiny_model()
    data = tiny_data(model)
    number = torch.arange(len(data.music), dtype=torch.float32)
    shape = data.music.features.shape[1]
    data = TrainingData(
        data.image,
        replace(data.music, features=number[:, None].repeat(1, shape)),
        replace(data.caption, features=number[:, None].repeat(1, 384)),
    )
    alike = {}
    for weight in (0.0, 0.1):
        batch = batch_of(data, mixup=0.4, contrastive=weight)
        first, second = (part.inputs["features"][:, 0] for part in (batch.music, batch.caption))
        alike[weight] = bool(torch.allclose(first, second))
    assert alike == {0.0: False, 0.1: True}


def test_several_processes_are_refused(tmp_path, monkeypatch):
    two = nullcontext(Processes(rank=0, world_size=2))
    monkeypatch.setattr(loop, "join_processes", lambda device: two)
    model = tiny_model()
    config = TrainConfig(epochs=1, batch_size=8, contrastive=0.1)
    with pytest.raises(DataError, match="use one process"):
        train_model(model, tiny_data(model), config, tmp_path)


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="contrastive must not be negative"):
        TrainConfig(contrastive=-1)


@pytest.mark.parametrize("text", ["-1", "much", "nan", "inf"])
def test_a_weight_that_is_none_is_wrong_usage(text, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["train", "--preset", "mmva-lite", "-o", "run", f"--contrastive={text}"])
    assert "must be a number from 0 on" in capsys.readouterr().err
