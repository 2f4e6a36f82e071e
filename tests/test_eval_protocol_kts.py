import json
from itertools import combinations

import numpy as np
import pytest

from eval.protocol.kts import find_change_points, place_change_points, segment_features


def blocks(*sizes, seed=0, noise=0.05):
    """Features that jump at the borders of blocks."""
    rng = np.random.default_rng(seed)
    rows = [np.repeat(rng.normal(size=(1, 8)), size, axis=0) for size in sizes]
    features = np.concatenate(rows)
    return features + noise * rng.normal(size=features.shape)


def scatter(features, borders):
    """Sum of squared distances from the segments' means."""
    parts = np.split(features, borders)
    return sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)


def test_borders_of_clear_blocks_are_found():
    assert segment_features(blocks(10, 25, 7)).tolist() == [10, 35]


def test_constant_features_have_no_change_point():
    assert segment_features(np.ones((20, 3))).tolist() == []


def test_one_sample_has_no_change_point():
    assert segment_features(np.ones((1, 3))).tolist() == []


@pytest.mark.parametrize("count", [1, 2, 3])
def test_places_equal_brute_force(count):
    features = np.random.default_rng(count).normal(size=(11, 3))
    best = min(combinations(range(1, 11), count), key=lambda b: scatter(features, b))
    assert place_change_points(features @ features.T, count).tolist() == list(best)


def test_number_equals_brute_force_over_the_stated_cost():
    features = np.random.default_rng(5).normal(size=(9, 2)) * [3, 0.1]
    size = len(features)

    def cost(borders):
        count = len(borders)
        price = count / (2 * size) * (np.log(size / count) + 1) if count else 0
        return scatter(features, borders) / size + price

    every = [b for count in range(size) for b in combinations(range(1, size), count)]
    assert segment_features(features).tolist() == list(min(every, key=cost))


def test_a_higher_penalty_gives_no_more_change_points():
    features = blocks(5, 9, 6, noise=0.5)
    counts = [len(segment_features(features, penalty=p)) for p in (0.1, 1, 10, 1000)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


def test_the_number_can_be_bounded():
    features = blocks(10, 25, 7)
    assert len(find_change_points(features @ features.T, max_change_points=1)) == 1


@pytest.mark.parametrize("kernel", [np.ones((2, 3)), np.zeros((0, 0)), [[np.nan]]])
def test_unusable_kernels_are_refused(kernel):
    with pytest.raises(ValueError, match="kernel matrix"):
        find_change_points(kernel)


def test_more_change_points_than_samples_are_refused():
    with pytest.raises(ValueError, match="no room"):
        place_change_points(np.eye(3), 3)


@pytest.mark.dataset
@pytest.mark.parametrize("name", ["easy", "hard", "flat"])
def test_change_points_equal_the_public_reference(data_folder, name):
    folder = data_folder / "tvsum" / "kts"
    known = json.loads((folder / "kts_fixture.json").read_text())[name]
    features = np.load(folder / f"kts_fixture_{name}.npy")
    assert segment_features(features).tolist() == known["cpd_auto"]
    if known["cpd_nonlin_m5"] is not None:
        places = place_change_points(features @ features.T, 5)
        assert places.tolist() == known["cpd_nonlin_m5"]
