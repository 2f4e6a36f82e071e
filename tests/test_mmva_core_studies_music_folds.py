import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mmva_core.lite.music_train import MusicRecipe
from mmva_core.lite.music_windows import ClipWindows, PieceWindows
from mmva_core.studies.music_folds import (
    _Folds,
    correlations_within,
    deal_groups,
    evaluate_folds,
)
from mmva_core.towers.music import LiteMusicTower

NUM_STATISTICS = LiteMusicTower().statistics_mean.numel()


def made_clips(num_clips=60, seed=1):
    """Two windows a clip; valence and arousal each show in thirty statistics."""
    generator = torch.Generator().manual_seed(seed)
    z_scores = torch.randn(num_clips, 2, generator=generator).sign().repeat_interleave(2, 0)
    raw = torch.randn(2 * num_clips, 1, NUM_STATISTICS, generator=generator)
    raw[:, 0, 30:60] += z_scores[:, :1]
    raw[:, 0, 60:90] += z_scores[:, 1:]
    names = [f"{'4qaed' if n % 2 else 'emotify'}/{n}" for n in range(num_clips) for _ in range(2)]
    groups = tuple(f"artist {n // 3}" for n in range(num_clips) for _ in range(2))
    weights = torch.ones(len(raw))
    return ClipWindows(raw, z_scores, raw[:, 0, :4], weights, tuple(names), groups)


def made_pieces(num_pieces=6, bars=20, seed=2):
    """Pieces whose labels follow statistics 9 and 10; the rest hardly moves."""
    generator = torch.Generator().manual_seed(seed)
    number = torch.arange(num_pieces).repeat_interleave(bars)
    raw = 0.1 * torch.randn(len(number), 3, NUM_STATISTICS, generator=generator)
    raw[:, :, 9:11] += torch.randn(len(number), 1, 2, generator=generator)
    raw[:, :, 20] += 12
    groups = tuple(f"series {int(n) // 2}" for n in number)
    return PieceWindows(raw, raw[:, 0], raw[:, 1, 9:11], number, groups)


def test_folds_keep_groups_whole_and_are_of_about_one_size():
    groups = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 2

    folds = deal_groups(groups, 2)

    assert all(len(set(folds[np.asarray(groups) == name])) == 1 for name in "abcd")
    assert np.bincount(folds).tolist() == [7, 7]


def test_correlations_within_pieces_are_spearmans():
    generator = np.random.default_rng(0)
    predicted, labels = generator.normal(size=30), generator.normal(size=30).round(1)
    pieces = np.repeat([0, 3], 15)

    rho = correlations_within(predicted, labels, pieces)

    expected = [spearmanr(predicted[rows], labels[rows])[0] for rows in (slice(15), slice(15, 30))]
    assert rho.tolist() == pytest.approx(expected)


def test_a_flat_prediction_counts_as_no_correlation_and_a_flat_label_not_at_all():
    pieces = np.array([0, 0, 1, 1])

    rho = correlations_within(np.ones(4), np.array([1.0, 2.0, 5.0, 5.0]), pieces)

    assert rho.tolist() == [0.0]


def test_a_predictor_never_hears_the_groups_it_is_judged_on():
    clips, pieces = made_clips(), made_pieces()
    folds = _Folds.deal(clips, pieces, 3)
    heard = []

    def spy(some_clips, some_pieces):
        heard.append(set(some_clips.groups) | set(some_pieces.groups))
        return lambda raw: torch.zeros(len(raw), 2)

    folds.predict(spy, clips, pieces)

    for fold, groups in enumerate(heard):
        judged = np.asarray(clips.groups)[folds.clips == fold]
        assert groups.isdisjoint(judged)
        assert groups.isdisjoint(np.asarray(pieces.groups)[folds.pieces == fold])


def test_tower_and_ridge_find_what_level_cannot_tell():
    recipe = MusicRecipe(epochs=10, batch_size=32)

    figures = evaluate_folds(made_clips(), made_pieces(), recipe, num_folds=2, num_draws=40)

    def figure(predictor, measure):
        return next(
            f.value
            for f in figures
            if (f.predictor, f.measure) == (predictor, measure) and f.dimension == "arousal"
        )

    assert figure("music tower", "AUC") > 0.8
    assert figure("ridge on the statistics", "AUC") > 0.8
    assert figure("level alone", "AUC") < 0.75
    assert figure("music tower", "rho within pieces") > 0.6
    assert all(f.low <= f.value <= f.high for f in figures)
