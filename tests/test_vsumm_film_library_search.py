"""Searching a library: which stretches are found, in which order, and why."""

import numpy as np
import pytest

pytest.importorskip("lancedb")

from libraries import add_made, made_segments, make_empty

from vsumm.errors import LibraryError
from vsumm.film_library.query import Query, query_point
from vsumm.film_library.search import search
from vsumm.film_library.store import rows_of_vectors


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = make_empty(tmp_path_factory.mktemp("made") / "lib")
    for number in range(5):
        add_made(library, f"f{number}", 30, seed=number, recorded=f"20{17 + number}-06-30")
    return library


def _query(seed=9, column="picture"):
    vector = np.random.default_rng(seed).standard_normal({"picture": 4, "concepts": 8}[column])
    return Query(column, (vector / np.linalg.norm(vector)).astype(np.float32), "looks like it")


@pytest.mark.parametrize("column", ["picture", "concepts"])
def test_the_closest_segment_of_all_comes_first(library, column):
    query = _query(column=column)
    best = max(
        (float(row @ query.vector), name, number)
        for name in library.films()
        for number, row in enumerate(rows_of_vectors(library.rows_of(name)[column]).astype(float))
    )
    first = search(library, query, k=3)[0]
    assert first.closeness == pytest.approx(best[0], abs=2e-3)
    assert (first.film.sha256, first.best_seconds) == (best[1], 2.0 * best[2] + 1)
    assert first.why == f"looks like it ({first.closeness:.2f}), much motion"


def test_stretches_come_best_first_and_none_twice(library):
    found = search(library, _query(), k=8)
    assert len(found) == 8
    assert [one.closeness for one in found] == sorted((o.closeness for o in found), reverse=True)
    places = [(one.film.sha256, one.best_seconds) for one in found]
    assert len(set(places)) == 8


def test_a_point_of_the_plane_finds_what_is_nearest(library):
    first, *others = search(library, query_point(0.8, 0.7), k=5)
    distances = [np.hypot(one.valence - 0.8, one.arousal - 0.7) for one in (first, *others)]
    assert distances == sorted(distances)
    assert first.why.startswith(f"near valence 0.8, arousal 0.7 ({distances[0]:.2f})")
    assert search(library, None, mood=(0.8, 0.7), k=5) == [first, *others]


def test_a_mood_beside_a_query_draws_nearer(library):
    def mean_distance(found):
        return np.mean([np.hypot(one.valence - 0.9, one.arousal - 0.9) for one in found])

    plain = search(library, _query(), k=6)
    leaning = search(library, _query(), k=6, mood=(0.9, 0.9))
    assert mean_distance(leaning) < mean_distance(plain)


def test_days_bound_what_is_found(library):
    def years(**bounds):
        return {one.film.recorded[:4] for one in search(library, _query(), k=40, **bounds)}

    assert years() == {"2017", "2018", "2019", "2020", "2021"}
    assert years(since="2020") == {"2020", "2021"}
    assert years(until="2018") == {"2017", "2018"}
    assert years(since="2018-07", until="2020-06-29") == {"2019"}


def test_a_condition_on_signals(library):
    found = search(library, _query(), k=10, where="motion > 0.9")
    for one in found:
        rows = library.rows_of(one.film.sha256)
        number = int(one.best_seconds // 2)
        assert rows["motion"][number].as_py() > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"where": "nothing > 1"}, "cannot search"),
        ({"where": "motion >"}, "cannot search"),
        ({"since": "May"}, "cannot read the day 'May'"),
        ({"until": "2019' OR 1=1"}, "cannot read the day"),
    ],
)
def test_what_cannot_be_read_is_one_line(library, settings, message):
    with pytest.raises(LibraryError, match=message) as caught:
        search(library, _query(), **settings)
    assert "\n" not in str(caught.value)


def test_stretches_are_widened_to_a_least_length(library):
    for one in search(library, _query(), k=10, min_seconds=5.0):
        assert one.segment.duration_seconds >= 5.0
        assert one.segment.start_seconds >= 0
        assert one.segment.end_seconds <= one.film.duration_seconds
    assert search(library, _query(), min_seconds=61.0) == []


def test_hits_that_touch_are_one_stretch(tmp_path):
    library = make_empty(tmp_path / "lib")
    picture = np.tile([0.0, 1.0, 0, 0], (10, 1))
    picture[4:7] = [1.0, 0, 0, 0]
    add_made(library, "a", 10, picture=picture)
    query = Query("picture", np.array([1, 0, 0, 0], np.float32), "white")
    (found,) = search(library, query, k=1)
    assert (found.segment.start_seconds, found.segment.end_seconds) == (8.0, 14.0)


def test_what_has_no_picture_is_never_found(tmp_path):
    library = make_empty(tmp_path / "lib")
    add_made(library, "a", 3, picture=np.full((3, 4), np.nan), plane=np.full((3, 2), np.nan))
    add_made(library, "b", 2)
    assert {one.film.sha256 for one in search(library, _query(), k=9)} == {"bb"}
    assert {one.film.sha256 for one in search(library, query_point(0.5, 0.5), k=9)} == {"bb"}


def test_segments_without_a_film_are_never_found(library):
    library.segments_table.add(made_segments("orphan", 5))
    assert all("orphan" not in one.film.sha256 for one in search(library, _query(), k=30))
    library.segments_table.delete("film = 'orphanorphan'")


def test_an_empty_library_finds_nothing(tmp_path):
    library = make_empty(tmp_path / "lib")
    assert search(library, _query()) == []
    assert search(library, query_point(0.5, 0.5)) == []


def test_nothing_to_look_for_is_an_error(library):
    with pytest.raises(LibraryError, match="nothing to look for"):
        search(library, None)
