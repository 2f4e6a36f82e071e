"""Tests of the embedded checkpoint: it loads, it is small, and it is as good as its card says."""

import json

import numpy as np
import pytest

from mmva_core import MMVA
from mmva_core.data.open_sets import load_emobank, subset
from mmva_core.folders import EMBEDDED_FOLDER
from mmva_core.metrics import pearson

FOLDER = EMBEDDED_FOLDER / "mmva-lite"
MOST_BYTES = 13_000_000
CAPTION_AROUSAL_FLOOR = 0.45  # the card says .466 on EmoBank's test split; a word list: .25
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


@pytest.mark.dataset
def test_it_ranks_sentences_it_has_not_seen(model, data_folder):
    sentences = load_emobank(data_folder)
    rows = [row for row, split in enumerate(sentences.folds) if split == "test"]
    unseen = subset(sentences, rows)

    arousal = model.predict_captions(unseen.texts)[:, 1].numpy()

    assert pearson(arousal, unseen.va[:, 1]) > CAPTION_AROUSAL_FLOOR


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
