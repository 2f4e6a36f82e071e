"""A second look at a film is remembered; what changed is looked at anew."""

import numpy as np
import pytest
from films import make_film
from foretold import BrightLoudModel

from vsumm.config import SummaryConfig
from vsumm.files.cache import RecordCache
from vsumm.pipeline import summarize
from vsumm.summary import Summary


class CountingModel(BrightLoudModel):
    """Counts the pictures and windows that it is asked for."""

    def __init__(self):
        self.asked = 0

    def image_features(self, images):
        self.asked += len(images)
        return super().image_features(images)

    def music_features(self, samples, sample_rate):
        self.asked += len(samples)
        return super().music_features(samples, sample_rate)


@pytest.fixture
def model(monkeypatch):
    model = CountingModel()
    monkeypatch.setattr("vsumm.score.model_source.load_model", lambda config: model)
    monkeypatch.setattr(
        "vsumm.score.model_source.model_fingerprint", lambda name: f"digest of {name}"
    )
    return model


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "film.mp4", seconds=20.0, size=(160, 90), flashes=[12.8])


def test_another_budget_asks_the_model_nothing_and_gives_the_same_scores(film, model, tmp_path):
    cache = RecordCache(tmp_path / "cache")
    first = summarize(film, SummaryConfig(), cache=cache)
    asked = model.asked
    second = summarize(film, SummaryConfig(budget_seconds=9.0), cache=cache)
    assert model.asked == asked > 0
    assert [row.score for row in second.segments] == [row.score for row in first.segments]
    assert second.image_report == first.image_report
    assert second.selected_seconds > first.selected_seconds


def test_one_modality_of_both_is_remembered_too(film, model, tmp_path):
    cache = RecordCache(tmp_path / "cache")
    summarize(film, SummaryConfig(by="music"), cache=cache)
    asked = model.asked
    both = summarize(film, SummaryConfig(by="both"), cache=cache)
    assert model.asked == asked + len(both.segments)  # one picture each
    assert np.isfinite(both.to_frame()["music_arousal"]).all()


@pytest.mark.parametrize(
    "changed", [{"model": "another"}, {"frames_per_segment": 2}, {"segment_seconds": 1.0}]
)
def test_other_settings_are_measured_anew(film, model, tmp_path, changed):
    cache = RecordCache(tmp_path / "cache")
    summarize(film, SummaryConfig(by="image"), cache=cache)
    asked = model.asked
    summarize(film, SummaryConfig(by="image", **changed), cache=cache)
    assert model.asked > asked


def test_what_a_model_that_came_loaded_predicts_is_not_cached(film, tmp_path):
    cache = RecordCache(tmp_path / "cache")
    summarize(film, SummaryConfig(), model=CountingModel(), cache=cache)
    other = CountingModel()
    summarize(film, SummaryConfig(), model=other, cache=cache)
    assert other.asked > 0


def test_a_quick_look_asks_the_model_for_key_frames_alone(tmp_path, model):
    film = make_film(
        tmp_path / "film.mp4", seconds=20.0, size=(160, 90), audio=False, gop_seconds=6.0
    )
    quick = summarize(film, quick=True, cut_at="grid")
    assert model.asked == 4  # at 0, 6, 12 and 18 s
    assert Summary.from_json(quick.to_json()).config.quick
    assert any("key frames alone" in note for note in quick.notes)
    assert quick.image_report.unreadable_seconds == 0
    arousal = quick.to_frame()["image_arousal"]
    assert np.isfinite(arousal).all()
    assert len(set(arousal[:3])) == 1  # of the same key frame


def test_a_quick_look_and_a_full_one_do_not_share_what_is_remembered(film, model, tmp_path):
    cache = RecordCache(tmp_path / "cache")
    full = summarize(film, cut_at="grid", cache=cache)
    asked = model.asked
    quick = summarize(film, quick=True, cut_at="grid", cache=cache)
    assert model.asked > asked
    assert [row.signals["cuts"] for row in quick.segments] == [None] * len(quick.segments)
    again = summarize(film, cut_at="grid", cache=cache)
    assert again.segments == full.segments
