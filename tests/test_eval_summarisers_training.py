import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks import make_video, write_h5

from eval.datasets.h5_file import load_h5
from eval.protocol.selection import summarise_frames
from eval.summarisers import training
from eval.summarisers.training import Split, TrainingPlan, make_folds, read_splits, train_and_score
from vsumm.errors import InputError, ScoresError
from vsumm.files.cache import RecordCache

BORDERS = np.array([0, 80, 130, 210, 300])
KEYS = [f"video_{n}" for n in range(1, 8)]


@pytest.fixture
def data(tmp_path):
    """Seven videos with features in an h5 file."""
    rng = np.random.default_rng(0)
    videos, features = [], {}
    for number, key in enumerate(KEYS):
        made = make_video(f"v{number}", key=key, seed=number, shot_borders=BORDERS)
        summaries = summarise_frames(made.user_importance, BORDERS)
        videos.append(replace(made, user_summaries=summaries))
        features[made.video_id] = rng.random((20, 6)).astype(np.float32)
    path = write_h5(tmp_path / "data.h5", videos, features=features)
    return SimpleNamespace(path=path, benchmark=load_h5(path, "tvsum"), folder=tmp_path)


def plan(**fields):
    settings = {"method": "ca-sum", "splits": make_folds(KEYS), "splits_label": "x", "epochs": 2}
    return TrainingPlan(**{**settings, **fields})


def test_folds_test_every_video_once_and_never_train_on_it():
    folds = make_folds(KEYS)
    assert sorted(k for fold in folds for k in fold.test_keys) == sorted(KEYS)
    for fold in folds:
        assert sorted((*fold.train_keys, *fold.test_keys)) == sorted(KEYS)


def test_folds_follow_the_seed():
    assert make_folds(KEYS, seed=1) == make_folds(KEYS, seed=1)
    assert make_folds(KEYS, seed=1) != make_folds(KEYS, seed=2)


def test_too_few_videos_for_folds_are_refused():
    with pytest.raises(ScoresError, match="at least 5 videos, got 2"):
        make_folds(KEYS[:2])


def test_a_split_that_trains_on_its_test_is_refused():
    with pytest.raises(ScoresError, match="trains on a video that it tests: b"):
        Split(("a", "b"), ("b",))


def test_splits_are_read(tmp_path):
    path = tmp_path / "splits.json"
    path.write_text(json.dumps([{"train_keys": ["a"], "test_keys": ["b", "c"]}]))
    assert read_splits(path) == (Split(("a",), ("b", "c")),)


@pytest.mark.parametrize("content", ["", "[]", "[1]", '[{"train_keys": ["a"]}]', "{}"])
def test_unusable_splits_are_refused(tmp_path, content):
    path = tmp_path / "splits.json"
    path.write_text(content)
    with pytest.raises(ScoresError, match=r"splits\.json"):
        read_splits(path)


def test_every_video_gets_one_row_of_scores_per_seed(data):
    scores = train_and_score(data.path, data.benchmark, plan(seeds=(0, 1)))
    assert set(scores) == {f"v{n}" for n in range(7)}
    assert all(rows.shape == (2, 20) for rows in scores.values())


def test_a_finished_run_is_not_trained_again(data, monkeypatch):
    cache = RecordCache(data.folder / "cache")
    first = train_and_score(data.path, data.benchmark, plan(), cache)
    monkeypatch.setattr(training, "SUMMARISERS", {"ca-sum": SimpleNamespace(EPOCHS=2)})
    told = []
    again = train_and_score(
        data.path, data.benchmark, plan(), cache, on_epoch=lambda: told.append(1)
    )
    assert len(told) == 2 * 5
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_other_settings_are_trained_anew(data):
    cache = RecordCache(data.folder / "cache")
    train_and_score(data.path, data.benchmark, plan(), cache)
    other = train_and_score(data.path, data.benchmark, plan(epochs=3), cache)
    alone = train_and_score(data.path, data.benchmark, plan(epochs=3))
    assert all(np.array_equal(other[name], alone[name]) for name in other)


def test_scores_of_a_test_video_do_not_depend_on_the_other_test_videos(data):
    split = Split(tuple(KEYS[:4]), (KEYS[4],))
    wider = Split(tuple(KEYS[:4]), tuple(KEYS[4:]))
    alone, among = (
        train_and_score(data.path, data.benchmark, plan(splits=(s,))) for s in (split, wider)
    )
    assert np.array_equal(alone["v4"], among["v4"])


def test_a_split_of_strangers_is_refused(data):
    split = Split(("video_1",), ("video_99",))
    with pytest.raises(ScoresError, match="video_99"):
        train_and_score(data.path, data.benchmark, plan(splits=(split,)))


def test_an_h5_file_without_features_is_refused(data):
    bare = write_h5(
        data.folder / "bare.h5", [replace(v, with_features=False) for v in data.benchmark.videos]
    )
    with pytest.raises(InputError, match="no features"):
        train_and_score(bare, data.benchmark, plan())


def test_features_of_different_length_are_refused(data):
    features = {v.video_id: np.zeros((20, 5 + k % 2)) for k, v in enumerate(data.benchmark.videos)}
    path = write_h5(data.folder / "odd.h5", data.benchmark.videos, features=features)
    with pytest.raises(InputError, match=r"different lengths: \[5, 6\]"):
        train_and_score(path, data.benchmark, plan())


def test_a_method_that_diverges_is_told(data, monkeypatch):
    class Broken:
        EPOCHS = 1

        def __init__(self, dim, **options):
            pass

        def fit(self, videos, *, on_epoch):
            pass

        def score(self, features):
            return np.full(len(features), np.nan)

    monkeypatch.setattr(training, "SUMMARISERS", {"ca-sum": Broken})
    with pytest.raises(ScoresError, match="diverged"):
        train_and_score(data.path, data.benchmark, plan())


def test_the_label_names_epochs_rule_splits_and_seeds():
    label = plan(epochs=None, seeds=(0, 1, 2), splits_label="5 folds").label
    for told in ("ca-sum", "ICMR 2022", "400 epochs", "last epoch", "5 folds", "3 seeds"):
        assert told in label
