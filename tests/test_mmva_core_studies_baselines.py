"""Table 1's baselines: they train, and their objectives do what they say."""

import pytest
import torch
from mmva_tiny import feature_table

from mmva_core.studies.baselines import (
    BASELINES,
    Baseline,
    BaselineOutput,
    evaluate_baseline,
    metric_loss,
    train_baseline,
)
from mmva_core.train.config import TrainConfig
from mmva_core.train.matching import mean_pair_distance
from mmva_core.train.tables import TrainingData
from mmva_core.train.validate import Constants

WIDTH = 8


def pairs_data(seed=0, num_images=12, num_clips=10):
    music = feature_table(num_clips, (3, 9), seed=seed + 1)
    return TrainingData(feature_table(num_images, (10,), seed=seed), music, music)


def config(**changes):
    return TrainConfig(**({"epochs": 30, "batch_size": 6, "learning_rate": 0.01} | changes))


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_lowers_its_loss(name):
    losses = []
    train_baseline(
        name, pairs_data(), config(), width=WIDTH, on_epoch=lambda _, loss: losses.append(loss)
    )
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("name", BASELINES)
def test_training_a_baseline_is_deterministic(name):
    first, second = (
        train_baseline(name, pairs_data(), config(epochs=2), width=WIDTH) for _ in range(2)
    )
    for left, right in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(left, right)


def test_every_baseline_is_measured_like_mmva():
    training, test = pairs_data(0), pairs_data(5)
    constants = Constants.of(training, mean_pair_distance(training.image.va, training.music.va))
    for name in BASELINES:
        model = train_baseline(name, training, config(epochs=1), width=WIDTH)
        evaluation = evaluate_baseline(model, test, constants)
        assert set(evaluation.va) == {"image", "music"}
        assert evaluation.similarity.num_samples == 12


def test_baselines_follow_the_settings_of_mmvas_training():
    clipped, plain = (
        train_baseline("cdcml", pairs_data(), config(epochs=2, gradient_clip=limit), width=WIDTH)
        for limit in (1e-9, None)
    )
    moved = [
        float((left - right).detach().abs().max())
        for left, right in zip(clipped.parameters(), plain.parameters(), strict=True)
    ]
    assert max(moved) > 0


@pytest.mark.parametrize(("name", "learns"), [("l3-net", False), ("acp-net", True)])
def test_only_some_let_emotion_shape_the_common_space(name, learns):
    model = Baseline(name, 10, 9, width=WIDTH, sigma=0.3)
    output = model(torch.randn(4, 10), torch.randn(4, 9))
    output.image_va.sum().backward()
    gradient = model.image_projection[0].weight.grad
    assert (gradient is not None) == learns


def embedded(image, music):
    blank = torch.zeros(len(image), 2)
    return BaselineOutput(blank, blank, blank[:, 0], image, music)


def test_cdcmls_metric_is_zero_where_distances_follow_the_labels():
    generator = torch.Generator().manual_seed(0)
    image_va, music_va = torch.rand(2, 5, 2, generator=generator)
    scaled = embedded(image_va * 7, music_va * 7)
    assert metric_loss(scaled, image_va, music_va).item() == pytest.approx(0, abs=0.02)
    shuffled = embedded(image_va.flip(0) * 7, music_va * 7)
    assert metric_loss(shuffled, image_va, music_va).item() > 0.1


def test_cdcmls_metric_has_a_gradient_where_embeddings_meet():
    image = torch.zeros(3, 2, requires_grad=True)
    loss = metric_loss(embedded(image, torch.zeros(3, 2)), torch.rand(3, 2), torch.rand(3, 2))
    loss.backward()
    assert bool(image.grad.isfinite().all())


def test_baselines_need_features():
    table = pairs_data().image
    labels_only = TrainingData(
        type(table).__mro__[1](va=table.va, ids=table.ids), pairs_data().music, pairs_data().music
    )
    with pytest.raises(TypeError, match="feature tables"):
        train_baseline("cdcml", labels_only, config())
