"""The index on disk: what is found equals a plain search, and writing is all or nothing."""

import numpy as np
import pytest

from mmva_core.errors import DataError
from mmva_core.retrieval.index import (
    IndexHeader,
    IndexItem,
    ItemRows,
    RetrievalIndex,
    load_index,
    save_index,
)
from mmva_core.retrieval.rank import unit_rows

DIM = 6
HEADER = IndexHeader(1, "some-model", "f" * 64, 0.3, "/somewhere")


def made_rows(num_windows, seed, *, has_times=True):
    generator = np.random.default_rng(seed)
    va = np.full((num_windows, 4), np.nan, dtype=np.float32)
    va[:, :2] = generator.integers(0, 8, size=(num_windows, 2)) / 8  # so coarse that there are ties
    if has_times:
        va[:, 2] = np.arange(num_windows) * 10
        va[:, 3] = va[:, 2] + 10
    return ItemRows(va, unit_rows(generator.normal(size=(num_windows, DIM))))


def made_library(folder, num_items=40):
    rows, items = [], []
    for number in range(num_items):
        is_music = number % 3 != 0
        rows.append(made_rows(1 + number % 4 if is_music else 1, number, has_times=is_music))
        kind = "music" if is_music else "image"
        items.append(IndexItem(f"item{number}", kind, f"{number:064x}", len(rows[-1].va)))
    return save_index(folder, HEADER, items, rows.__getitem__), items, rows


def plain_search(items, rows, score_of_window, k):
    """Score every window in Python, keep the best of each item, sort."""
    best = []
    for place, item in enumerate(items):
        scores = [score_of_window(rows[place], window) for window in range(item.num_windows)]
        window = max(range(len(scores)), key=lambda number: (scores[number], -number))
        best.append((-scores[window], place, window))
    return [(items[place].name, window) for _, place, window in sorted(best)[:k]]


def found(matches):
    return [(match.name, round((match.start_seconds or 0) / 10)) for match in matches]


@pytest.mark.parametrize("query", [(0.5, 0.5), (0.1, 0.9), (1.0, 0.0)])
def test_search_by_va_equals_brute_force(tmp_path, query):
    index, items, rows = made_library(tmp_path / "index")

    def score(of_item, window):
        valence, arousal = of_item.va[window, :2].astype(float)
        return -np.hypot(query[0] - valence, query[1] - arousal)

    assert found(index.search_va(query, k=12)) == plain_search(items, rows, score, 12)


def test_search_by_embedding_equals_brute_force(tmp_path):
    index, items, rows = made_library(tmp_path / "index")
    query = np.random.default_rng(99).normal(size=DIM)

    def score(of_item, window):
        return float(of_item.embeds[window] @ (query / np.linalg.norm(query)))

    assert found(index.search_embedding(query, k=40)) == plain_search(items, rows, score, 40)


def test_scores_are_those_of_equation_one(tmp_path):
    index, _, _ = made_library(tmp_path / "index")
    match = index.search_va((0.2, 0.7), k=1)[0]
    distance = np.hypot(match.valence - 0.2, match.arousal - 0.7)
    assert match.score == pytest.approx(np.exp(-distance / 0.3))


def test_only_items_of_a_kind_are_found(tmp_path):
    index, items, _ = made_library(tmp_path / "index")
    matches = index.search_va((0.5, 0.5), k=100, modality="image")
    assert {match.name for match in matches} == {i.name for i in items if i.modality == "image"}
    assert all(match.start_seconds is None for match in matches)


def test_index_survives_the_disk(tmp_path):
    index, items, rows = made_library(tmp_path / "index")
    again = load_index(tmp_path / "index")
    assert again.items == tuple(items) == index.items
    assert isinstance(again.embeds, np.memmap)
    for place, expected in enumerate(rows):
        assert np.array_equal(again.rows_of(place).va, expected.va, equal_nan=True)
        assert np.array_equal(again.rows_of(place).embeds, expected.embeds)


def test_failed_write_leaves_the_old_index(tmp_path):
    made_library(tmp_path / "index", num_items=3)

    def fail(place):
        if place == 1:
            raise KeyboardInterrupt
        return made_rows(1, 0)

    items = [IndexItem(f"new{n}", "music", "0" * 64, 1) for n in range(3)]
    with pytest.raises(KeyboardInterrupt):
        save_index(tmp_path / "index", HEADER, items, fail)
    assert [item.name for item in load_index(tmp_path / "index").items] == [
        "item0", "item1", "item2",
    ]  # fmt: skip
    assert len(list((tmp_path / "index").iterdir())) == 4


def test_new_version_replaces_the_files_of_the_old(tmp_path):
    made_library(tmp_path / "index", num_items=3)
    made_library(tmp_path / "index", num_items=5)
    assert len(load_index(tmp_path / "index")) == 5
    assert len(list((tmp_path / "index").iterdir())) == 4


def test_folder_without_an_index_is_named(tmp_path):
    with pytest.raises(DataError, match="no index in"):
        load_index(tmp_path)


@pytest.mark.parametrize("pattern", ["embeds-*.npy", "items-*.json", "va-*.npy", "index.json"])
def test_damage_is_reported(tmp_path, pattern):
    made_library(tmp_path / "index", num_items=3)
    path = next((tmp_path / "index").glob(pattern))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged"):
        load_index(tmp_path / "index")


def test_other_version_is_refused(tmp_path):
    made_library(tmp_path / "index", num_items=3)
    path = tmp_path / "index" / "index.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(DataError, match="version 99"):
        load_index(tmp_path / "index")


def test_arrays_must_fit_the_items():
    rows = made_rows(2, 0)
    with pytest.raises(ValueError, match="windows are named"):
        RetrievalIndex(HEADER, [IndexItem("a", "music", "0", 3)], rows.va, rows.embeds)


def test_values_that_are_not_finite_are_refused():
    rows = made_rows(1, 0)
    with pytest.raises(ValueError, match="finite"):
        ItemRows(rows.va, rows.embeds * np.nan)
