"""A topic compared with the picture by CLIP, by a tiny random one."""

import numpy as np
import pytest
from films import make_film
from mmva_towers import write_clip, write_clip_tokenizer

from vsumm.errors import ModelError
from vsumm.files import RecordCache
from vsumm.pipeline import summarize
from vsumm.score.signals.clip import CLIP, clip_fingerprint


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_clip_tokenizer(write_clip(tmp_path_factory.mktemp("clip")))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_film(path, seconds=16.0, size=(160, 90), flashes=[6.8])


def closeness_of(summary):
    return np.array([row.signals["about"] for row in summary.segments], dtype=float)


def test_what_is_stated_is_compared_by_the_clip_that_is_named(film, folder, tmp_path, monkeypatch):
    cache = RecordCache(tmp_path)
    settings = {"about_model": str(folder), "cache": cache}
    searched = closeness_of(summarize(film, query="a fast car", **settings))
    stated = closeness_of(summarize(film, about="a fast car", **settings))
    assert np.isfinite(searched).all()
    assert np.ptp(searched) > 0
    np.testing.assert_array_equal(stated, searched)
    by_concepts = closeness_of(summarize(film, query="a fast car", cache=cache))
    assert np.abs(by_concepts - searched).max() > 0.01
    monkeypatch.setattr("vsumm.score.signals.clip.ClipMeter", None)  # the cache holds it
    again = closeness_of(summarize(film, query="a fast car", **settings))
    np.testing.assert_array_equal(again, searched)


def test_two_clips_are_told_apart(folder, tmp_path):
    other = write_clip(tmp_path)
    assert clip_fingerprint(str(folder)) != clip_fingerprint(str(other))
    assert clip_fingerprint("clip") == "openai/clip-vit-base-patch32"


def test_without_its_weights_nothing_is_measured(film, tmp_path):
    with pytest.raises(ModelError, match="cannot load"):
        summarize(film, about="a fast car", about_model=str(tmp_path))


def test_it_is_measured_only_where_it_is_named():
    from vsumm.config import SummaryConfig

    assert not CLIP.is_wanted(SummaryConfig())
    assert CLIP.is_wanted(SummaryConfig(about_model="clip"))
