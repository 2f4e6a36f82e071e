"""Tests of the embedded checkpoint: it loads, it is small, and it is as good as its card says."""

import json

import numpy as np
import pytest
import torch

from mmva_core import MMVA
from mmva_core.data.open.captions import captions_of, load_tag_captions
from mmva_core.data.open.sets import load_4qaed, load_emobank, load_oasis, subset
from mmva_core.inputs.audio_file import read_audio_file
from mmva_core.inputs.image_file import read_image_file
from mmva_core.store.folders import EMBEDDED_FOLDER
from mmva_core.train.matching import matching_score
from mmva_core.train.metrics import pearson

FOLDER = EMBEDDED_FOLDER / "mmva-lite"
MOST_BYTES = 14_500_000
CAPTION_AROUSAL_FLOOR = 0.45  # the card says .466 on EmoBank's test split; a word list: .25
SIMILARITY_FLOOR = 0.8  # correlation with Eq. 1 between the predictions, on pairs of training
RATE = 16000  # of the music tower, Hz
FILMS = {"bbb_full_144p": 0.80, "visual_mix_core": 0.88}  # least area under the curve


@pytest.fixture(scope="module")
def model():
    return MMVA.from_pretrained("mmva-lite")


def area_under_curve(scores, is_positive):
    """Probability that a positive scores above a negative, by counting pairs."""
    positive, negative = scores[is_positive][:, None], scores[~is_positive][None, :]
    return float(np.mean(positive > negative) + np.mean(positive == negative) / 2)


def labelled_zones(path):
    record = json.loads(path.read_text(encoding="utf-8"))
    if "zones" in record:
        return [(start, end, label) for start, end, label, _ in record["zones"]]
    return [(zone["start"], zone["end"], zone["label"]) for zone in record["segments"]]


def test_the_checkpoint_is_a_few_megabytes_and_has_a_card():
    assert (FOLDER / "model.safetensors").stat().st_size < MOST_BYTES
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for word in ("OASIS", "EmoBank", "4QAED", "Emotify", "VGMIDI", "research", "seed"):
        assert word in card


def test_it_tells_nothing_from_something(model):
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (120, 200, 3), dtype=np.uint8)

    va = model.predict_images([noise, np.zeros_like(noise)])

    assert va.shape == (2, 2)
    assert bool(((va >= 0) & (va <= 1)).all())
    assert float((va[0] - va[1]).abs().max()) > 0.01


@pytest.mark.slow
@pytest.mark.dataset
def test_it_ranks_sentences_it_has_not_seen(model, data_folder):
    sentences = load_emobank(data_folder)
    rows = [row for row, split in enumerate(sentences.folds) if split == "test"]
    unseen = subset(sentences, rows)

    arousal = model.predict_captions(unseen.texts)[:, 1].numpy()

    assert pearson(arousal, unseen.va[:, 1]) > CAPTION_AROUSAL_FLOOR


@pytest.mark.dataset
@torch.inference_mode()
def test_the_similarity_predictor_follows_the_predicted_distance(model, data_folder):
    # Training taught it this much; what it is worth on unseen pairs the card says.
    clips = load_4qaed(data_folder)
    sentences = captions_of(clips, load_tag_captions(data_folder))[::45]
    sounds = [read_audio_file(path, RATE) for path in clips.paths[::45]]
    pictures = [read_image_file(path) for path in load_oasis(data_folder).paths[::40]]
    image = model.project("image", model.image_features(pictures))
    music = model.project("music", torch.stack([model.music_features(s, RATE)[0] for s in sounds]))
    caption = model.project("caption", model.caption_features(sentences))
    pairs = torch.cartesian_prod(torch.arange(len(image)), torch.arange(len(music)))

    similarity = model.predict_similarity(
        image[pairs[:, 0]], music[pairs[:, 1]], caption[pairs[:, 1]]
    )

    image_va, music_va = model.predict_va("image", image), model.predict_va("music", music)
    score = matching_score(image_va[pairs[:, 0]], music_va[pairs[:, 1]], model.config.sigma)
    assert pearson(similarity, score) > SIMILARITY_FLOOR


@pytest.mark.slow
@pytest.mark.dataset
@pytest.mark.parametrize(("name", "floor"), sorted(FILMS.items()))
def test_scores_of_films_tell_intense_zones_from_the_rest(name, floor, data_folder, model):
    import vsumm

    path = data_folder / "videos" / f"{name}.mp4"
    zones = labelled_zones(path.with_suffix(".json"))
    table = vsumm.summarize(path, vsumm.SummaryConfig(by="image"), model=model).to_frame()
    middles = (table["start_seconds"] + table["end_seconds"]) / 2

    is_intense = np.array(
        [any(a <= t < b and label == "intense" for a, b, label in zones) for t in middles]
    )

    assert area_under_curve(table["score"].to_numpy(), is_intense) > floor
