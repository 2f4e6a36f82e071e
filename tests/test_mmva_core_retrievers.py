"""Every method of Table 2: scores by hand, repeatable, and able to learn what can be learned."""

import inspect

import numpy as np
import pytest
import torch

from mmva_core.errors import DataError
from mmva_core.retrieval.metrics import retrieval_metrics
from mmva_core.retrievers import joint
from mmva_core.retrievers.base import Retriever, Standardizer
from mmva_core.retrievers.class_bin import ClassBin
from mmva_core.retrievers.joint import MARGIN, triplet_loss
from mmva_core.retrievers.methods import RETRIEVERS

WORDS = ("rock", "jazz", "sad", "happy", "guitar", "voice", "metal", "folk")
NUM_TESTED = 40


@pytest.fixture(autouse=True)
def bag_of_words(monkeypatch):
    """Vectors of sentences without MiniLM: which of `WORDS` they hold."""

    def encode(captions):
        return torch.tensor([[float(word in caption) for word in WORDS] for caption in captions])

    for name in ("word_vectors", "sentence_vectors"):
        monkeypatch.setattr(joint, name, encode)


def made_pairs(num_pairs=300, seed=0):
    """Music whose features are its words, mixed and noisy."""
    generator = np.random.default_rng(seed)
    has = generator.random((num_pairs, len(WORDS))) < 0.4
    mixing = np.random.default_rng(99).normal(size=(len(WORDS), 12))
    features = has @ mixing + 0.1 * generator.normal(size=(num_pairs, 12))
    captions = [
        "music: " + " ".join(w for w, here in zip(WORDS, row, strict=True) if here) for row in has
    ]
    return torch.from_numpy(features).float(), captions


def fitted(name, *, epochs=None, seed=0):
    music, captions = made_pairs()
    method = RETRIEVERS[name](music.shape[1], epochs=epochs, seed=seed)
    losses = []
    method.fit(music, captions, on_epoch=lambda epoch, loss: losses.append((epoch, loss)))
    return method, losses


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_method_finds_unseen_music_by_its_caption(name):
    method, losses = fitted(name)
    music, captions = made_pairs(NUM_TESTED, seed=1)
    scores = method.score(music, captions)
    assert scores.shape == (NUM_TESTED, NUM_TESTED)
    assert scores.dtype == np.float64
    for table in (scores, scores.T):
        assert retrieval_metrics(table, np.arange(NUM_TESTED)).recall_at_5 > 0.8  # chance: .125
    assert [epoch for epoch, _ in losses] == list(range(1, RETRIEVERS[name].EPOCHS + 1))
    assert losses[-1][1] < losses[0][1]


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_seed_gives_the_same_scores_and_leaves_the_random_state_alone(name):
    music, captions = made_pairs(5, seed=1)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first, again, other = (
        fitted(name, epochs=2, seed=seed)[0].score(music, captions) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_score_depends_on_its_own_caption_and_piece_alone(name):
    method, _ = fitted(name, epochs=1)
    music, captions = made_pairs(6, seed=1)
    scores = method.score(music, captions)
    assert method.score(music[2:3], captions[4:5]) == pytest.approx(scores[4:5, 2:3], abs=1e-5)


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_method_has_the_interface_and_names_its_paper_and_its_reading(name):
    kind = RETRIEVERS[name]
    assert kind.SOURCE
    assert "frozen features of the music" in kind.READING
    for method in ("__init__", "fit", "score"):
        own, asked = (inspect.signature(getattr(k, method)) for k in (kind, Retriever))
        assert list(own.parameters) == list(asked.parameters)


def test_class_bin_scores_are_log_likelihoods_of_the_tags():
    method, _ = fitted("class-bin", epochs=1)
    music, captions = made_pairs(3, seed=1)
    with torch.no_grad():
        probabilities = method._network(method._standardize(music)).sigmoid().double()
    tags = method._tags(captions).double()
    expected = [
        [float(torch.where(tag == 1, p, 1 - p).log().sum()) for p in probabilities] for tag in tags
    ]
    assert method.score(music, captions) == pytest.approx(np.array(expected), rel=1e-5)
    assert isinstance(method, ClassBin)


def test_captions_without_a_word_that_tells_them_apart_are_refused():
    music, _ = made_pairs(8)
    with pytest.raises(DataError, match="no word tells the training captions apart"):
        ClassBin(music.shape[1]).fit(music, ["music"] * 8, on_epoch=lambda epoch, loss: None)


def test_triplet_loss_by_hand():
    cosines = torch.tensor([[0.9, 0.7, 0.1], [0.0, 0.8, 0.5], [0.3, 0.9, 0.6]])
    same = torch.eye(3, dtype=torch.bool)
    excesses = [0.7 - 0.9, 0.1 - 0.9, 0.0 - 0.8, 0.5 - 0.8, 0.3 - 0.6, 0.9 - 0.6]
    expected = sum(max(0.0, MARGIN + excess) for excess in excesses) / 6
    assert float(triplet_loss(cosines, same)) == pytest.approx(expected)
    same[2, 1] = same[1, 2] = True
    expected = sum(max(0.0, MARGIN + excesses[place]) for place in (0, 1, 2, 4)) / 4
    assert float(triplet_loss(cosines, same)) == pytest.approx(expected)


def test_a_batch_of_one_caption_has_no_triplets():
    cosines = torch.rand(3, 3, requires_grad=True)
    loss = triplet_loss(cosines, torch.ones(3, 3, dtype=torch.bool))
    loss.backward()
    assert float(loss.detach()) == 0


def test_constant_features_stay_finite():
    standardize = Standardizer(torch.tensor([[1.0, 2.0], [1.0, 4.0]]))
    assert torch.isfinite(standardize(torch.tensor([[1.0, 3.0], [2.0, 0.0]]))).all()
