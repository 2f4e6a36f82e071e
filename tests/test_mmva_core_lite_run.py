"""Tests of the recipe of mmva-lite: its views, tables, folds and figures."""

import shutil

import numpy as np
import pytest
import torch
from mmva_tiny import feature_table, tiny_model
from PIL import Image

from mmva_core.config import ModelConfig
from mmva_core.errors import DataError
from mmva_core.lite.augment import as_video_frame, compress
from mmva_core.lite.music_rows import (
    HELD_OUT_VA,
    KEYBOARD_STRIDE,
    Recordings,
    tower_va_on_plane,
    train_tower_without,
)
from mmva_core.lite.music_windows import ClipWindows, PieceWindows
from mmva_core.lite.recipe import (
    LITE_MODEL,
    LITE_SIMILARITY,
    LITE_TRAINING,
    Distillation,
    build_lite,
    fit_lite,
)
from mmva_core.lite.run import find_data
from mmva_core.lite.tables import (
    FOLDS,
    LiteTables,
    assign_fold,
    centre_square,
    image_table,
    view_picture,
)
from mmva_core.model import MMVA
from mmva_core.outputs import MMVAOutput
from mmva_core.studies.folds import ABLATIONS, encode_folds
from mmva_core.studies.lite_folds import (
    cross_validate,
    fold_rows,
    ridge_baseline,
)
from mmva_core.towers.build import tower_feature_shape
from mmva_core.train.batches import Batch, ModalityBatch
from mmva_core.train.config import TrainConfig
from mmva_core.train.tables import FeatureTable


