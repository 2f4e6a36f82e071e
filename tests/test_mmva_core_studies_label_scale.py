"""The map from predictions of prompts to people's labels, on made descriptions."""

import numpy as np
import pytest

from mmva_core.data.open.descriptions import DescribedClip
from mmva_core.prompts import label_scale
from mmva_core.prompts.label_scale import describe
from mmva_core.prompts.templates import load_templates
from mmva_core.studies.label_scale import fit_label_scale

VALENCE = {"gloomy": -1, "bleak": -1, "cheerful": 1, "joyous": 1}


@pytest.fixture
def clips():
    """Twenty clips by ten artists, sad or glad as their two mood words say."""
    pairs = [("gloomy", "bleak"), ("cheerful", "joyous")]
    return [
        DescribedClip(
            f"made/{n}",
            f"artist {n // 2}",
            "jazz",
            pairs[n % 2],
            np.float32([0.3 + 0.4 * (n % 2), 0.4 + 0.1 * (n % 2)]),
        )
        for n in range(20)
    ]


def predict(_model, texts):
    """Find every description pleasant, and hear a mood word the less the more words there are."""
    va = []
    for text in texts:
        words = text.lower().strip(".").split()
        mood = sum(VALENCE.get(word, 0) for word in words) / len(words)
        va.append([0.8 + 0.1 * mood, 0.6 + 0.001 * len(words)])
    return np.array(va)


@pytest.fixture(autouse=True)
def tower(monkeypatch):
    monkeypatch.setattr(label_scale, "_predict", predict)


def test_people_s_words_go_into_the_sentences_and_others_are_drawn(clips):
    templates = load_templates()
    sentences = describe(templates, clips[0], np.random.default_rng(0))
    assert sentences[0] == "This is a jazz music piece."
    assert sentences[3] in (
        "The atmosphere is gloomy and bleak.",
        "The atmosphere is bleak and gloomy.",
    )
    played = {word for word in templates.words["instrument"] if word in sentences[1]}
    assert len(played) >= 2


def test_maps_fitted_without_an_artist_read_its_labels(clips):
    weights, (valence, arousal) = fit_label_scale(None, load_templates(), clips)

    assert weights.shape == (5, 2)
    # .8 + small steps against .3 and .7: worse than the constant, in the right order.
    assert valence.before.skill < -1
    assert valence.before.pearson > 0.9
    assert valence.after.skill > 0.9
    low, high = valence.after_interval
    assert low <= valence.after.skill <= high
    assert arousal.after.skill > 0.9


def test_prompts_are_brought_to_the_scale_of_the_labels(clips):
    templates = load_templates()
    weights, _ = fit_label_scale(None, templates, clips)
    short = type(templates)(
        templates.sentences,
        {
            "genre": ("jazz",),
            "instrument": ("piano", "violin"),
            "tempo": ("slow",),
            "mood": ("gloomy", "cheerful"),
        },
    )
    va = predict(None, [short.prompt(row) for row in range(len(short))])
    labels = label_scale.on_label_scale(None, short, va.astype(np.float32), weights)
    is_glad = [short.words_of(row)["mood"] == "cheerful" for row in range(len(short))]
    assert va[:, 0].min() > 0.75
    assert labels[np.logical_not(is_glad), 0].max() < 0.5 < labels[is_glad, 0].min()


def test_a_seed_decides_the_map(clips):
    first, again, other = (
        fit_label_scale(None, load_templates(), clips, seed=seed)[0] for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
