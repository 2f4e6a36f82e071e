from dataclasses import replace

import numpy as np
import pytest
from benchmarks import make_video
from scipy.stats import kendalltau, spearmanr

from eval.datasets.benchmark import Benchmark
from eval.datasets.summe import load_summe
from eval.datasets.tvsum import load_tvsum
from eval.protocol.evaluate import evaluate, evaluate_video
from eval.protocol.metrics import compare_summaries
from eval.protocol.results import BASELINES, MEASURES, METHOD, EvaluationSettings
from eval.protocol.selection import summarise_frames
from vsumm.errors import ScoresError

SHOTS = np.array([0, 40, 60, 90, 130, 165, 210, 230, 300])
FEW = EvaluationSettings(num_seeds=3)
PUBLISHED_DIGITS = 5e-5  # figures are known to four places


def benchmark(count=4):
    videos = tuple(make_video(f"v{n}", seed=n, category="AB"[n % 2]) for n in range(count))
    return Benchmark("tvsum", videos, 50)


def scores_for(data, seed=0):
    rng = np.random.default_rng(seed)
    return {v.video_id: rng.random(v.num_frames) for v in data.videos}


def test_figures_of_a_video_equal_the_recipe_written_out():
    video = make_video()
    scores = np.random.default_rng(3).random(300)
    result = evaluate_video(video, scores, FEW)
    summary = summarise_frames(scores, video.clip_borders)[0]
    users = np.stack(
        [summarise_frames(user, video.clip_borders)[0] for user in video.user_importance]
    )
    overlap = compare_summaries(summary, users)
    expected = [
        overlap.f_score.mean(),
        overlap.f_score.max(),
        overlap.precision.mean(),
        overlap.recall.mean(),
        np.mean([kendalltau(scores, user).statistic for user in video.user_importance]),
        np.mean([spearmanr(scores, user).statistic for user in video.user_importance]),
    ]
    np.testing.assert_allclose(result.measures[METHOD], expected)
    assert np.array_equal(result.summary, summary)


def test_the_other_rank_order_correlates_with_the_users_mean():
    video = make_video()
    scores = np.random.default_rng(3).random(300)
    result = evaluate_video(video, scores, replace(FEW, rank_order="mean-user"))
    mean = video.user_importance.mean(axis=0)
    assert result.measures[METHOD][4] == pytest.approx(kendalltau(scores, mean).statistic)
    assert result.measures["oracle"][4] == pytest.approx(1)


def test_the_mean_of_the_users_as_scores_equals_the_oracle():
    data = benchmark()
    means = {v.video_id: v.user_importance.mean(axis=0) for v in data.videos}
    result = evaluate(data, means, FEW)
    for measure in MEASURES:
        assert np.array_equal(result.values(METHOD, measure), result.values("oracle", measure))


def test_order_of_users_and_videos_changes_nothing():
    data = benchmark()
    scores = scores_for(data)
    turned = tuple(
        replace(v, user_importance=v.user_importance[::-1]) for v in reversed(data.videos)
    )
    straight, mixed = (
        evaluate(data, scores, FEW),
        evaluate(replace(data, videos=turned), scores, FEW),
    )
    for scorer in (METHOD, *BASELINES):
        for measure in MEASURES:
            np.testing.assert_allclose(
                straight.values(scorer, measure), mixed.values(scorer, measure)[::-1], atol=1e-12
            )


def test_number_of_threads_changes_nothing():
    data = benchmark()
    one, two = (evaluate(data, scores_for(data), FEW, num_workers=n) for n in (1, 2))
    for scorer in one.scorers:
        for measure in MEASURES:
            np.testing.assert_array_equal(one.values(scorer, measure), two.values(scorer, measure))


def test_progress_is_told_once_per_video():
    told = []
    evaluate(benchmark(), None, FEW, on_video=lambda: told.append(1))
    assert len(told) == 4


def test_without_scores_the_baselines_run_alone():
    result = evaluate(benchmark(), None, FEW)
    assert result.scorers == BASELINES
    assert result.method is None


def test_even_spacing_has_no_rank_correlation():
    result = evaluate(benchmark(), None, FEW)
    assert np.isnan(result.values("uniform", "tau")).all()
    assert not np.isnan(result.values("uniform", "f_mean")).any()


def test_spread_of_random_scores_is_over_seeds():
    result = evaluate(benchmark(), None, FEW)
    means = np.stack([v.runs["random"][:, 0] for v in result.videos]).mean(axis=0)
    assert result.spread("random", "f_mean") == pytest.approx(means.std(ddof=1))
    assert result.values("random", "f_mean").mean() == pytest.approx(means.mean())


