"""Films that are ranked for a piece of music."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmva_core.errors import DataError
from mmva_core.retrieval import films as films_module
from mmva_core.retrieval.films import FilmCurve, rank_films, read_film_curves
from mmva_core.retrieval.trajectory import Curve, compare_starts

WINDOWS = np.array(
    [[0.5, level, 6.0 * k, 6.0 * k + 6] for k, level in enumerate([0.2, 0.4, 0.6, 0.8])], np.float32
)


def film(name, arousal, **rest):
    count = len(arousal)
    times = tuple(2.0 * k + 1 for k in range(count))
    return FilmCurve(name, 2.0 * count, times, (0.5,) * count, tuple(arousal), **rest)


def test_the_film_that_rises_with_the_music_comes_first():
    rising, falling = film("rising", [0.2, 0.4, 0.6, 0.8]), film("falling", [0.8, 0.6, 0.4, 0.2])
    places = rank_films([falling, rising], WINDOWS, 0.25)
    assert [place.name for place in places] == ["rising", "falling"]
    assert places[0].score > places[1].score
    assert places[0].correlation > 0.9


def test_places_and_scores_are_those_of_the_rule():
    curve = Curve(np.array([1.0, 3.0]), np.array([[0.5, 0.5], [0.5, 0.7]]), 4.0)
    (place,) = rank_films([film("film", [0.5, 0.7])], WINDOWS, 0.25)
    found = compare_starts(curve, WINDOWS)
    best = found.costs.argmin()
    assert place.start_seconds == found.start_seconds[best]
    assert place.score == pytest.approx(np.exp(-found.costs[best] / 0.25))


def test_a_black_picture_is_not_compared():
    known = film("known", [0.2, 0.8])
    black = FilmCurve("black", 6.0, (1.0, 3.0, 5.0), (0.5, None, 0.5), (0.2, None, 0.8))
    assert rank_films([black], WINDOWS, 0.25)[0].distance < 1
    with pytest.raises(DataError, match="no point"):
        rank_films([FilmCurve("none", 2.0, (1.0,), (None,), (None,))], WINDOWS, 0.25)
    assert rank_films([known, known], WINDOWS, 0.25)[0].name == "known"


def test_what_reads_films_is_found_by_its_entry_point(monkeypatch, tmp_path):
    asked = []

    def curves(paths, model, progress):
        asked.append((paths, model, progress))
        yield '{"name": "a.mp4", "problem": "a.mp4: is broken"}'

    entry = SimpleNamespace(load=lambda: curves)
    monkeypatch.setattr(films_module, "entry_points", lambda group: [entry])
    (found,) = read_film_curves([tmp_path], "model", progress=True)
    assert found == FilmCurve("a.mp4", problem="a.mp4: is broken")
    assert asked == [([tmp_path], "model", True)]
    monkeypatch.setattr(films_module, "entry_points", lambda group: [])
    with pytest.raises(DataError, match="nothing that reads films"):
        list(read_film_curves([tmp_path], "model"))
