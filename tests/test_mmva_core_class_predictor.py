"""The VA predictor that knows the names of what pictures show."""

import pytest
import torch

from mmva_core.class_predictor import (
    NUM_CLASSES,
    TEMPERATURE,
    VALENCE_WEIGHT,
    ClassKernelPredictor,
    ClassNames,
)
from mmva_core.config import ModelConfig
from mmva_core.model import MMVA

DIM, CLASSES, DIRECTIONS = 4, 6, 3
PENALTY = 0.2


@pytest.fixture
def samples():
    """Embeddings, logits that are linear in them, labels, and names of the classes."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    embeds = draw(40, DIM)
    logits = embeds @ draw(DIM, CLASSES) * 8 + draw(CLASSES)
    names = ClassNames(draw(CLASSES, DIRECTIONS), draw(CLASSES))
    return embeds, logits, torch.rand(40, 2, generator=generator), names


def fitted(embeds, logits, va, names, *, bandwidth=1.5):
    predictor = ClassKernelPredictor(DIM, 1, DIRECTIONS, CLASSES)
    predictor.fit_classes(embeds, logits, names)
    predictor.fit(embeds, va, bandwidth=bandwidth, penalty=PENALTY)
    return predictor


def test_it_solves_the_ridge_problem_of_a_sum_of_three_kernels(samples):
    embeds, logits, va, names = samples
    weights = torch.softmax(logits / TEMPERATURE, 1)
    places = weights @ names.embeds
    readings = torch.cat(
        [places / places.norm(dim=1, keepdim=True), (weights @ names.valence)[:, None]], 1
    )
    readings = (readings - readings.mean(0)) / readings.std(0, correction=0)
    look = torch.cdist(embeds, embeds).square() / (2 * 1.5**2)
    meaning = torch.cdist(readings[:, :-1], readings[:, :-1]).square() / (2 * DIRECTIONS)
    kernel = torch.exp(-look) + torch.exp(-meaning)
    kernel += VALENCE_WEIGHT * torch.outer(readings[:, -1], readings[:, -1])
    dual = torch.linalg.solve(kernel + PENALTY * torch.eye(40), va - va.mean(0))

    predicted = fitted(*samples)(embeds)

    # Logits are read with a small penalty, hence the tolerance.
    expected = (kernel @ dual + va.mean(0)).clamp(0, 1)
    torch.testing.assert_close(predicted, expected, atol=0.01, rtol=0)


def test_pictures_that_look_unlike_but_show_the_same_are_alike(samples):
    embeds, logits, va, names = samples
    narrow = fitted(embeds, logits, va, names, bandwidth=0.01)  # of looks nothing is left
    same = ClassNames(torch.ones(CLASSES, DIRECTIONS), torch.zeros(CLASSES))
    blind = fitted(embeds, logits, va, same, bandwidth=0.01)
    near = embeds + 0.05  # beyond the reach of the narrow kernel

    assert float((blind(near) - va.mean(0)).abs().max()) < 0.02
    assert float((narrow(near) - va.mean(0)).abs().max()) > 0.1


def test_a_model_with_directions_loads_what_it_saved(tmp_path):
    config = ModelConfig(
        embedding_dim=DIM, hidden_dim=4, image_va_centres=5, image_class_directions=DIRECTIONS
    )
    model = MMVA(config)
    predictor = model.va_predictors["image"]
    logits = torch.randn(5, NUM_CLASSES)
    names = ClassNames(torch.randn(NUM_CLASSES, DIRECTIONS), torch.randn(NUM_CLASSES))
    embeds = torch.randn(5, DIM)
    predictor.fit_classes(embeds, logits, names)
    predictor.fit(embeds, torch.rand(5, 2), bandwidth=1.0, penalty=PENALTY)

    again = MMVA.from_pretrained(model.save_pretrained(tmp_path))

    torch.testing.assert_close(again.predict_va("image", embeds), predictor(embeds))


def test_directions_need_centres():
    with pytest.raises(ValueError, match="image_class_directions"):
        ModelConfig(image_class_directions=3)
