import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from eval.summarisers.ac_sum_gan import DISCOUNT, FRAGMENTS, discounted, fragment_borders
from eval.summarisers.base import length_loss, seeded
from eval.summarisers.ca_sum import (
    CaSum,
    ConcentratedAttention,
    block_mask,
    outside_diversity,
    uniqueness,
)
from eval.summarisers.csnet import from_streams, to_streams, variance_loss
from eval.summarisers.dr_dsn import DrDsn, reward_of
from eval.summarisers.methods import SUMMARISERS
from eval.summarisers.recurrent import Decoded, Discriminator, SequenceVae, prior_loss

DIM = 8


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    """Hidden sizes that make a test fast."""
    for module in ("ac_sum_gan", "csnet", "dr_dsn"):
        monkeypatch.setattr(f"eval.summarisers.{module}.HIDDEN", 16)


def make_videos(count=3, length=25):
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(length + k, DIM, generator=generator) for k in range(count)]


def train(name, *, epochs=2, seed=0):
    told = []
    summariser = SUMMARISERS[name](DIM, epochs=epochs, seed=seed)
    summariser.fit(make_videos(), on_epoch=lambda: told.append(1))
    return summariser, told


@pytest.mark.parametrize("name", SUMMARISERS)
def test_one_finite_score_per_frame_for_any_length(name):
    summariser, told = train(name)
    assert len(told) == 2
    for length in (1, 7, 70):
        scores = summariser.score(torch.rand(length, DIM))
        assert scores.shape == (length,)
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()


