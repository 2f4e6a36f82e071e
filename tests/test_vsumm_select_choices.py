"""One option of each group: the best there is, as trying all of them finds."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsumm.select import Option, choose_options

OPTIONS = st.builds(Option, st.integers(0, 12), st.floats(-3, 10))
GROUPS = st.lists(st.lists(OPTIONS, max_size=4), max_size=5)


def totals(groups, chosen):
    picked = [group[i] for group, i in zip(groups, chosen, strict=True) if i is not None]
    return sum(option.weight for option in picked), sum(option.value for option in picked)


@given(GROUPS, st.integers(0, 30))
def test_it_is_the_best_of_all_choices_that_fit(groups, capacity):
    weight, value = totals(groups, choose_options(groups, capacity))
    assert weight <= capacity
    every = product(*([None, *range(len(group))] for group in groups))
    found = [totals(groups, chosen) for chosen in every]
    assert value == pytest.approx(max(v for w, v in found if w <= capacity))


def test_an_option_that_is_too_heavy_is_never_chosen():
    assert choose_options([[Option(5, 100.0)], []], 4) == [None, None]
