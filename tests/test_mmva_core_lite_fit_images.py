"""The picture side of mmva-lite: shares of the features, directions, and the fit in closed form."""

import pytest
import torch

from mmva_core.lite.fit_images import feature_shares, fit_images, principal_directions
from mmva_core.lite.recipe import LITE_MODEL, build_lite
from mmva_core.train.tables import FeatureTable

NUM_PICTURES, NUM_VIEWS = 40, 2


@pytest.fixture(scope="module")
def fitted():
    """A model fitted to made pictures, and their table."""
    generator = torch.Generator().manual_seed(0)
    model = build_lite(0)
    size = len(feature_shares(LITE_MODEL.image_pooling, LITE_MODEL.image_blocks))
    clean = torch.randn(NUM_PICTURES, 1, size, generator=generator)
    views = clean + 0.1 * torch.randn(NUM_PICTURES, NUM_VIEWS, size, generator=generator)
    table = FeatureTable(
        features=views,
        with_views=True,
        va=torch.rand(NUM_PICTURES, 2, generator=generator),
        ids=tuple(str(number) for number in range(NUM_PICTURES)),
        groups=tuple(f"theme {number // 2}" for number in range(NUM_PICTURES)),
    )
    fit_images(model, table)
    return model, table


def test_shares_cover_every_column_of_the_towers_features():
    shares = feature_shares(("mean",), (14, 15))
    assert shares.shape == build_lite(0).projections["image"][0].mean.shape
    assert float(shares[:1280].sum()) == pytest.approx(0.5)


def test_directions_are_orthonormal_and_ordered_by_variance():
    torch.manual_seed(0)
    values = torch.randn(200, 6) * torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0, 0.5]) + 7
    directions, scale = principal_directions(values, 3)
    torch.testing.assert_close(directions.T @ directions, torch.eye(3), atol=1e-5, rtol=0)
    variances = ((values - values.mean(0)) @ directions).var(0, correction=0)
    assert variances.tolist() == sorted(variances.tolist(), reverse=True)
    assert float(variances.mean()) * scale**2 == pytest.approx(1, rel=1e-3)


def test_directions_that_do_not_exist_are_zero():
    directions, _ = principal_directions(torch.randn(4, 10), 6)
    assert directions.shape == (10, 6)
    assert not directions[:, 4:].any()


def test_directions_do_not_depend_on_the_random_state():
    values = torch.randn(50, 20)
    first, _ = principal_directions(values, 5)
    torch.manual_seed(123)
    second, _ = principal_directions(values, 5)
    assert torch.equal(first, second)


def test_every_view_of_every_picture_becomes_a_centre(fitted):
    model, _ = fitted
    assert model.config.image_va_centres == NUM_PICTURES * NUM_VIEWS
    assert len(model.va_predictors["image"].centres) == NUM_PICTURES * NUM_VIEWS


def test_the_fit_knows_the_pictures_it_has_seen(fitted):
    model, table = fitted
    predicted = model.predict_va("image", model.project("image", table.features[:, 1]))
    error = (predicted - table.va).square().mean()
    assert float(error) < 0.5 * float(table.va.var(0).mean())


def test_nothing_of_the_picture_side_is_trained_by_steps(fitted):
    model, _ = fitted
    parts = (model.projections["image"], model.va_predictors["image"])
    assert not any(p.requires_grad for part in parts for p in part.parameters())


def test_a_fitted_model_loads_with_its_centres(fitted, tmp_path):
    model, table = fitted
    again = type(model).from_pretrained(model.save_pretrained(tmp_path))
    features = table.features[:3, 0]
    told = [m.predict_va("image", m.project("image", features)) for m in (model, again)]
    torch.testing.assert_close(told[0], told[1])