def test_published_summaries_are_used_and_compared_under_kts_only():
    made = replace(make_video(), shot_borders=SHOTS)
    published = summarise_frames(made.user_importance, SHOTS)
    published[0] = ~published[0]  # one user's published summary is another than the recipe's
    data = Benchmark("tvsum", (replace(made, user_summaries=published),), 50)
    kts = evaluate(data, None, replace(FEW, protocol="kts"))
    assert kts.videos[0].num_rebuilt_equal == 3
    assert "3 of 4 published user summaries are rebuilt bit for bit" in kts.notes
    assert evaluate(data, None, FEW).videos[0].num_rebuilt_equal is None


def test_an_h5_file_alone_gives_no_rank_correlation_and_kts_only():
    made = replace(make_video(), shot_borders=SHOTS)
    bare = replace(
        made,
        user_importance=None,
        user_summaries=summarise_frames(made.user_importance, SHOTS),
    )
    data = Benchmark("tvsum", (bare,), 50)
    kts = evaluate(data, None, replace(FEW, protocol="kts"))
    assert np.isnan(kts.values("human", "tau")).all()
    assert not np.isnan(kts.values("human", "f_mean")).any()
    with pytest.raises(ScoresError, match="--annotations"):
        evaluate(data, None, replace(FEW, protocol="uniform-60"))


def test_negative_shots_are_noted():
    data = benchmark(1)
    result = evaluate(data, {"v0": np.full(300, -1.0)}, FEW)
    assert any("negative" in note for note in result.notes)
    assert not result.videos[0].summary.any()


def test_a_video_without_a_shot_that_fits_the_budget_is_noted_and_scores_zero():
    data = Benchmark("tvsum", (replace(make_video(), shot_borders=np.array([0, 300])),), 50)
    result = evaluate(data, None, replace(FEW, protocol="kts"))
    assert any("no shot that fits" in note for note in result.notes)
    assert result.values("oracle", "f_mean").tolist() == [0]
    assert result.values("human", "f_mean").tolist() == [0]


def test_scores_that_do_not_fit_name_the_video():
    data = benchmark(2)
    with pytest.raises(ScoresError, match="video v1: 17 scores"):
        evaluate(data, {"v0": np.ones(300), "v1": np.ones(17)}, FEW)


def test_no_seeds_are_refused():
    with pytest.raises(ValueError, match="num_seeds"):
        EvaluationSettings(num_seeds=0)


@pytest.mark.dataset
def test_human_agreement_on_tvsum_is_the_published_one(data_folder):
    result = evaluate(load_tvsum(data_folder / "tvsum"), None, EvaluationSettings(num_seeds=2))
    assert result.values("human", "tau").mean() == pytest.approx(0.1774, abs=PUBLISHED_DIGITS)
    assert result.values("human", "rho").mean() == pytest.approx(0.2042, abs=PUBLISHED_DIGITS)
    assert result.values("random", "tau").mean() == pytest.approx(0, abs=0.002)
    assert result.values("random", "f_mean").mean() == pytest.approx(0.15, abs=0.01)


@pytest.mark.slow
@pytest.mark.dataset
def test_random_scores_look_good_on_shots_of_unequal_length(data_folder):
    settings = EvaluationSettings(protocol="two-peak", num_seeds=2)
    result = evaluate(load_tvsum(data_folder / "tvsum"), None, settings)
    assert result.values("random", "f_mean").mean() == pytest.approx(0.57, abs=0.02)


@pytest.mark.dataset
def test_human_agreement_on_summe_is_the_published_one(data_folder):
    data = load_summe(data_folder / "tvsum" / "summe_GT")
    result = evaluate(data, None, EvaluationSettings(num_seeds=1))
    assert result.values("human", "f_mean").mean() == pytest.approx(0.311, abs=5e-4)
    assert result.values("human", "f_max").mean() == pytest.approx(0.543, abs=5e-4)


def test_a_cue_is_measured_like_the_method_on_the_videos_that_have_it():
    data = benchmark()
    scores = scores_for(data)
    cues = {"same": scores, "loudness": {"v1": scores["v1"], "v2": scores["v2"]}}
    result = evaluate(data, scores, FEW, cues=cues)
    assert result.scorers == (METHOD, "same", "loudness", *BASELINES)
    for measure in MEASURES:
        own = result.values(METHOD, measure)
        assert np.array_equal(result.values("same", measure), own)
        assert np.array_equal(result.values("loudness", measure), own[[1, 2]])


def test_a_cue_must_not_stand_for_a_baseline():
    with pytest.raises(ValueError, match="called random"):
        evaluate_video(make_video(), None, FEW, {"random": np.ones(300)})
