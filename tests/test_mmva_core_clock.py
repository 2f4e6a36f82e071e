import pytest

from mmva_core.clock import clock_text, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        (" 90s ", 90.0),
        (".5 sec", 0.5),
        ("1m30s", 90.0),
        ("1h 2min", 3720.0),
        ("1:30", 90.0),
        ("1:02:30.5", 3750.5),
        ("0", 0.0),
    ],
)
def test_lengths_of_time(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "1:75", "1m30", "-5s", "1e3", "nan", "5x", "1:2:3:4"])
def test_other_texts_are_no_lengths_of_time(text):
    with pytest.raises(ValueError, match="write 90s"):
        parse_seconds(text)


def test_what_is_written_can_be_read():
    for seconds in (0.0, 7.5, 59.9, 75.2, 3599.9, 3725.1):
        assert parse_seconds(clock_text(seconds)) == pytest.approx(seconds)
