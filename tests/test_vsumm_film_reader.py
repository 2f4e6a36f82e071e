"""What vsumm hands to `mmva prompt` and `mmva match` about films, and that it is found."""

from dataclasses import replace
from importlib.metadata import entry_points

import msgspec
import pytest
from films import make_film
from mmva_tiny import tiny_model
from summaries import make_summary

from mmva_core.errors import DataError
from mmva_core.prompts.film import parse_film_curve
from mmva_core.prompts.targets import FILM_READER_GROUP
from mmva_core.retrieval.films import FILM_CURVES_GROUP, FilmCurve
from vsumm.film_reader import curves_json, summary_json


@pytest.fixture
def model_name(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny_model(sigma=0.3).save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def test_mmva_finds_the_reader():
    (entry,) = entry_points(group=FILM_READER_GROUP)
    assert entry.load() is summary_json
    (entry,) = entry_points(group=FILM_CURVES_GROUP)
    assert entry.load() is curves_json


def test_film_becomes_a_curve(tmp_path, model_name):
    make_film(tmp_path / "film.mp4", seconds=5, size=(64, 48))
    content = summary_json(tmp_path / "film.mp4", model_name, False)
    segments = parse_film_curve(content, "film.mp4")
    assert [segment.start_seconds for segment in segments] == [0, 2, 4]
    assert all(0 <= segment.signals.image_arousal <= 1 for segment in segments)


def test_film_that_cannot_be_read_is_reported_as_mmva_does(tmp_path, model_name):
    (tmp_path / "film.mp4").write_bytes(b"no film")
    with pytest.raises(DataError, match=r"film\.mp4"):
        summary_json(tmp_path / "film.mp4", model_name, False)


def curves(paths, model_name):
    texts = curves_json(paths, model_name, False)
    return [msgspec.json.decode(text, type=FilmCurve) for text in texts]


def test_films_and_reels_of_a_folder_become_curves(tmp_path, model_name):
    folder = tmp_path / "reels"
    folder.mkdir()
    for name in ("b.mp4", "a.summary.mp4"):
        make_film(folder / name, seconds=5, size=(64, 48))
    (folder / "notes.txt").touch()
    found = curves([folder], model_name)
    assert [film.name for film in found] == [str(folder / "a.summary.mp4"), str(folder / "b.mp4")]
    assert [film.length_seconds for film in found] == [5, 5]
    assert found[0].times == (1, 3)
    assert found[0].to_curve().va.shape == (2, 2)


def test_of_a_summary_its_reel_counts(tmp_path, model_name):
    signals = {"image_valence": [0.5] * 6, "image_arousal": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}
    summary = make_summary([0.5] * 6, [1, 2, 4], signals=signals | {"motion": [0.5] * 6})
    path = tmp_path / "film.summary.json"
    path.write_text(replace(summary, model=model_name).to_json(), encoding="utf-8")
    make_film(tmp_path / "film.summary.mp4", seconds=5, size=(64, 48))  # the reel of that summary
    (found,) = curves([tmp_path], model_name)
    assert found.name == str(path)
    assert found.length_seconds == 6
    path.write_text(summary.to_json(), encoding="utf-8")
    (found,) = curves([path], model_name)
    assert "its model is" in found.problem


def test_what_cannot_be_read_is_a_problem_and_an_empty_folder_an_error(tmp_path, model_name):
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    (tmp_path / "x.summary.json").write_bytes(b"no summary")
    names = [tmp_path / name for name in ("broken.mp4", "x.summary.json", "missing.mp4")]
    for film, name in zip(curves(names, model_name), names, strict=True):
        assert str(name) in film.problem
        assert "\n" not in film.problem
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no films in this folder"):
        curves([tmp_path / "empty"], model_name)