@pytest.mark.parametrize("name", SUMMARISERS)
def test_a_seed_decides_everything(name):
    features = make_videos()[0]
    first, again, other = (train(name, seed=seed)[0].score(features) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", SUMMARISERS)
def test_training_changes_the_scores(name):
    features = make_videos()[0]
    untrained = SUMMARISERS[name](DIM, epochs=1, seed=0).score(features)
    assert not np.allclose(train(name, epochs=3)[0].score(features), untrained, atol=1e-7)


@pytest.mark.parametrize("name", SUMMARISERS)
def test_scoring_twice_gives_the_same_scores(name):
    summariser, _ = train(name, epochs=1)
    features = make_videos()[0]
    assert np.array_equal(summariser.score(features), summariser.score(features))


@pytest.mark.parametrize("name", SUMMARISERS)
def test_training_leaves_the_generator_of_the_caller_alone(name):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    train(name, epochs=1)
    assert torch.equal(torch.rand(2), expected)


def test_every_method_says_its_source_and_its_stopping_rule():
    for kind in SUMMARISERS.values():
        assert kind.SOURCE
        assert kind.RULE.startswith("last epoch")


def test_ca_sum_learns_the_length_it_is_paid_for(monkeypatch):
    means = []
    for target in (0.1, 0.9):
        monkeypatch.setattr("eval.summarisers.ca_sum.LENGTH_TARGET", target)
        summariser, _ = train("ca-sum", epochs=40)
        means.append(np.mean([summariser.score(features).mean() for features in make_videos()]))
    untrained = np.mean([CaSum(DIM).score(features).mean() for features in make_videos()])
    assert means[0] < untrained - 0.1
    assert means[1] > untrained + 0.05


def test_dr_dsn_prefers_the_frames_that_are_rewarded(monkeypatch):
    """Pay for the frames whose first feature is high: their scores must rise above the others."""
    monkeypatch.setattr("eval.summarisers.dr_dsn.LEARNING_RATE", 1e-2)

    def pay(features, picked):
        return float(functional.cosine_similarity(features[:, 0] - 0.5, picked - 0.5, dim=0))

    monkeypatch.setattr(
        "eval.summarisers.dr_dsn.reward_of", lambda features, picked: pay(features, picked.float())
    )
    summariser = DrDsn(DIM, epochs=30, seed=0)
    videos = make_videos()
    summariser.fit(videos, on_epoch=lambda: None)
    high = videos[0][:, 0].numpy() > 0.5
    scores = summariser.score(videos[0])
    assert scores[high].mean() > scores[~high].mean() + 0.05


def test_reward_by_hand():
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    picked = torch.tensor([True, True, False])
    # the two picked are at right angles (1), the third equals a picked one (distance 0): (1+1)/2
    assert reward_of(features, picked) == pytest.approx(1.0)
    alone = torch.tensor([True, False, False])
    # no pair (0); squared distances 0, 2, 0 with mean 2/3
    assert reward_of(features, alone) == pytest.approx(math.exp(-2 / 3) / 2)
    assert reward_of(features, torch.zeros(3, dtype=torch.bool)) == 0.0


def test_frames_far_apart_count_as_unlike():
    features = torch.ones(50, 2)
    picked = torch.zeros(50, dtype=torch.bool)
    picked[[0, 5]] = True
    near = reward_of(features, picked)
    picked[5], picked[49] = False, True
    assert reward_of(features, picked) == pytest.approx(near + 0.5)


def test_attention_by_hand():
    assert block_mask(5, 2).sum(dim=1).tolist() == [2, 2, 2, 2, 1]
    flat = torch.zeros(4, 4)
    assert uniqueness(flat).tolist() == pytest.approx([0.25] * 4)


def test_outside_diversity_by_hand():
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    attention = torch.tensor([[0.7, 0.3], [0.4, 0.6]])
    inside = block_mask(2, 1)
    assert outside_diversity(features, attention, inside).tolist() == pytest.approx([0.3, 0.4])
    assert outside_diversity(features, attention, block_mask(2, 2)).tolist() == [0.0, 0.0]


def test_attention_does_not_reach_over_a_block():
    with seeded(0):
        layer = ConcentratedAttention(DIM, block=5)
    features = make_videos(1, 10)[0]
    values = torch.zeros(10, 10)
    logits = layer.query(features) @ layer.key(features).T
    values = logits.softmax(dim=-1)
    diversity = outside_diversity(features, values, block_mask(10, 5))
    expected = (values[0, :5] + diversity[:5]) @ layer.value(features)[:5]
    told = torch.stack([uniqueness(logits)[0], diversity[0]])
    assert torch.allclose(layer(features)[0], layer.out(torch.cat([expected, told])), atol=1e-6)


@pytest.mark.parametrize("in_chunks", [True, False])
@pytest.mark.parametrize("length", [1, 4, 7, 12])
def test_streams_come_back_in_order(in_chunks, length):
    sequence = torch.arange(2.0 * length).view(length, 2)
    streams = to_streams(sequence, in_chunks=in_chunks)
    assert torch.equal(from_streams(streams, length, in_chunks=in_chunks), sequence)


def test_chunks_hold_neighbours_and_strides_every_fourth():
    sequence = torch.arange(8.0)[:, None]
    assert to_streams(sequence, in_chunks=True)[:, 0, 0].tolist() == [0, 1]
    assert to_streams(sequence, in_chunks=False)[:, 0, 0].tolist() == [0, 4]


def test_losses_by_hand():
    assert variance_loss(torch.tensor([0.0, 0.5, 1.0])).item() == pytest.approx(
        1 / (0.5 / 3 + 1e-4)
    )
    assert length_loss(torch.tensor([0.2, 0.4]), 0.5).item() == pytest.approx(0.2)
    standard = Decoded(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(1))
    assert prior_loss(standard).item() == 0.0
    shifted = Decoded(torch.ones(2, 3), torch.zeros(2, 3), torch.zeros(1))
    assert prior_loss(shifted).item() == pytest.approx(3.0)


def test_fragments_cover_the_video_in_order():
    for length in (1, 30, 60, 61, 500):
        borders = fragment_borders(length)
        assert len(borders) == FRAGMENTS
        assert {frame for a, b in borders for frame in range(a, b)} == set(range(length))


def test_returns_are_discounted_towards_the_future():
    assert discounted([1.0, 2.0]).tolist() == pytest.approx([1 + 2 * DISCOUNT, 2.0])


def test_the_discriminator_learns_to_tell_noise_from_a_ramp():
    with seeded(0):
        network = Discriminator(4, num_layers=1)
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
        ramp, noise = torch.linspace(0, 1, 20)[:, None].repeat(1, 4), torch.rand(20, 4)
        for _ in range(60):
            optimizer.zero_grad()
            loss = (network(ramp)[1] - 1) ** 2 + network(noise)[1] ** 2
            loss.backward()
            optimizer.step()
    assert network(ramp)[1] > 0.8
    assert network(noise)[1] < 0.2


def test_the_autoencoder_gives_a_sequence_of_the_same_shape():
    with seeded(0):
        decoded = SequenceVae(4)(torch.rand(9, 4))
    assert decoded.features.shape == (9, 4)
    assert decoded.mean.shape == decoded.log_variance.shape
