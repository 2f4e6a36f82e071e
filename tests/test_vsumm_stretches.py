"""Stretches as a person writes them."""

import pytest

from vsumm.stretches import is_stretch, parse_keep, parse_skip, stretch_text


@pytest.mark.parametrize(
    "text", ["3:10", "3:10-", "-3:10", "a-b", "3:20-3:10", "1-1", "credits", ""]
)
def test_what_is_no_stretch_is_not_kept(text):
    with pytest.raises(ValueError, match=r"write 3:10-3:20|ends before it begins"):
        parse_keep(text)


@pytest.mark.parametrize("text", ["3:10", "-", "a-", "0:00-0:30,", "titles", ""])
def test_what_is_no_stretch_is_not_skipped(text):
    with pytest.raises(ValueError, match="or credits"):
        parse_skip(text)


def test_a_stretch_that_ends_before_it_begins_is_named():
    with pytest.raises(ValueError, match="'3:20-3:10' ends before it begins"):
        parse_skip("credits, 3:20-3:10")


def test_stretches_are_read_and_written():
    assert parse_keep("1m - 1:02:30") == (60.0, 3750.0)
    assert parse_skip("credits, 0-30 , 8:05-") == ("credits", (0.0, 30.0), (485.0, None))
    assert stretch_text(0.5, 3725) == "0:00.5-1:02:05.0"


@pytest.mark.parametrize(
    "value", [(1,), (2, 1), (-1, 1), (0, float("inf")), ("0", 1), (True, 2), 3]
)
def test_pairs_of_times_in_order_are_stretches(value):
    assert not is_stretch(value, may_be_open=True)
    assert is_stretch((0, 1.5), may_be_open=False)
    assert is_stretch((3, None), may_be_open=True)
    assert not is_stretch((3, None), may_be_open=False)
