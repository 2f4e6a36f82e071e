"""Eq. 1 to 4 against hand-worked numbers, and the pairs that meet in training."""

import math

import pytest
import torch

from mmva_core.train.losses import similarity_loss, total_loss, va_loss
from mmva_core.train.matching import (
    fixed_pairs,
    matching_score,
    mean_matching_score,
    mean_pair_distance,
    paired_matching,
    permutation_chain,
    random_matching,
)

NAN = float("nan")


def test_sigma_is_the_mean_over_all_pairs():
    images = torch.tensor([[0.0, 0.0], [0.6, 0.8]])
    music = torch.tensor([[0.3, 0.4], [0.0, 0.0], [0.6, 0.8]])
    # distances: .5, 0, 1 from the first picture; .5, 1, 0 from the second
    assert mean_pair_distance(images, music) == pytest.approx(3 / 6)


def test_sigma_of_many_pictures_is_the_same_in_parts():
    images, music = torch.rand(2500, 2), torch.rand(7, 2)
    expected = torch.cdist(images.double(), music.double()).mean().item()
    assert mean_pair_distance(images, music) == pytest.approx(expected, rel=1e-9)


def test_sigma_leaves_out_unlabelled_rows():
    images = torch.tensor([[0.0, 0.0], [NAN, 0.5]])
    assert mean_pair_distance(images, torch.tensor([[0.0, 1.0]])) == 1.0


@pytest.mark.parametrize("images", [torch.empty(0, 2), torch.tensor([[NAN, NAN]])])
def test_sigma_needs_labels(images):
    with pytest.raises(ValueError, match="at least one labelled"):
        mean_pair_distance(images, torch.rand(3, 2))


def test_sigma_zero_is_refused():
    same = torch.full((3, 2), 0.5)
    with pytest.raises(ValueError, match="sigma is zero"):
        mean_pair_distance(same, same)


def test_equation_1():
    image, music = torch.tensor([[0.2, 0.4], [0.5, 0.5]]), torch.tensor([[0.5, 0.8], [0.5, 0.5]])
    scores = matching_score(image, music, 0.25)
    assert scores.tolist() == pytest.approx([math.exp(-0.5 / 0.25), 1.0])


def test_the_mean_score_is_over_all_pairs():
    images, music = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    assert mean_matching_score(images, music, 1.0) == pytest.approx((1 + math.exp(-1)) / 2)


def test_equation_2():
    predicted = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    target = torch.tensor([[0.5, 0.1], [0.8, 0.3]])
    # squares: 0, .16, .04, .09
    assert va_loss(predicted, target).item() == pytest.approx(0.29 / 4)


def test_weights_multiply_the_errors_of_their_rows():
    predicted, target = torch.zeros(2, 2), torch.tensor([[0.1, 0.1], [0.2, 0.2]])
    weights = torch.tensor([0.5, 1.5])
    expected = (0.5 * 0.01 * 2 + 1.5 * 0.04 * 2) / 4
    assert va_loss(predicted, target, weights).item() == pytest.approx(expected)


def test_missing_labels_count_as_no_error_and_give_no_gradient():
    predicted = torch.tensor([[0.5, 0.5]], requires_grad=True)
    loss = va_loss(predicted, torch.tensor([[NAN, 0.1]]))
    loss.backward()
    assert loss.item() == pytest.approx(0.16 / 2)
    assert predicted.grad.tolist() == [[0.0, pytest.approx(0.4)]]


def test_equation_3():
    predicted, target = torch.tensor([0.2, 0.9]), torch.tensor([0.5, 1.0])
    assert similarity_loss(predicted, target).item() == pytest.approx((0.09 + 0.01) / 2)


def test_equation_4_adds_the_parts_with_their_weights():
    parts = {"image": torch.tensor(1.0), "music": torch.tensor(2.0), "other": torch.tensor(4.0)}
    assert total_loss(parts, {"music": 0.5}).item() == 6.0


def test_losses_of_equal_parts_average_to_the_loss_of_the_whole():
    predicted, target, weights = torch.rand(8, 2), torch.rand(8, 2), torch.rand(8)
    target[3, 1] = NAN
    halves = [va_loss(predicted[s], target[s], weights[s]) for s in (slice(4), slice(4, 8))]
    whole = va_loss(predicted, target, weights)
    torch.testing.assert_close(sum(halves) / 2, whole)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_random_matching_uses_everything_equally_often():
    images, music = random_matching(4, 6, 12, generator())
    assert torch.bincount(images).tolist() == [3] * 4
    assert torch.bincount(music).tolist() == [2] * 6


def test_random_matching_pairs_differ_between_epochs():
    first = torch.stack(random_matching(50, 50, 50, generator(0)))
    second = torch.stack(random_matching(50, 50, 50, generator(1)))
    assert not torch.equal(first, second)


def test_paired_matching_stays_inside_the_list():
    pairs = torch.tensor([[0, 3], [1, 2]])
    images, music = paired_matching(pairs, 5, generator())
    assert {(i, m) for i, m in zip(images.tolist(), music.tolist(), strict=True)} == {
        (0, 3),
        (1, 2),
    }


def test_fixed_pairs_cover_both_sides_and_do_not_change():
    pairs = fixed_pairs(3, 5, seed=1)
    assert pairs.shape == (5, 2)
    assert set(pairs[:, 0].tolist()) == {0, 1, 2}
    assert set(pairs[:, 1].tolist()) == set(range(5))
    assert torch.equal(pairs, fixed_pairs(3, 5, seed=1))


def test_there_is_nothing_to_draw_from_an_empty_table():
    with pytest.raises(ValueError, match="nothing to draw from"):
        permutation_chain(0, 3, generator())
