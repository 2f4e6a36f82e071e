"""Settings and budgets: what is understood and what is refused."""

import pytest

from vsumm.config import Budget, SummaryConfig, parse_budget


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15%", Budget(budget_fraction=0.15)),
        ("12.5 %", Budget(budget_fraction=0.125)),
        ("100%", Budget(budget_fraction=1.0)),
        ("90s", Budget(budget_seconds=90.0)),
        (".5s", Budget(budget_seconds=0.5)),
        ("1:30", Budget(budget_seconds=90.0)),
        ("1:02:30.5", Budget(budget_seconds=3750.5)),
        ("30", Budget(budget_seconds=30.0)),
        ("1", Budget(budget_seconds=1.0)),
        ("0.15", Budget(budget_fraction=0.15)),
        ("30sec", Budget(budget_seconds=30.0)),
        ("30 Seconds", Budget(budget_seconds=30.0)),
        ("1m30s", Budget(budget_seconds=90.0)),
        ("1h 2min", Budget(budget_seconds=3720.0)),
        ("1.5h", Budget(budget_seconds=5400.0)),
    ],
)
def test_a_budget_is_read_as_people_write_it(text, expected):
    assert parse_budget(text) == expected


@pytest.mark.parametrize(
    "text", ["", "h", "0", "-15", "0%", "101%", "-5s", "0s", "1:75", "nan%", "x"]
)
def test_a_budget_that_means_nothing_is_refused(text):
    with pytest.raises(ValueError, match="budget"):
        parse_budget(text)


@pytest.mark.parametrize(
    "field",
    [
        {"by": "smell"},
        {"budget_fraction": 0.0},
        {"budget_fraction": 1.5},
        {"budget_seconds": -1.0},
        {"budget_seconds": float("inf")},
        {"segment_seconds": 0.01},
        {"frames_per_segment": 0},
        {"smoothing_segments": 4},
        {"device": "tpu"},
        {"audio_track": -1},
        {"query": " "},
        {"query": "a dog", "by": "image"},
        {"query": "a dog", "about": "pets"},
        {"query": "a dog", "weights": {"motion": 1.0}},
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(field):
    with pytest.raises(ValueError, match=next(iter(field))):
        SummaryConfig(**field)


def test_budget_in_seconds_takes_the_place_of_the_share_and_never_exceeds_the_film():
    assert SummaryConfig().budget_of(100) == pytest.approx(15)
    assert SummaryConfig(budget_seconds=30.0).budget_of(100) == 30
    assert SummaryConfig(budget_seconds=300.0).budget_of(100) == 100


def test_stretches_are_pairs_and_become_tuples():
    config = SummaryConfig(keep=[[1, 2.5]], skip=["credits", (3, None)])
    assert (config.keep, config.skip) == (((1, 2.5),), ("credits", (3, None)))
    for settings in ({"keep": ((1, None),)}, {"keep": (1, 2)}, {"skip": ((2, 1),)}):
        with pytest.raises(ValueError, match="must be pairs of seconds in order"):
            SummaryConfig(**settings)
    for settings in ({"skip": "credits"}, {"keep": None}):
        with pytest.raises(TypeError, match="must be a list of pairs of seconds"):
            SummaryConfig(**settings)
