"""What keeps a library small, fast and whole."""

import pytest

pytest.importorskip("lancedb")

import numpy as np
from libraries import add_made, made_segments, make_empty

from vsumm.film_library import upkeep
from vsumm.film_library.query import Query
from vsumm.film_library.search import search


def test_vacuum_removes_segments_without_a_film(tmp_path):
    library = make_empty(tmp_path / "lib")
    library.segments_table.add(made_segments("a", 3))
    film = add_made(library, "b", 2)
    upkeep.vacuum(library)
    assert library.segments_table.count_rows() == 2
    assert list(library.films()) == [film.sha256]


def test_verify_names_films_whose_segments_are_missing_or_changed(tmp_path):
    library = make_empty(tmp_path / "lib")
    for name in ("a", "b", "c"):
        add_made(library, name, 4)
    library.segments_table.delete("film = 'aa' AND number = 2")
    library.segments_table.update(where="film = 'bb' AND number = 1", values={"end_seconds": 3.5})
    missing, changed = sorted(upkeep.verify(library))
    assert missing == "/films/a.mp4: 3 of 4 segments are there"
    assert changed == "/films/b.mp4: its segments have changed since it was added"


def test_many_films_are_joined_and_indexed_and_found_as_before(tmp_path, monkeypatch):
    library = make_empty(tmp_path / "lib")
    for number in range(6):
        add_made(library, f"f{number}", 100, seed=number)
    vector = np.array([1, 0, 0, 0], np.float32)
    before = search(library, Query("picture", vector, "white"), k=5)
    upkeep.tidy(library)
    assert library.segments_table.list_indices() == []
    monkeypatch.setattr(upkeep, "MANY_PARTS", 5)
    monkeypatch.setattr(upkeep, "INDEX_FROM", 500)
    upkeep.tidy(library)
    indexes = library.segments_table.list_indices()
    assert sorted(column for index in indexes for column in index.columns) == [
        "concepts",
        "picture",
        "sound",
    ]
    assert library.segments_table.stats()["fragment_stats"]["num_fragments"] == 1
    assert search(library, Query("picture", vector, "white"), k=5, is_exact=True) == before
    add_made(library, "new", 3, picture=np.tile(vector, (3, 1)))
    first, *_ = search(library, Query("picture", vector, "white"), k=5)
    assert first.film.sha256 == "newnew"
    assert upkeep.verify(library) == []