def noise_picture(height=48, width=80, seed=0):
    smooth = np.random.default_rng(seed).integers(0, 256, (6, 10, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(smooth).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture
def small_recipe(monkeypatch):
    """The recipe with narrow heads, so that it trains in a moment."""
    narrow = ModelConfig.from_dict(LITE_MODEL.to_dict() | {"embedding_dim": 8, "hidden_dim": 8})
    monkeypatch.setattr("mmva_core.lite.recipe.LITE_MODEL", narrow)
    monkeypatch.setitem(LITE_SIMILARITY, "epochs", 2)
    return TrainConfig(epochs=2, batch_size=16, learning_rate=0.01)


def made_tables(model, *, num_images=40, num_clips=32):
    shapes = {name: tower_feature_shape(model.config, name) for name in ("image", "caption")}
    groups = tuple(f"theme {row // 2}" for row in range(num_images))
    whole = feature_table(num_images, shapes["image"], groups=groups)
    captions = feature_table(num_clips, shapes["caption"], seed=2)
    names = tuple(f"4qaed/{row}" for row in range(num_clips))
    return LiteTables(
        image=FeatureTable(
            features=torch.stack([whole.features, -whole.features], 1),
            with_views=True,
            va=whole.va,
            ids=whole.ids,
            groups=whole.groups,
        ),
        whole_image=whole,
        image_folds=tuple(FOLDS[row // 2 % 4] for row in range(num_images)),
        captions=FeatureTable(features=captions.features, va=captions.va, ids=names, groups=names),
        clip_folds=tuple(FOLDS[row % 4] for row in range(num_clips)),
        keyboard_caption=torch.zeros(shapes["caption"]),
        sentences=feature_table(20, shapes["caption"], seed=3),
    )


def made_recordings(tower, tables, *, windows_per_clip=4, num_bars=24):
    generator = torch.Generator().manual_seed(5)
    clips = [name for name in tables.captions.ids for _ in range(windows_per_clip)]
    num_statistics = len(tower.statistics_mean)
    statistics = torch.randn(len(clips), 2, num_statistics, generator=generator)
    return Recordings(
        ClipWindows(
            statistics=statistics,
            z_scores=statistics[:, 0, :2].contiguous(),
            tags=statistics[:, 0, :5].contiguous(),
            weights=torch.ones(len(clips)),
            clips=tuple(clips),
            groups=tuple(clips),
        ),
        PieceWindows(
            delayed=3 + torch.randn(num_bars, 2, num_statistics, generator=generator),
            centred=3 + torch.randn(num_bars, num_statistics, generator=generator),
            labels=torch.randn(num_bars, 2, generator=generator),
            pieces=torch.arange(num_bars) // 6,
            groups=("zelda",) * num_bars,
        ),
    )


def encoded_tables(model):
    tables, tower = made_tables(model), model.tower("music").network
    return tables.encode_music(tower, made_recordings(tower, tables), seed=0)


def test_the_centre_square_is_seven_eighths_of_the_short_side():
    picture = noise_picture(256, 320)

    square = centre_square(picture)

    np.testing.assert_array_equal(square, picture[16:240, 48:272])


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
    folds = [assign_fold(f"artist {number}") for number in range(400)]

    assert assign_fold("artist 0") == folds[0]
    assert all(70 < folds.count(name) < 130 for name in FOLDS)


def test_training_parts_and_test_parts_share_no_sample():
    encoded = encoded_tables(tiny_model())

    training, test = encoded.without("2"), encoded.only("2")

    assert not set(training.image.ids) & set(test.image.ids)
    assert len(training.image) + len(test.image) == len(encoded.tables.image)
    known_clips = {name.split(" window")[0] for name in training.music.ids}
    assert not known_clips & set(test.music.ids)
    assert len(encoded.all_data().image) == len(encoded.tables.image)


def test_keyboard_windows_are_always_trained_on_and_have_no_caption_label():
    encoded = encoded_tables(tiny_model())

    training = encoded.without("1")

    is_keyboard = torch.tensor([name.startswith("vgmidi") for name in training.caption.ids])
    assert int(is_keyboard.sum()) == 24 / KEYBOARD_STRIDE
    assert bool(training.caption.va[is_keyboard].isnan().all())
    assert not bool(training.music.va.isnan().any())


def test_tests_use_whole_pictures():
    encoded = encoded_tables(tiny_model())

    rows = [0, 1, 8, 9, 16, 17, 24, 25, 32, 33]
    torch.testing.assert_close(
        encoded.only("1").image.features, encoded.tables.whole_image.subset(rows).features
    )


def test_windows_have_their_clips_label_and_keyboard_windows_the_towers_prediction():
    encoded = encoded_tables(tiny_model())

    windows = encoded.all_data().music

    labels = encoded.tables.captions.va.repeat_interleave(3, dim=0)
    torch.testing.assert_close(windows.va[:96], labels)
    expected = (0.5 + 0.2 * windows.features[96:, :2]).clamp(0, 1)
    torch.testing.assert_close(windows.va[96:], expected)


def test_the_music_head_is_held_to_the_towers_prediction():
    features = torch.tensor([[1.0, -1.0, 5.0], [0.0, 9.0, 5.0]])
    labels = torch.zeros(2, 2)
    music = ModalityBatch({"features": features}, labels, torch.ones(2))
    batch = Batch(music, music, music, None, torch.ones(2))
    predicted = torch.tensor([[0.7, 0.3], [0.5, 0.9]])

    loss = Distillation()(MMVAOutput(music_va=predicted), batch)

    assert float(loss) == pytest.approx(0.1**2 / 4, abs=1e-6)


def test_held_out_predictions_come_from_a_tower_trained_without_either_fold():
    model = tiny_model()
    tables, tower = made_tables(model), model.tower("music").network
    recordings = made_recordings(tower, tables)

    music = tables.encode_music(tower, recordings, seed=0, without={"2"}).all_data().music

    held_out_tower = train_tower_without(recordings, tables.fold_of_clip, {"1", "2"}, 0)
    # The first clip is in fold 1, the second in fold 2; three windows each, the middle one first.
    expected = held_out_tower.encode_statistics(recordings.clips.statistics[2:3, 0])
    held_out_va = music.extra[HELD_OUT_VA]
    torch.testing.assert_close(held_out_va[:1], tower_va_on_plane(expected))
    assert bool(held_out_va[3:6].isnan().all())
    is_keyboard = torch.tensor([name.startswith("vgmidi") for name in music.ids])
    assert bool(held_out_va[is_keyboard].isnan().all())


def test_only_the_similarity_predictor_changes_after_the_heads(small_recipe, tmp_path):
    model = build_lite(0)
    data = encoded_tables(model).all_data()

    fit_lite(model, data, small_recipe, tmp_path)

    before = MMVA.from_pretrained(tmp_path / "heads" / "model").own_state_dict()
    after = MMVA.from_pretrained(tmp_path / "model").own_state_dict()
    changed = {key.split(".")[0] for key in after if not torch.equal(before[key], after[key])}
    assert changed == {"similarity_predictor"}


def test_a_run_cut_off_after_the_heads_goes_on_to_the_same_weights(small_recipe, tmp_path):
    data = encoded_tables(build_lite(0)).all_data()
    whole, resumed = build_lite(0), build_lite(0)
    fit_lite(whole, data, small_recipe, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole" / "heads", tmp_path / "cut" / "heads")

    fit_lite(resumed, data, small_recipe, tmp_path / "cut", resume=True)

    for key, value in whole.own_state_dict().items():
        assert torch.equal(value, resumed.own_state_dict()[key]), key


def test_without_a_similarity_predictor_there_is_one_run(small_recipe, tmp_path):
    model = build_lite(0, with_similarity=False)

    result = fit_lite(model, encoded_tables(model).all_data(), small_recipe, tmp_path)

    assert result.folder == tmp_path / "model"
    assert not (tmp_path / "heads").exists()


def test_the_window_of_a_test_is_the_middle_one():
    model = tiny_model()
    tables, tower = made_tables(model), model.tower("music").network
    recordings = made_recordings(tower, tables)

    clips = tables.encode_music(tower, recordings, seed=0).music.clips

    third = tower.encode_statistics(recordings.clips.statistics[2:3, 0])
    torch.testing.assert_close(clips.features[:1], third)


def test_features_of_pictures_come_from_the_view_asked_for(tmp_path):
    from mmva_core.data.open.sets import OpenSet

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
        fit_lite(model, encoded_tables(model).all_data(), small_recipe, tmp_path / name)
        states.append(model.own_state_dict())

    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key


def test_without_random_matching_pairs_are_fixed(small_recipe, tmp_path):
    model = build_lite(0)
    paired = TrainConfig(**(small_recipe.to_dict() | {"matching": "paired"}))

    result = fit_lite(model, encoded_tables(model).all_data(), paired, tmp_path)

    assert (result.folder / "model.safetensors").is_file()


def test_figures_come_from_copies_that_did_not_see_the_fold(small_recipe, tmp_path):
    model = build_lite(0)
    tables = made_tables(model)
    recordings = made_recordings(model.tower("music").network, tables)

    predictions = cross_validate(
        tables, encode_folds(recordings, tables, 0), ABLATIONS[0], small_recipe, tmp_path
    )
    rows = fold_rows(predictions, tables, "recipe")

    assert {row.target for row in rows} == {"similarity", "image", "music", "caption"}
    assert predictions.va["image"].shape == (40, 2)
    assert bool((predictions.va["image"] > 0).all())


def test_ridge_finds_a_linear_rule_across_folds():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(80, 10, generator=generator)
    va = 0.5 + 0.05 * features[:, :2].clamp(-3, 3)
    table = FeatureTable(features=features, va=va, ids=tuple(map(str, range(80))))

    predicted = ridge_baseline(table, [str(row % 4) for row in range(80)], penalty=0.1)

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
