import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsumm.media import Segment, split_into_segments
from vsumm.select import select_variants
from vsumm.select.limited import choose_limited, value_of
from vsumm.select.spread import gains


def best_by_trying_all(values, weights, capacity, earlier, limits, counted):
    best = 0.0
    for flags in itertools.product((False, True), repeat=len(values)):
        items = [i for i, flag in enumerate(flags) if flag]
        fits = sum(weights[i] for i in items) <= capacity
        differs = all(
            sum(weights[i] for i in set(items) & set(before)) <= limit
            for before, limit in zip(earlier, limits, strict=True)
        )
        if fits and differs and not any(np.isnan(values[i]) for i in items):
            best = max(best, value_of(values, counted, items))
    return best


@settings(max_examples=80, deadline=None)
@given(data=st.data(), size=st.integers(1, 8), spread=st.sampled_from([0.0, 0.2, 1.0, 30.0]))
def test_no_choice_within_the_limits_is_worth_more(data, size, spread):
    number = st.one_of(st.floats(0, 1), st.sampled_from([0.5, 0.25, float("nan")]))
    values = np.array(data.draw(st.lists(number, min_size=size, max_size=size)))
    weights = data.draw(st.lists(st.integers(1, 4), min_size=size, max_size=size))
    capacity = data.draw(st.integers(0, 12))
    subset = st.sets(st.integers(0, size - 1)).map(sorted)
    earlier = data.draw(st.lists(subset, max_size=3))
    limits = [data.draw(st.integers(0, 5)) for _ in earlier]
    counted = gains(spread)
    choice = choose_limited(
        values, weights, capacity, earlier=earlier, limits=limits, gains=counted
    )
    right = best_by_trying_all(values, weights, capacity, earlier, limits, counted)
    assert choice.is_best
    assert choice.value == pytest.approx(right)
    assert value_of(values, counted, choice.items) == pytest.approx(right)
    assert sum(weights[i] for i in choice.items) <= capacity
    for before, limit in zip(earlier, limits, strict=True):
        assert sum(weights[i] for i in set(choice.items) & set(before)) <= limit


def film(num_segments, seed=0):
    numbers = np.random.default_rng(seed)
    smooth = np.convolve(numbers.random(num_segments + 8), np.ones(9) / 9, "valid")
    scores = np.clip(smooth + numbers.normal(0, 0.03, num_segments), 0, 1)
    return split_into_segments(num_segments * 2.0 - 0.7), scores


@pytest.mark.parametrize("spread", [0.0, 0.2])
@pytest.mark.parametrize("max_overlap", [0.0, 0.3, 0.5])
def test_variants_differ_and_are_worth_nearly_as_much(spread, max_overlap):
    segments, scores = film(300)
    variants = select_variants(
        segments,
        scores,
        budget_seconds=90.0,
        num_variants=4,
        max_overlap=max_overlap,
        spread=spread,
    )
    assert len(variants) == 4
    for one, other in itertools.combinations(variants, 2):
        shared = sum(
            segment.duration_seconds
            for segment, a, b in zip(segments, one.selected, other.selected, strict=True)
            if a and b
        )
        assert shared <= max_overlap * 90 + 1e-9
    for variant in variants:
        length = sum(
            s.duration_seconds for s, flag in zip(segments, variant.selected, strict=True) if flag
        )
        assert 86 < length <= 90
        assert variant.is_best
    shares = [variant.value_share for variant in variants]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] > (0.9 if max_overlap == 0.5 else 0.7)


def test_an_overlap_of_nothing_ends_when_nothing_is_left():
    segments = [Segment(k, k + 1) for k in range(5)]
    variants = select_variants(
        segments, np.ones(5), budget_seconds=2, num_variants=9, max_overlap=0.0
    )
    assert [variant.selected.count(True) for variant in variants] == [2, 2, 1]


def test_a_film_that_fits_whole_gives_variants_of_its_parts():
    segments, scores = film(10)
    variants = select_variants(
        segments, scores, budget_seconds=60.0, num_variants=2, max_overlap=0.25
    )
    assert variants[0].selected == [True] * 10
    assert variants[1].selected.count(True) == 7  # 15 of 60 s


@pytest.mark.parametrize(("num_variants", "max_overlap"), [(0, 0.5), (2, 1.0), (2, -0.1)])
def test_wrong_arguments_are_refused(num_variants, max_overlap):
    with pytest.raises(ValueError, match="must be"):
        select_variants(
            [], np.zeros(0), budget_seconds=1, num_variants=num_variants, max_overlap=max_overlap
        )


def test_scores_that_are_all_equal_are_solved():
    segments = split_into_segments(600.0)
    variants = select_variants(
        segments, np.full(300, 0.5), budget_seconds=90, num_variants=3, max_overlap=0.5, spread=0.2
    )
    assert [variant.selected.count(True) for variant in variants] == [45] * 3
    assert all(variant.value_share == pytest.approx(1.0, abs=0.01) for variant in variants)
