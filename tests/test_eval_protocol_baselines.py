import numpy as np
import pytest

from eval.protocol.baselines import human_correlation, human_overlap, random_scores, spread_evenly
from eval.protocol.metrics import RankReference, compare_summaries
from eval.protocol.selection import capacity_of


def test_random_scores_depend_on_name_and_seed_alone():
    two = random_scores("a", 50, num_seeds=2, seed=5)
    assert np.array_equal(two[1], random_scores("a", 50, num_seeds=1, seed=6)[0])
    assert not np.array_equal(two, random_scores("b", 50, num_seeds=2, seed=5))
    assert two.min() >= 0
    assert two.max() < 1


def test_even_spacing_takes_every_seventh_equal_shot():
    chosen = spread_evenly(np.arange(0, 201, 10))
    shots = np.flatnonzero(chosen[::10])
    assert shots.tolist() == [6, 13, 19]  # as soon as 15 % of what has passed holds one more shot


def test_even_spacing_stays_within_the_budget():
    rng = np.random.default_rng(0)
    for _ in range(20):
        borders = np.concatenate([[0], rng.integers(1, 90, 40).cumsum()])
        assert spread_evenly(borders).sum() <= capacity_of(int(borders[-1]))


def test_each_human_is_compared_with_the_others_only():
    users = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]], dtype=bool)
    f_mean, f_max, precision, recall = human_overlap(users)
    # pairs: (1, 2) F 1, (1, 3) and (2, 3) F 1/2; each counts twice
    assert f_mean == pytest.approx(2 / 3)
    assert f_max == pytest.approx((1 + 1 + 0.5) / 3)
    assert precision == recall == pytest.approx(2 / 3)


def test_human_correlation_equals_the_average_over_pairs():
    values = np.random.default_rng(0).integers(1, 6, (4, 40)).astype(float)
    pairs = [
        (
            RankReference(values[j]).correlate(values[i]).tau[0],
            RankReference(values[j]).correlate(values[i]).rho[0],
        )
        for i in range(4)
        for j in range(4)
        if i != j
    ]
    np.testing.assert_allclose(human_correlation(values, with_mean=False), np.mean(pairs, axis=0))


def test_human_correlation_with_the_mean_leaves_the_human_out():
    values = np.random.default_rng(0).integers(1, 6, (3, 40)).astype(float)
    first = RankReference((values[1] + values[2]) / 2).correlate(values[0]).tau[0]
    second = RankReference((values[0] + values[2]) / 2).correlate(values[1]).tau[0]
    third = RankReference((values[0] + values[1]) / 2).correlate(values[2]).tau[0]
    tau, _ = human_correlation(values, with_mean=True)
    assert tau == pytest.approx((first + second + third) / 3)


def test_one_user_alone_has_nobody_to_agree_with():
    assert np.isnan(human_overlap(np.ones((1, 5), dtype=bool))).all()
    assert np.isnan(human_correlation(np.ones((1, 5)), with_mean=False)).all()


def test_a_user_like_all_others_agrees_with_them():
    users = np.zeros((3, 10), dtype=bool)
    users[:, :2] = True
    assert human_overlap(users).tolist() == [1, 1, 1, 1]
    assert compare_summaries(users[0], users).f_score.tolist() == [[1, 1, 1]]
