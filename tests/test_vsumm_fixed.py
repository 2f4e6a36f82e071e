"""What is kept and skipped of a film: where it lies, and what cannot be had together."""

from types import SimpleNamespace

import numpy as np
import pytest

from vsumm.config import SummaryConfig
from vsumm.errors import InputError
from vsumm.fixed import Fixed, are_in, fix, score_unskipped, skip_credits
from vsumm.media import Segment, split_into_segments

FILM = SimpleNamespace(path="film.mp4", duration_seconds=20.0)
SEGMENTS = split_into_segments(20.0)


def cards(text):
    """Probabilities: "c" for a card, "-" for none, "." where there is no picture."""
    return np.array([{"c": 0.9, "-": 0.1, ".": np.nan}[letter] for letter in text])


def test_stretches_are_joined_and_end_with_the_film():
    config = SummaryConfig(
        budget_seconds=9, keep=[(6, 8), (7, 9.5)], skip=((0, 2), (15, None), (18, 99), (40, 50))
    )
    fixed = fix(FILM, config)
    assert fixed.kept == [Segment(6, 9.5)]
    assert fixed.skipped == [Segment(0, 2), Segment(15, 20)]
    assert fixed.kept_seconds == 3.5


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"keep": ((19, 21),)}, "cannot keep 0:19.0-0:21.0: the film ends at 20.000 s"),
        ({"keep": ((1, 4), (6, 9))}, "what is kept lasts 6.0 s, longer than the budget of 5.0 s"),
        (
            {"keep": ((1, 4),), "skip": ((3, 5),)},
            "cannot keep 0:01.0-0:04.0 and skip 0:03.0-0:05.0",
        ),
    ],
)
def test_what_cannot_be_had_together_is_one_line(settings, problem):
    with pytest.raises(InputError) as caught:
        fix(FILM, SummaryConfig(budget_seconds=5, **settings))
    assert str(caught.value) == f"film.mp4: {problem}"


def test_what_touches_is_no_conflict():
    fixed = fix(FILM, SummaryConfig(budget_seconds=5, keep=((2, 4),), skip=((0, 2), (4, 5))))
    assert fixed.skipped == [Segment(0, 2), Segment(4, 5)]


@pytest.mark.parametrize(
    ("letters", "found"),
    [
        ("cc-c----cc", [Segment(0, 8), Segment(16, 20)]),
        (".c.c-.----", [Segment(0, 8)]),
        ("..-----c..", [Segment(14, 20)]),
        ("..--cc--..", []),
        ("cc--cc----", [Segment(0, 4)]),
    ],
)
def test_credits_are_the_cards_at_both_ends(letters, found):
    fixed = skip_credits(Fixed(), FILM, SEGMENTS, cards(letters))
    assert fixed.skipped == found
    (note,) = fixed.notes
    assert note.startswith("left out as credits: 0:" if found else "no credits were found")


def test_a_scene_may_lie_before_and_after_the_credits():
    film = SimpleNamespace(path="film.mp4", duration_seconds=200.0)
    letters = "---cc" + 40 * "-" + "cc" + 43 * "-" + "ccccccc---"
    fixed = skip_credits(Fixed(), film, split_into_segments(200.0), cards(letters))
    assert fixed.skipped == [Segment(6, 10), Segment(180, 194)]


def test_credits_join_what_is_skipped_and_are_not_kept():
    fixed = skip_credits(Fixed(skipped=[Segment(3, 5)]), FILM, SEGMENTS, cards("cc--------"))
    assert fixed.skipped == [Segment(0, 5)]
    with pytest.raises(InputError, match=r"cannot keep 0:01.0-0:02.0 and skip 0:00.0-0:04.0"):
        skip_credits(Fixed(kept=[Segment(1, 2)]), FILM, SEGMENTS, cards("cc--------"))


@pytest.mark.parametrize("unknown", [None, np.full(10, np.nan)])
def test_where_nobody_looked_for_cards_it_is_said(unknown):
    fixed = skip_credits(Fixed(), FILM, SEGMENTS, unknown)
    assert fixed.notes == ["nothing tells title cards apart here: credits are not left out"]


def test_segments_that_overlap_have_no_score():
    flags = are_in(SEGMENTS, [Segment(3.9, 6.0)])
    assert np.flatnonzero(flags).tolist() == [1, 2]
    scores = score_unskipped(Fixed(skipped=[Segment(3.9, 6.0)]), FILM, SEGMENTS, np.ones(10))
    assert np.isnan(scores).tolist() == flags.tolist()
    with pytest.raises(InputError, match="nothing is left to pick from"):
        score_unskipped(Fixed(skipped=[Segment(1, 19)]), FILM, SEGMENTS, np.ones(10))
