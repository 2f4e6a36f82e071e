"""Which track, and which place inside it, follows a curve best."""

import subprocess
import sys
import time

import numpy as np
import pytest

from mmva_core.retrieval.index import IndexHeader, IndexItem, RetrievalIndex
from mmva_core.retrieval.trajectory import SEAM_COST, Curve, compare_starts, rank_tracks

SIGMA = 0.25
SECONDS = 6.0


def curve_of(arousal, valence=0.5, step=2.0):
    arousal = np.asarray(arousal, dtype=float)
    times = step * (np.arange(len(arousal)) + 0.5)
    va = np.stack([np.full(len(arousal), valence), arousal], axis=1)
    return Curve(times, va, step * len(arousal))


def windows_of(arousal, valence=0.5, seconds=SECONDS):
    starts = seconds * np.arange(len(arousal))
    rows = [[valence, a, start, start + seconds] for a, start in zip(arousal, starts, strict=True)]
    return np.array(rows, dtype=np.float32)


def index_of(tracks):
    items = [IndexItem(name, "music", name, len(rows)) for name, rows in tracks.items()]
    va = np.concatenate(list(tracks.values()))
    header = IndexHeader(1, "mmva-lite", "0", SIGMA, ".")
    return RetrievalIndex(header, items, va, np.zeros((len(va), 2), np.float32))


def test_the_cost_is_the_one_of_the_formula():
    curve = curve_of([0.2, 0.4, 0.9], valence=0.4)
    found = compare_starts(curve, windows_of([0.3, 0.7, 0.5], valence=0.6))
    places = SECONDS + np.array([1.0, 3.0, 5.0])
    track = np.interp(places, [3.0, 9.0, 15.0], np.float32([0.3, 0.7, 0.5]))
    distance = np.mean([np.hypot(0.2, a - b) for a, b in zip([0.2, 0.4, 0.9], track, strict=True)])
    r = np.corrcoef([0.2, 0.4, 0.9], track)[0, 1]
    assert found.distances[1] == pytest.approx(distance, abs=1e-6)
    assert found.correlations[1] == pytest.approx(r, abs=1e-6)
    expected = distance + np.std([0.2, 0.4, 0.9]) * (1 - r)
    assert found.costs[1] == pytest.approx(expected, abs=1e-6)


def test_the_place_is_found_where_the_curve_was_taken_from():
    rng = np.random.default_rng(0)
    windows = windows_of(rng.random(30))
    times = 2.0 * (np.arange(12) + 0.5)
    arousal = np.interp(48 + times, windows[:, 2] + SECONDS / 2, windows[:, 1])
    found = compare_starts(curve_of(arousal), windows)
    assert found.start_seconds[found.costs.argmin()] == 48
    assert found.costs.min() == pytest.approx(0, abs=1e-6)


def test_a_flat_curve_is_followed_by_level_alone():
    found = compare_starts(curve_of([0.5] * 9), windows_of([0.4, 0.6, 0.5, 0.5]))
    no_seam = found.num_seams == 0
    assert found.costs[no_seam] == pytest.approx(found.distances[no_seam], abs=1e-9)


def test_a_track_that_does_not_vary_has_no_correlation():
    found = compare_starts(curve_of([0.2, 0.5, 0.8]), windows_of([0.5] * 4))
    assert found.correlations.tolist() == [0, 0, 0, 0]


def test_a_track_goes_on_from_its_beginning_and_each_seam_costs():
    found = compare_starts(curve_of([0.5] * 9), windows_of([0.5, 0.5]))  # 18 s, 12 s
    assert found.num_seams.tolist() == [1, 1]
    assert found.costs == pytest.approx([SEAM_COST] * 2, abs=1e-6)
    again = compare_starts(curve_of([0.5] * 15), windows_of([0.5, 0.5]))  # 30 s from 6 s on
    assert again.num_seams.tolist() == [2, 2]
    fits = compare_starts(curve_of([0.5] * 6), windows_of([0.5, 0.5]))
    assert fits.num_seams.tolist() == [0, 1]


def test_behind_its_end_the_beginning_is_compared():
    # From 6 s on: 0.8 until 12 s, then 0.2 again.
    found = compare_starts(curve_of([0.8, 0.8, 0.8, 0.2, 0.2, 0.2]), windows_of([0.2, 0.8]))
    assert found.distances[1] < found.distances[0]


def test_what_has_no_number_is_not_compared():
    whole, holed = curve_of([0.2, 0.4, 0.8]), curve_of([0.2, 0.9, 0.4, 0.8])
    times = np.array([1.0, 1.5, 3.0, 5.0])
    holed.va[1] = np.nan
    track = windows_of([0.1, 0.6, 0.9])
    expected = compare_starts(whole, track).costs
    found = compare_starts(Curve(times, holed.va, whole.length_seconds), track).costs
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_curve_without_numbers_is_refused():
    with pytest.raises(ValueError, match="no point"):
        curve_of([np.nan, np.nan])
    with pytest.raises(ValueError, match="do not fit"):
        Curve(np.zeros(2), np.zeros((3, 2)), 4.0)


def test_tracks_are_ranked_and_equal_ones_keep_their_order():
    rising = [0.2, 0.4, 0.6, 0.8]
    tracks = {
        "falling": windows_of(rising[::-1]),
        "rising": windows_of(rising),
        "the same": windows_of(rising),
        "flat": windows_of([0.5] * 4),
    }
    index = index_of(tracks)
    ranked = rank_tracks(curve_of(np.linspace(0.2, 0.8, 12)), index, range(4))
    assert [place.name for place in ranked][:2] == ["rising", "the same"]
    assert [place.score for place in ranked] == sorted((p.score for p in ranked), reverse=True)
    assert rank_tracks(curve_of([0.5]), index, [3])[0].name == "flat"


def test_a_thousand_tracks_take_less_than_a_second():
    rng = np.random.default_rng(0)
    index = index_of({str(k): windows_of(rng.random(40)) for k in range(1000)})
    curve = curve_of(rng.random(45))
    start = time.process_time()
    assert len(rank_tracks(curve, index, range(1000))) == 1000
    assert time.process_time() - start < 1


def test_no_torch_is_loaded():
    code = (
        "import sys; from mmva_core.retrieval import load_index, rank_tracks; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
