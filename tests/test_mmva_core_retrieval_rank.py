"""Scores, the best window, the first k: all of it against the definition written out."""

import math

import numpy as np
import pytest

from mmva_core.matching_score import score_of_distance
from mmva_core.retrieval.rank import (
    best_rows,
    cosines,
    top_k,
    unit_rows,
    va_distances,
)


def test_distances_are_euclidean():
    assert va_distances([0.1, 0.2], [[0.4, 0.6]]).tolist() == pytest.approx([0.5])


def test_distances_of_several_queries_are_a_table():
    table = va_distances([[0, 0], [1, 1]], [[0, 0], [0, 1], [1, 1]])
    assert table.tolist() == pytest.approx(np.array([[0, 1, 2**0.5], [2**0.5, 1, 0]]))


def test_score_is_equation_one():
    distances = va_distances([0.1, 0.2], [[0.4, 0.6], [0.1, 0.2]])
    scores = score_of_distance(distances, sigma=0.25)
    assert scores.tolist() == pytest.approx([math.exp(-2), 1])


def test_a_scale_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="sigma"):
        score_of_distance(np.zeros(1), sigma=0)


def test_cosines_read_in_blocks_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr("mmva_core.retrieval.rank.ROWS_AT_ONCE", 3)
    generator = np.random.default_rng(0)
    embeds, query = unit_rows(generator.normal(size=(10, 6))), generator.normal(size=6)
    expected = embeds @ query / np.linalg.norm(query)
    assert cosines(query, embeds) == pytest.approx(expected, abs=1e-6)


def test_best_window_of_each_item_is_found():
    scores = np.array([0.1, 0.9, 0.4, 0.8, 0.2, 0.5])
    assert best_rows(scores, np.array([0, 2, 5, 6])).tolist() == [1, 3, 5]


def test_first_of_equal_windows_is_taken():
    assert best_rows(np.array([0.5, 0.5, 0.5]), np.array([0, 1, 3])).tolist() == [0, 1]


def test_no_items_have_no_windows():
    assert best_rows(np.empty(0), np.array([0])).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_top_k_is_a_stable_sort_cut_off(seed):
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, 4, size=generator.integers(1, 30)) / 4  # full of ties
    k = int(generator.integers(1, 32))
    expected = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:k]
    assert top_k(scores, k).tolist() == expected


def test_no_answers_cannot_be_asked_for():
    with pytest.raises(ValueError, match="k must"):
        top_k(np.array([1.0]), 0)
