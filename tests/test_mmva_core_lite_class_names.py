"""The names of classes that come with the package, and the fit of pictures by them."""

import pytest
import torch

from mmva_core.class_predictor import NUM_CLASSES, ClassKernelPredictor, ClassNames
from mmva_core.errors import CheckpointError
from mmva_core.lite.class_names import fit_picture_predictor, load_class_names, save_class_names
from mmva_core.lite.fit_images import feature_shares, fit_images
from mmva_core.lite.recipe import LITE_MODEL, build_lite
from mmva_core.train.tables import FeatureTable

BEACH, MISSILE = 978, 657  # "seashore" and "missile" among ImageNet's classes


@pytest.fixture(scope="module")
def fitted():
    """A model before and after the fit, by its weights, and the table it was fitted to."""
    generator = torch.Generator().manual_seed(0)
    model = build_lite(0)
    size = len(feature_shares(LITE_MODEL.image_pooling, LITE_MODEL.image_blocks))
    table = FeatureTable(
        features=torch.rand(30, 2, size, generator=generator),
        with_views=True,
        va=torch.rand(30, 2, generator=generator),
        ids=tuple(map(str, range(30))),
        groups=tuple(f"theme {number // 2}" for number in range(30)),
    )
    fit_images(model, table)
    before = {name: value.clone() for name, value in model.own_state_dict().items()}
    fit_picture_predictor(model, table, load_class_names())
    return before, model, table


def test_only_the_predictor_of_pictures_changes(fitted):
    before, model, _ = fitted
    after = model.own_state_dict()
    changed = {n for n in after if n not in before or not torch.equal(before[n], after[n])}
    assert changed
    assert all(name.startswith("va_predictors.image.") for name in changed)


def test_the_config_rebuilds_the_predictor(fitted, tmp_path):
    _, model, table = fitted
    again = type(model).from_pretrained(model.save_pretrained(tmp_path))
    assert isinstance(again.va_predictors["image"], ClassKernelPredictor)
    told = [m.va_of_features("image", table.features[:3, 0]) for m in (model, again)]
    torch.testing.assert_close(told[0], told[1])


def test_the_fit_knows_the_pictures_it_has_seen(fitted):
    _, model, table = fitted
    error = (model.va_of_features("image", table.features[:, 1]) - table.va).square().mean()
    assert float(error) < 0.5 * float(table.va.var(0).mean())


def test_names_of_pleasant_things_have_more_valence():
    names = load_class_names()
    assert names.embeds.shape[0] == NUM_CLASSES
    assert float(names.valence[BEACH]) > float(names.valence[MISSILE])


def test_names_come_back_as_they_were_saved(tmp_path):
    names = ClassNames(torch.tensor([[0.5, 0.25]]), torch.tensor([0.125]))
    save_class_names(names, tmp_path / "names.safetensors")
    again = load_class_names(tmp_path / "names.safetensors")
    assert torch.equal(names.embeds, again.embeds)
    assert torch.equal(names.valence, again.valence)


def test_missing_names_are_an_error(tmp_path):
    with pytest.raises(CheckpointError, match="missing"):
        load_class_names(tmp_path / "names.safetensors")
