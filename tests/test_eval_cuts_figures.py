"""What is counted at the edges of a reel, worked out by hand."""

import pytest

from eval.cuts import measure_edges
from vsumm.media import Segment

CUTS = [2.0, 5.0, 5.3, 9.0, 33.0]
PHRASES = [Segment(3.5, 4.5), Segment(8.0, 9.5)]


def counts(*runs, budget=10.0):
    return measure_edges(
        [Segment(*run) for run in runs],
        CUTS,
        PHRASES,
        duration_seconds=40.0,
        budget_seconds=budget,
    )


def test_edges_on_cuts_and_at_the_ends_of_the_film_are_right():
    figures = counts((0.0, 5.0), (33.0, 40.0), budget=12.0)
    assert (figures.num_runs, figures.num_edges) == (2, 2)
    assert (figures.inside_shots, figures.stubs, figures.inside_speech) == (0, 0, 0)
    assert figures.unused_seconds == pytest.approx(0.0)
    assert figures.shortest_run_seconds == 5.0


def test_edges_inside_shots_and_phrases_are_counted():
    figures = counts((4.0, 8.5), (12.0, 15.0))
    assert (figures.num_edges, figures.inside_shots, figures.inside_long_shots) == (4, 4, 2)
    assert figures.inside_speech == 2
    assert figures.unused_seconds == pytest.approx(2.5)


def test_the_edges_of_the_sound_lie_where_it_is_heard():
    runs = [Segment(0.0, 4.4), Segment(12.0, 15.0)]
    figures = measure_edges(
        runs, CUTS, PHRASES, duration_seconds=40.0, budget_seconds=8.0, sound_shifts=[0.2]
    )
    assert (figures.inside_speech, figures.heard_inside_speech) == (1, 0)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ((1.4, 5.0), (1, 0, 0)),  # 0.6 s before the cut at 2.0
        ((1.7, 5.0), (1, 1, 0)),
        ((1.9, 5.0), (1, 1, 1)),
        ((2.0, 5.1), (1, 1, 1)),  # 0.1 s after the cut at 5.0
        ((2.0, 5.3), (0, 0, 0)),  # a whole shot of 0.3 s
        ((2.1, 4.9), (0, 0, 0)),  # all of it one shot
    ],
)
def test_only_parts_of_longer_shots_are_stubs(run, expected):
    figures = counts(run)
    assert (figures.stubs, figures.short_stubs, figures.flashes) == expected
