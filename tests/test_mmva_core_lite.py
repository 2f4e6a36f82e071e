"""Tests of the recipe of mmva-lite: its views, tables, folds and figures."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmva_core.config import ModelConfig
from mmva_core.errors import DataError
from mmva_core.lite import find_data
from mmva_core.lite_damage import as_video_frame, compress
from mmva_core.lite_data import (
    FOLDS,
    LiteTables,
    centre_square,
    deal_fold,
    image_table,
    music_table,
    view_picture,
)
from mmva_core.lite_folds import cross_validate, fold_rows, interval_lines, ridge_baseline
from mmva_core.lite_recipe import LITE_MODEL, LITE_TRAINING, build_lite, fit_lite
from mmva_core.tables import FeatureTable
from mmva_core.train_config import TrainConfig
from tests.mmva_tiny import feature_table, tiny_model


def noise_picture(height=48, width=80, seed=0):
    smooth = np.random.default_rng(seed).integers(0, 256, (6, 10, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(smooth).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture
def small_recipe(monkeypatch):
    """The recipe with narrow heads, so that it trains in a moment."""
    narrow = ModelConfig.from_dict(LITE_MODEL.to_dict() | {"embedding_dim": 8, "hidden_dim": 8})
    monkeypatch.setattr("mmva_core.lite_recipe.LITE_MODEL", narrow)
    return TrainConfig(epochs=2, batch_size=16, learning_rate=0.01)


def made_tables(model, *, num_images=40, num_clips=32):
    shapes = {name: model.tower(name).feature_shape for name in ("image", "music", "caption")}
    groups = tuple(f"theme {row // 2}" for row in range(num_images))
    whole = feature_table(num_images, shapes["image"], groups=groups)
    music = feature_table(num_clips, shapes["music"], seed=1)
    caption = feature_table(num_clips, shapes["caption"], seed=2)
    return LiteTables(
        image=FeatureTable(
            features=torch.stack([whole.features, -whole.features], 1),
            with_views=True,
            va=whole.va,
            ids=whole.ids,
        ),
        whole_image=whole,
        music=music,
        caption=FeatureTable(features=caption.features, va=music.va, ids=music.ids),
        sentences=feature_table(20, shapes["caption"], seed=3),
        image_folds=tuple(FOLDS[row // 2 % 4] for row in range(num_images)),
        music_folds=tuple(FOLDS[row % 4] for row in range(num_clips)),
    )


def test_the_centre_square_is_seven_eighths_of_the_short_side():
    picture = noise_picture(256, 320)

    square = centre_square(picture)

    np.testing.assert_array_equal(square, picture[16:240, 48:272])


def test_a_mirror_view_is_the_centre_view_turned_round():
    picture = noise_picture()

    centre, mirror = (view_picture(picture, view, 0) for view in ("centre", "mirror"))

    np.testing.assert_array_equal(mirror, centre[:, ::-1])


def test_a_frame_view_depends_on_its_number_and_the_row_alone():
    picture = noise_picture()

    first, again = (view_picture(picture, "frame-1", 5) for _ in range(2))
    other = view_picture(picture, "frame-2", 5)

    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or (first != other).any()


def test_compression_keeps_the_picture_but_not_exactly():
    picture = noise_picture(64, 96)

    seen = compress(picture, 64, 35)

    assert seen.shape == picture.shape
    error = np.abs(seen.astype(float) - picture).mean()
    assert 0 < error < 20


def test_harder_compression_loses_more():
    picture = noise_picture(64, 96)

    mild, hard = (np.abs(compress(picture, 64, q).astype(float) - picture).mean() for q in (15, 45))

    assert hard > mild


def test_a_video_frame_has_even_sides_of_a_known_height():
    for seed in range(4):
        height, width, _ = as_video_frame(noise_picture(), np.random.default_rng(seed)).shape
        assert min(height, width) in (144, 180, 240)
        assert height % 2 == width % 2 == 0


def test_a_group_always_gets_the_same_fold_and_folds_are_of_like_size():
    folds = [deal_fold(f"artist {number}") for number in range(400)]

    assert deal_fold("artist 0") == folds[0]
    assert all(70 < folds.count(name) < 130 for name in FOLDS)


def test_training_parts_and_test_parts_share_no_sample():
    tables = made_tables(tiny_model())

    seen, unseen = tables.without("2"), tables.only("2")

    for part in ("image", "music", "caption"):
        own, other = getattr(seen, part), getattr(unseen, part)
        assert not set(own.ids) & set(other.ids)
        assert len(own) + len(other) == len(getattr(tables, part))
    assert len(tables.everything().image) == len(tables.image)


def test_tests_use_whole_pictures():
    tables = made_tables(tiny_model())

    torch.testing.assert_close(
        tables.only("1").image.features,
        tables.whole_image.subset([0, 1, 8, 9, 16, 17, 24, 25, 32, 33]).features,
    )


def test_a_music_clip_is_seen_whole_and_by_the_towers_judgement_alone(tmp_path):
    import wave

    from mmva_core.data.open_sets import OpenSet

    rate, path = 16000, tmp_path / "a.wav"
    tone = (np.sin(np.arange(12 * rate) * 0.2) * 9000).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, len(tone), "NONE", ""))
        file.writeframes(tone.tobytes())
    items = OpenSet(
        name="made",
        modality="music",
        ids=("a",),
        va=np.full((1, 2), 0.5, np.float32),
        raw_va=np.zeros((1, 2)),
        groups=("g",),
        paths=(path,),
    )
    model = tiny_model(music_window_seconds=6.0)

    features = music_table(model, items, tmp_path / "cache").features

    assert features.shape == (1, 6, *model.tower("music").feature_shape)
    torch.testing.assert_close(features[:, :3, :2], features[:, 3:, :2])
    assert not features[:, 3:, 2:].any()


def test_features_of_pictures_come_from_the_view_asked_for(tmp_path):
    from mmva_core.data.open_sets import OpenSet

    path = tmp_path / "a.png"
    Image.fromarray(noise_picture(64, 96)).save(path)
    items = OpenSet(
        name="made",
        modality="image",
        ids=("a",),
        va=np.full((1, 2), 0.5, np.float32),
        raw_va=np.zeros((1, 2)),
        groups=("g",),
        paths=(path,),
    )
    model = tiny_model()

    centre = image_table(model, items, tmp_path / "cache", "centre").features

    torch.testing.assert_close(centre, model.image_features([centre_square(noise_picture(64, 96))]))


def test_heads_start_the_same_for_a_seed(small_recipe):
    first, again, other = (build_lite(seed).own_state_dict() for seed in (1, 1, 2))

    key = "projections.image.1.weight"
    torch.testing.assert_close(first[key], again[key])
    assert (first[key] != other[key]).any()


def test_training_twice_gives_the_same_weights(small_recipe, tmp_path):
    states = []
    for name in ("a", "b"):
        model = build_lite(0)
        fit_lite(model, made_tables(model).everything(), small_recipe, tmp_path / name)
        states.append(model.own_state_dict())

    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key


def test_without_random_matching_pairs_are_fixed(small_recipe, tmp_path):
    model = build_lite(0)
    paired = TrainConfig(**(small_recipe.to_dict() | {"matching": "paired"}))

    result = fit_lite(model, made_tables(model).everything(), paired, tmp_path)

    assert (result.folder / "model.safetensors").is_file()


def test_figures_come_from_copies_that_did_not_see_the_fold(small_recipe, tmp_path):
    tables = made_tables(build_lite(0))

    predictions = cross_validate(tables, small_recipe, tmp_path)
    rows = fold_rows(predictions, tables, "recipe")

    assert {row.target for row in rows} == {"similarity", "image", "music", "caption"}
    assert predictions.va["image"].shape == (40, 2)
    assert bool((predictions.va["image"] > 0).all())
    assert len(interval_lines(predictions, tables)) == 2


def test_ridge_finds_a_linear_rule_across_folds():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(80, 10, generator=generator)
    va = 0.5 + 0.05 * features[:, :2].clamp(-3, 3)
    table = FeatureTable(features=features, va=va, ids=tuple(map(str, range(80))))

    predicted = ridge_baseline(table, [str(row % 4) for row in range(80)], strength=0.1)

    torch.testing.assert_close(predicted, va, atol=0.01, rtol=0)


def test_data_must_be_named_and_exist(monkeypatch, tmp_path):
    monkeypatch.delenv("VSUMM_DATA", raising=False)
    with pytest.raises(DataError, match="VSUMM_DATA"):
        find_data(None)
    with pytest.raises(DataError, match="no such folder"):
        find_data(tmp_path / "missing")
    monkeypatch.setenv("VSUMM_DATA", str(tmp_path))
    assert find_data(None) == tmp_path


def test_the_recipe_is_trained_with_the_papers_settings():
    assert (LITE_TRAINING.learning_rate, LITE_TRAINING.batch_size) == (3e-4, 128)
    assert LITE_MODEL.dropout == 0.5
