import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau, spearmanr

from eval.protocol.metrics import BLOCK, MAX_RUNS, RankReference, compare_summaries

ROUNDING = 1e-12

summaries = arrays(bool, st.tuples(st.integers(1, 4), st.just(30)))
user_rows = arrays(np.int64, st.tuples(st.integers(2, 4), st.just(25)), elements=st.integers(1, 5))
score_rows = arrays(np.float64, 25, elements=st.integers(-3, 3).map(float))


def test_f_score_by_hand():
    # 3 frames chosen, 4 wanted, 2 shared: P 2/3, R 1/2, F = 2 * 1/3 / (7/6) = 4/7
    overlap = compare_summaries([1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 1, 0])
    assert overlap.precision[0, 0] == pytest.approx(2 / 3)
    assert overlap.recall[0, 0] == pytest.approx(1 / 2)
    assert overlap.f_score[0, 0] == pytest.approx(4 / 7)


def test_summaries_that_share_nothing_score_zero():
    overlap = compare_summaries([1, 0], [0, 1])
    assert (overlap.f_score, overlap.precision, overlap.recall) == (0, 0, 0)


def test_an_empty_summary_scores_zero_without_a_warning():
    assert compare_summaries([0, 0], [[0, 1], [0, 0]]).f_score.tolist() == [[0, 0]]


def test_summaries_of_different_length_are_refused():
    with pytest.raises(ValueError, match="3 frames, references 2"):
        compare_summaries([1, 0, 1], [0, 1])


@given(summaries, summaries)
@settings(deadline=None)
def test_f_score_lies_between_zero_and_one_and_is_symmetric(first, second):
    there, back = compare_summaries(first, second), compare_summaries(second, first)
    assert ((there.f_score >= 0) & (there.f_score <= 1)).all()
    np.testing.assert_allclose(there.f_score, back.f_score.T)
    np.testing.assert_allclose(there.precision, back.recall.T)


@given(summaries)
@settings(deadline=None)
def test_f_score_of_a_summary_with_itself_is_one_unless_it_is_empty(rows):
    expected = rows.any(axis=1).astype(float)
    assert np.diag(compare_summaries(rows, rows).f_score).tolist() == expected.tolist()


@given(summaries, summaries)
@settings(deadline=None)
def test_f_score_is_the_harmonic_mean_of_precision_and_recall(first, second):
    overlap = compare_summaries(first, second)
    total = overlap.precision + overlap.recall
    harmonic = np.divide(
        2 * overlap.precision * overlap.recall, total, out=np.zeros_like(total), where=total > 0
    )
    np.testing.assert_allclose(overlap.f_score, harmonic)


@given(summaries, summaries)
@settings(deadline=None)
def test_order_of_users_changes_nothing(first, second):
    straight = compare_summaries(first, second).f_score.mean()
    assert compare_summaries(first, second[::-1]).f_score.mean() == pytest.approx(straight)


def test_kendall_by_hand():
    # pairs of (1,1) (2,3) (3,2): two concordant, one discordant
    assert RankReference([1, 3, 2]).correlate([1, 2, 3]).tau[0] == pytest.approx(1 / 3)


def test_kendall_by_hand_with_ties():
    # scores 1 1 2, reference 1 2 3: C = 2, D = 0, one pair tied in the scores: 2 / sqrt(2 * 3)
    assert RankReference([1, 2, 3]).correlate([1, 1, 2]).tau[0] == pytest.approx(2 / np.sqrt(6))


def test_spearman_by_hand():
    # rank differences 0, 1, 1: 1 - 6 * 2 / (3 * 8) = 0.5
    assert RankReference([1, 3, 2]).correlate([1, 2, 3]).rho[0] == pytest.approx(0.5)


@given(score_rows, user_rows)
@settings(max_examples=200, deadline=None)
def test_rank_correlations_equal_scipy(scores, users):
    reference = RankReference(users)
    usable = [i for i, u in enumerate(users) if np.ptp(u) > 0 and np.ptp(scores) > 0]
    found = reference.correlate(scores)
    tau, rho = found.tau, found.rho
    for i in usable:
        assert tau[i] == pytest.approx(kendalltau(scores, users[i]).statistic, abs=ROUNDING)
        assert rho[i] == pytest.approx(spearmanr(scores, users[i]).statistic, abs=ROUNDING)


@given(user_rows)
@settings(deadline=None)
def test_correlations_between_users_equal_those_with_each_user(users):
    reference = RankReference(users)
    by_row = np.stack([reference.correlate(row).tau for row in users])
    np.testing.assert_allclose(reference.correlate_users().tau, by_row, atol=ROUNDING)
    by_row = np.stack([reference.correlate(row).rho for row in users])
    np.testing.assert_allclose(reference.correlate_users().rho, by_row, atol=ROUNDING)


@given(score_rows, user_rows)
@settings(deadline=None)
def test_rank_correlation_ignores_a_monotone_change_and_the_order_of_frames(scores, users):
    order = np.random.default_rng(0).permutation(25)
    straight = RankReference(users).correlate(scores).tau
    assert np.array_equal(RankReference(users).correlate(np.exp(scores)).tau, straight)
    assert np.array_equal(RankReference(users[:, order]).correlate(scores[order]).tau, straight)


def test_scores_that_fill_many_blocks_correlate_as_scipy_says():
    rng = np.random.default_rng(2)
    num_frames = 5 * BLOCK + 7
    users = np.repeat(rng.integers(1, 6, (3, num_frames // 10 + 1)), 10, axis=1)[:, :num_frames]
    scorings = np.stack([rng.random(num_frames), rng.integers(0, 9, num_frames)])
    found = RankReference(users).correlate(scorings)
    for r, u in np.ndindex(2, 3):
        expected = kendalltau(scorings[r], users[u]).statistic
        assert found.tau[r, u] == pytest.approx(expected, abs=ROUNDING)


def test_constant_scores_correlate_with_nothing():
    reference = RankReference([[1, 2, 3], [2, 2, 2]])
    assert reference.correlate([5, 5, 5]).tau.tolist() == [0, 0]
    assert reference.correlate([5, 5, 5]).rho.tolist() == [0, 0]


def test_many_runs_take_another_way_to_the_same_answer():
    rng = np.random.default_rng(1)
    user, scores = rng.permutation(MAX_RUNS + 50), rng.random(MAX_RUNS + 50)
    reference = RankReference(user)
    assert reference.correlate(scores).tau[0] == pytest.approx(kendalltau(scores, user).statistic)
    assert reference.correlate_users().tau[0, 0] == pytest.approx(1)


def test_scores_of_another_length_are_refused():
    with pytest.raises(ValueError, match="shape"):
        RankReference([1, 2, 3]).correlate([1, 2])
