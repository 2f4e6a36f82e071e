"""The spread selection against every selection there is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsumm.select.spread import MOST_FAMILIAR, gains, pick_spread

SCORES = st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), min_size=1, max_size=9)
ROUNDING = 1e-9
"""Sums of a few numbers in [0, 1] in another order differ by less."""


def value_of(picked, scores, spread):
    gain, total, familiarity = gains(spread), 0.0, 0
    for index, score in enumerate(scores):
        if index in picked:
            total += gain[familiarity] * score
            familiarity = min(familiarity + 1, MOST_FAMILIAR)
        else:
            familiarity = max(familiarity - 1, 0)
    return total


@given(SCORES, st.integers(0, 9), st.sampled_from([0.0, 1.0, 20.0, 200.0]))
def test_no_other_selection_is_worth_more(scores, num_picks, spread):
    scored = [index for index, score in enumerate(scores) if np.isfinite(score)]
    best = max(
        value_of(set(chosen), scores, spread)
        for size in range(min(num_picks, len(scored)) + 1)
        for chosen in combinations(scored, size)
    )
    picked = pick_spread(np.array(scores), num_picks, spread=spread)
    assert len(picked) <= num_picks
    assert set(picked) <= set(scored)
    assert value_of(set(picked), scores, spread) == pytest.approx(best, abs=ROUNDING)


def test_a_run_longer_than_the_familiar_is_followed_to_its_end():
    scores = np.array([0.9] * 12 + [0.0, 0.2])
    assert pick_spread(scores, 12, spread=0.5) == list(range(12))


def test_spread_prefers_a_second_place_to_a_third_segment():
    scores = np.array([0.90, 0.90, 0.90, 0.1, 0.1, 0.89])
    assert pick_spread(scores, 3, spread=0.0) == [0, 1, 2]
    assert pick_spread(scores, 3, spread=1.0) == [0, 1, 5]
