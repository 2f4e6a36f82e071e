"""Figures of merit against hand-worked numbers and against scipy."""

import math

import numpy as np
import pytest
import scipy.stats

from mmva_core.train.metrics import (
    area_under_curve,
    bootstrap_interval,
    concordance,
    pearson,
    regression_metrics,
    va_metrics,
)

NAN = float("nan")


def test_errors_of_a_hand_worked_example():
    metrics = regression_metrics([0.0, 0.5, 1.0], [0.0, 1.0, 1.0])
    assert metrics.mse == pytest.approx(0.25 / 3)
    assert metrics.mae == pytest.approx(0.5 / 3)
    assert metrics.r2 == pytest.approx(1 - (0.25 / 3) / (2 / 9))
    assert metrics.num_samples == 3


def test_the_constant_predictor_has_no_skill():
    target = np.array([0.1, 0.4, 0.9])
    metrics = regression_metrics(np.full(3, 0.3), target, constant=0.3)
    assert metrics.skill == 0
    assert metrics.mse == metrics.constant_mse
    assert metrics.mae == metrics.constant_mae


def test_skill_is_measured_against_the_training_mean():
    target = [0.0, 1.0]
    against_best = regression_metrics([0.25, 0.75], target).skill
    against_worse = regression_metrics([0.25, 0.75], target, constant=0.0).skill
    assert against_worse > against_best


def test_unlabelled_samples_are_left_out():
    metrics = regression_metrics([0.1, 0.5, 0.9], [NAN, 0.5, 0.8])
    assert metrics.num_samples == 2
    assert metrics.mae == pytest.approx(0.05)


def test_correlation_agrees_with_scipy():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 50))
    assert pearson(a, b) == pytest.approx(scipy.stats.pearsonr(a, b).statistic)


def test_concordance_punishes_a_shift_that_correlation_forgives():
    target = np.linspace(0, 1, 11)
    assert pearson(target + 0.5, target) == pytest.approx(1)
    assert concordance(target + 0.5, target) == pytest.approx(2 * 0.1 / (0.1 + 0.1 + 0.25))


def test_a_constant_prediction_has_no_correlation():
    assert math.isnan(pearson([0.5, 0.5], [0.0, 1.0]))


def test_va_metrics_keep_the_dimensions_apart():
    predicted, target = np.array([[0.0, 0.5], [1.0, 0.5]]), np.array([[0.0, 0.0], [1.0, 1.0]])
    metrics = va_metrics(predicted, target, constant=[0.5, 0.25])
    assert metrics["valence"].mse == 0
    assert metrics["arousal"].mse == 0.25
    assert metrics["arousal"].constant_mse == pytest.approx((0.0625 + 0.5625) / 2)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shapes differ"):
        regression_metrics([0.0], [0.0, 1.0])


def test_something_must_be_labelled():
    with pytest.raises(ValueError, match="no labelled sample"):
        regression_metrics([0.0], [NAN])


def test_the_bootstrap_interval_covers_the_mean_of_a_normal_sample():
    sample = np.random.default_rng(1).normal(size=400)
    low, high = bootstrap_interval(lambda values: float(values.mean()), sample)
    error = 1.96 * sample.std() / 20
    assert low == pytest.approx(sample.mean() - error, abs=0.02)
    assert high == pytest.approx(sample.mean() + error, abs=0.02)


def test_the_bootstrap_draws_whole_groups():
    sample = np.repeat([0.0, 1.0], 50)
    groups = ["a"] * 50 + ["b"] * 50
    low, high = bootstrap_interval(lambda values: float(values.mean()), sample, groups=groups)
    assert (low, high) == (0.0, 1.0)


def test_area_under_curve_is_the_share_of_pairs_in_order():
    generator = np.random.default_rng(0)
    labels, score = generator.choice([-1.0, 1.0], 40), generator.integers(0, 8, 40).astype(float)

    pairs = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high in score[labels > 0]
        for low in score[labels < 0]
    ]

    assert area_under_curve(labels, score) == pytest.approx(np.mean(pairs))
