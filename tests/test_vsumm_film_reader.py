"""What vsumm hands to `mmva prompt` about a film, and that it is found."""

from importlib.metadata import entry_points

import pytest
from films import make_film
from mmva_tiny import tiny_model

from mmva_core.errors import DataError
from mmva_core.prompts.film import parse_film_curve
from mmva_core.prompts.targets import FILM_READER_GROUP
from vsumm.film_reader import summary_json


@pytest.fixture
def model_name(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny_model(sigma=0.3).save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def test_mmva_finds_the_reader():
    (entry,) = entry_points(group=FILM_READER_GROUP)
    assert entry.load() is summary_json


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
