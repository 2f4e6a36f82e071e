import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from eval.protocol.bootstrap import bootstrap_mean

rows = st.lists(st.floats(-100, 100), min_size=1, max_size=8)


def test_two_values_by_hand():
    # Two draws of 0 or 1: the mean is 0 or 1 one time in four each, so both ends are reached.
    assert bootstrap_mean([0.0, 1.0]).low == 0
    assert bootstrap_mean([0.0, 1.0]).high == 1
    # A 40 % interval leaves out 30 % on either side, more than a quarter.
    middle = bootstrap_mean([0.0, 1.0], confidence=0.4)
    assert (middle.low, middle.mean, middle.high) == (0.5, 0.5, 0.5)


def test_interval_is_as_wide_as_theory_says():
    values = np.random.default_rng(0).normal(size=400)
    interval = bootstrap_mean(values)
    half_width = 1.96 * values.std() / np.sqrt(len(values))
    assert (interval.high - interval.low) / 2 == pytest.approx(half_width, rel=0.05)


def test_the_interval_is_that_of_scipy():
    values = np.sort(np.random.default_rng(1).normal(size=30))
    rng = np.random.default_rng(7)
    scipys = bootstrap((values,), np.mean, n_resamples=200, method="percentile", rng=rng)
    ours = bootstrap_mean(values, num_resamples=200, seed=7)
    assert (ours.low, ours.high) == pytest.approx(scipys.confidence_interval, rel=1e-12)


@given(rows, st.randoms())
@settings(deadline=None)
def test_order_of_videos_changes_nothing(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert bootstrap_mean(shuffled, num_resamples=50) == bootstrap_mean(values, num_resamples=50)


@given(rows)
@settings(deadline=None)
def test_interval_lies_within_the_values(values):
    interval = bootstrap_mean(values, num_resamples=50)
    assert interval.low <= interval.high
    assert min(values) - 1e-9 <= interval.low
    assert interval.high <= max(values) + 1e-9


def test_another_seed_gives_another_interval():
    values = np.random.default_rng(0).random(10)
    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)


@pytest.mark.parametrize("values", [[], [np.nan], [[1.0]]])
def test_unusable_values_are_refused(values):
    with pytest.raises(ValueError, match="finite values"):
        bootstrap_mean(values)


@pytest.mark.parametrize("setting", [{"num_resamples": 0}, {"confidence": 1.0}])
def test_unusable_settings_are_refused(setting):
    with pytest.raises(ValueError, match="num_resamples"):
        bootstrap_mean([1.0], **setting)
