"""What keeps a library small, fast and whole."""

import pytest

pytest.importorskip("lancedb")

import numpy as np
from libraries import add_made, made_segments, make_empty

from vsumm.film_library import indexes, upkeep
from vsumm.film_library.query import Query, query_point
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
    points = [query_point(*place) for place in ((0.5, 0.5), (0.02, 0.9), (3.0, 3.0))]
    near = [search(library, point, k=5) for point in points]
    dated = search(library, points[0], k=5, where="motion > 0.5")
    upkeep.tidy(library)
    assert library.segments_table.list_indices() == []
    monkeypatch.setattr(upkeep, "MANY_PARTS", 5)
    monkeypatch.setattr(indexes, "INDEX_FROM", 500)
    upkeep.tidy(library)
    made = library.segments_table.list_indices()
    assert {index.columns[0]: index.index_type for index in made} == {
        **dict.fromkeys(("concepts", "picture", "sound"), "IvfSq"),
        **dict.fromkeys(("valence", "arousal", "recorded", "film"), "BTree"),
    }
    assert library.segments_table.stats()["fragment_stats"]["num_fragments"] == 1
    assert search(library, Query("picture", vector, "white"), k=5, is_exact=True) == before
    assert [search(library, point, k=5) for point in points] == near
    assert search(library, points[0], k=5, where="motion > 0.5") == dated
    add_made(library, "new", 3, picture=np.tile(vector, (3, 1)))
    first, *_ = search(library, Query("picture", vector, "white"), k=5)
    assert first.film.sha256 == "newnew"
    assert upkeep.verify(library) == []


def test_an_index_of_another_kind_is_replaced(tmp_path, monkeypatch):
    from lancedb.index import IvfFlat

    library = make_empty(tmp_path / "lib")
    add_made(library, "a", 600)
    library.segments_table.create_index("picture", config=IvfFlat(distance_type="cosine"))
    monkeypatch.setattr(indexes, "INDEX_FROM", 500)
    upkeep.vacuum(library)
    kinds = {i.columns[0]: i.index_type for i in library.segments_table.list_indices()}
    assert kinds["picture"] == "IvfSq"


def test_wide_embeddings_are_found_by_a_bit_per_number(tmp_path):
    widths = {"concepts": 64, "picture": 256, "sound": 256}
    library = make_empty(tmp_path / "lib", widths=widths)
    generator = np.random.default_rng(0)
    for number in range(4):
        vectors = {name: generator.standard_normal((500, width)) for name, width in widths.items()}
        add_made(library, f"f{number}", 500, widths=widths, **vectors)
    for name in widths:
        indexes.make_vector_index(library, name)
    kinds = {i.columns[0]: i.index_type for i in library.segments_table.list_indices()}
    assert kinds == {"concepts": "IvfSq", "picture": "IvfRq", "sound": "IvfRq"}
    for name, width in widths.items():
        for _ in range(5):
            vector = generator.standard_normal(width).astype(np.float32)
            query = Query(name, vector / np.linalg.norm(vector), "made")
            assert search(library, query, k=3) == search(library, query, k=3, is_exact=True)
