"""Edges on cuts: where they move, what they never leave, and the budget they keep."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsumm.fixed import are_in
from vsumm.media import Segment, split_into_segments
from vsumm.select import (
    FLASH_SECONDS,
    MIN_GAP_SECONDS,
    Borders,
    Rules,
    Run,
    competing_runs,
    place_edges,
    places_to_check,
    places_to_search,
)
from vsumm.select.places import pieces_from
from vsumm.select.runs import REACH_SECONDS


def placed(
    scores,
    picked,
    cuts,
    *,
    phrases=(),
    budget=None,
    min_run=1.5,
    seconds=2.0,
    overlap=0.0,
    kept=(),
    skipped=(),
    max_run=math.inf,
    padding=(0.0, 0.0),
):
    """Pieces of a film with one segment for each score."""
    segments = split_into_segments(seconds * len(scores), segment_seconds=seconds)
    scores = np.array(scores, np.float64)
    selected = [k in picked for k in range(len(scores))]
    closed = [*kept, *skipped]
    return place_edges(
        competing_runs(
            segments,
            np.where(are_in(segments, closed), np.nan, scores),
            selected,
            closed=closed,
        ),
        segments,
        scores,
        Borders(sorted(cuts), segments[-1].end_seconds, phrases, kept),
        Rules(
            budget_seconds=seconds * len(picked) if budget is None else budget,
            min_run_seconds=min_run,
            max_run_seconds=max_run,
            padding=padding,
            overlap_seconds=overlap,
        ),
    )


def edges_of(pieces):
    return [time for piece in pieces for time in (piece.start_seconds, piece.end_seconds)]


def test_edges_move_to_the_cuts_in_their_reach():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    assert placed(scores, {5, 6, 7}, [10.6, 16.4], budget=6.0) == [Segment(10.6, 16.4)]


def test_without_cuts_the_reel_is_where_the_selection_was_and_as_long_as_the_budget():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    (piece,) = placed(scores, {5, 6, 7}, [])
    assert piece == Segment(10.0, 16.0)
    (longer,) = placed(scores, {5, 6, 7}, [], budget=7.0)
    assert longer.duration_seconds == pytest.approx(7.0, abs=0.05)


def test_an_edge_stays_where_a_cut_would_show_what_is_worth_nothing():
    scores = [0.0] * 5 + [0.8] * 3 + [0.0] * 5
    (piece,) = placed(scores, {5, 6, 7}, [8.5, 17.5], budget=9.0)
    assert piece == Segment(8.5, 17.5)  # there is room for it
    (piece,) = placed(scores, {5, 6, 7}, [8.5, 17.5], budget=6.0)
    assert piece.start_seconds >= 10.0 or piece.end_seconds <= 16.0


def test_a_flash_of_another_shot_is_never_left():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    for cut in (9.7, 9.9, 10.0, 10.1, 10.3):
        (piece,) = placed(scores, {5, 6, 7}, [cut], budget=6.5)
        assert not 0 < cut - piece.start_seconds < FLASH_SECONDS


def test_a_shot_that_is_itself_so_short_may_begin_a_piece():
    scores = [0.1] * 5 + [0.8] * 3 + [0.1] * 5
    cuts = [10.0, 10.2, 16.0]
    (piece,) = placed(scores, {5, 6, 7}, cuts)
    assert piece.end_seconds == 16.0
    assert piece.start_seconds in (10.0, 10.2)


def test_what_trimming_frees_goes_to_other_segments():
    scores = [0.5, 0.7, 0.5, 0.5, 0.5, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5, 0.5]
    pieces = placed(scores, {5, 6, 7}, [11.9, 14.1, 2.0, 4.0, 5.0], budget=6.0)
    assert len(pieces) >= 2
    assert sum(piece.duration_seconds for piece in pieces) == pytest.approx(6.0, abs=0.3)


def test_a_budget_shorter_than_a_run_is_kept():
    (piece,) = placed([0.2, 0.9, 0.2], {1}, [], budget=0.5, min_run=1.5, seconds=0.5)
    assert piece.duration_seconds <= 0.5


def test_where_no_places_keep_the_rules_the_selection_stays():
    cuts = [0.7, 1.2]  # whatever is as long as the budget begins or ends with a flash
    scores = [0.2, 0.9, 0.2]
    assert placed(scores, {1}, cuts, budget=0.5, seconds=0.5) != []


def test_a_shorter_run_becomes_as_long_as_the_shortest_allowed():
    (piece,) = placed([0.2] * 4 + [0.9] + [0.2] * 4, {4}, [], budget=2.0, seconds=1.0)
    assert piece.duration_seconds >= 1.5 - 1e-6


def test_an_edge_leaves_a_phrase_for_the_nearest_pause():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    phrases = [Segment(8.9, 10.5), Segment(11.0, 15.2), Segment(15.9, 18.0)]
    (piece,) = placed(scores, {5, 6, 7}, [], phrases=phrases, budget=6.0)
    assert not Borders((), 26.0, phrases).are_spoken(np.array(edges_of([piece]))).any()


def test_an_edge_goes_further_where_all_is_spoken_near_by():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    phrases = [Segment(0.0, 7.0), Segment(7.4, 20.0), Segment(20.4, 26.0)]
    (piece,) = placed(scores, {5, 6, 7}, [], phrases=phrases, budget=13.0)
    assert (piece.start_seconds, piece.end_seconds) == pytest.approx((7.2, 20.2), abs=0.11)


def test_far_places_are_those_that_are_better_than_all_near_ones():
    (run,) = (Run(Segment(10.0, 16.0), 2.0, True, (0.0, 26.0)),)
    borders = Borders([4.5, 5.5, 10.6, 20.5], 26.0, [Segment(14.0, 19.0)])
    starts, ends = pieces_from(run, run, borders, 0.25).T
    assert starts.min() == 8.0  # there is a cut within reach
    assert sorted({*ends[ends > 18].tolist()}) == [19.1, 20.5]


def test_runs_in_one_sentence_become_one():
    scores = [0.5] * 4 + [0.8] * 2 + [0.7] + [0.8] * 2 + [0.5] * 4
    phrases = [Segment(0.0, 8.0), Segment(8.4, 17.6), Segment(18.0, 26.0)]
    (piece,) = placed(scores, {4, 5, 7, 8}, [], phrases=phrases, budget=9.5)
    assert (piece.start_seconds, piece.end_seconds) == pytest.approx((8.3, 17.7), abs=0.1)


def test_runs_beside_what_is_skipped_stay_apart():
    scores = [0.5] * 4 + [0.8] * 2 + [0.7] + [0.8] * 2 + [0.5] * 4
    phrases = [Segment(0.0, 8.0), Segment(8.4, 17.6), Segment(18.0, 26.0)]
    skipped = [Segment(12.5, 13.5)]
    pieces = placed(scores, {4, 5, 7, 8}, [], phrases=phrases, skipped=skipped, budget=9.5)
    assert all(p.end_seconds <= 12.5 or p.start_seconds >= 13.5 for p in pieces)


def test_a_pause_between_words_is_worse_than_one_between_phrases():
    scores = [0.5] * 5 + [0.8] * 3 + [0.5] * 5
    phrases = [Segment(4.0, 9.7), Segment(9.85, 11.2), Segment(11.6, 15.9), Segment(16.3, 20.0)]
    (piece,) = placed(scores, {5, 6, 7}, [], phrases=phrases, budget=6.0)
    assert (piece.start_seconds, piece.end_seconds) == pytest.approx((11.3, 16.2), abs=0.25)


def test_a_cut_in_a_pause_is_the_best_of_all():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    phrases = [Segment(8.0, 10.5), Segment(11.4, 14.9), Segment(16.1, 19.0)]
    cuts = [10.2, 11.2, 15.7, 16.6]
    (piece,) = placed(scores, {5, 6, 7}, cuts, phrases=phrases, budget=6.0)
    assert piece == Segment(11.2, 15.7)


def test_speech_throughout_changes_nothing():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    spoken = placed(scores, {5, 6, 7}, [10.6, 16.4], phrases=[Segment(0.0, 26.0)])
    assert spoken == placed(scores, {5, 6, 7}, [10.6, 16.4])


def test_places_beside_phrases_lie_in_the_pauses():
    borders = Borders((), 20.0, [Segment(1.0, 2.0), Segment(2.1, 3.0), Segment(5.0, 6.0)])
    assert np.sort(borders.pauses) == pytest.approx([0.9, 2.05, 2.05, 3.1, 4.9, 6.1])
    assert not borders.are_spoken(borders.pauses).any()
    assert borders.are_spoken(np.array([0.5, 1.0, 1.5, 2.0, 2.5])).tolist() == [
        False,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("overlap", [0.3, 0.7])
def test_what_overlaps_take_off_the_reel_is_filled(overlap):
    scores = [0.5, 0.9, 0.5, 0.5, 0.9, 0.5, 0.5, 0.9, 0.5, 0.5, 0.9, 0.5]
    plain = placed(scores, {1, 4, 7, 10}, [])
    pieces = placed(scores, {1, 4, 7, 10}, [], overlap=overlap)
    length = sum(piece.duration_seconds for piece in pieces) - overlap * (len(pieces) - 1)
    assert 7.9 <= length <= 8.0 + 1e-9
    assert sum(piece.duration_seconds for piece in plain) <= 8.0 + 1e-9


def test_pieces_have_room_for_an_overlap_at_both_ends():
    pieces = placed([0.5, 0.9, 0.5, 0.5, 0.9, 0.5], {1, 4}, [], overlap=1.4)
    assert all(piece.duration_seconds >= 2.8 - 1e-6 for piece in pieces)


def test_where_an_overlap_is_as_long_as_the_budget_the_selection_stays():
    assert placed([0.5, 0.9, 0.5], {1}, [], overlap=2.0) == [Segment(2.0, 4.0)]


def test_nothing_selected_is_nothing_to_place():
    assert placed([np.nan] * 4, set(), [1.0]) == []


def test_an_edge_meets_what_is_kept_or_stays_apart():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    kept = [Segment(16.5, 19.0)]
    (piece,) = placed(scores, {5, 6, 7}, [10.4], kept=kept, budget=6.1)
    assert piece == Segment(10.4, 16.5)
    (piece,) = placed(scores, {5, 6, 7}, [10.4, 15.9, 16.2], kept=kept, budget=5.7)
    assert piece.end_seconds == 16.5 or piece.end_seconds <= 16.5 - MIN_GAP_SECONDS + 1e-6


def test_with_cross_fades_nothing_touches_what_is_kept():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    pieces = placed(scores, {5, 6, 7}, [10.4], kept=[Segment(16.0, 19.0)], budget=7.0, overlap=0.5)
    assert pieces
    assert all(max(16.0 - edge, edge - 19.0) > MIN_GAP_SECONDS - 1e-5 for edge in edges_of(pieces))


def test_no_edge_moves_into_what_is_skipped():
    scores = [0.4] * 5 + [0.8] * 3 + [0.4] * 5
    cuts = [9.2, 16.8]
    assert placed(scores, {5, 6, 7}, cuts, budget=8.0) == [Segment(9.2, 16.8)]
    skipped = [Segment(8.0, 9.5), Segment(16.1, 18.0)]
    (piece,) = placed(scores, {5, 6, 7}, cuts, skipped=skipped, budget=8.0)
    assert piece.start_seconds >= 9.5
    assert piece.end_seconds <= 16.1


films = st.integers(3, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(0, 1), min_size=n, max_size=n),
        st.sets(st.integers(0, n - 1), min_size=1),
        st.sets(st.floats(0.04, 2.0 * n - 0.04), max_size=60),
        st.floats(0.5, 1.2),
    )
)


@settings(deadline=None, max_examples=60)
@given(films)
def test_whatever_the_cuts_the_rules_hold(film):
    scores, picked, cuts, share = film
    budget = 2.0 * len(picked) * share
    pieces = placed(scores, picked, cuts, budget=budget)
    assert sum(piece.duration_seconds for piece in pieces) <= budget + 1e-6
    edges = edges_of(pieces)
    assert edges == sorted(edges)
    if all(edge % 2 == 0 for edge in edges):
        return  # no places keep the rules
    for before, after in pairwise(pieces):
        assert after.start_seconds - before.end_seconds >= MIN_GAP_SECONDS - 1e-6
    for piece in pieces:
        assert piece.duration_seconds >= min(1.5, budget) - 1e-6
        inner = sorted(c for c in cuts if piece.start_seconds < c < piece.end_seconds)
        for edge, cut in ((piece.start_seconds, inner[:1]), (piece.end_seconds, inner[-1:])):
            is_border = edge in {*cuts, 0.0, 2.0 * len(scores)}
            assert is_border or not cut or abs(cut[0] - edge) >= FLASH_SECONDS


@settings(deadline=None, max_examples=60)
@given(films, st.floats(0, 0.9), st.floats(0.3, 5))
def test_whatever_is_kept_no_piece_overlaps_it_or_lies_too_near(film, place, length):
    scores, picked, cuts, share = film
    start = 2.0 * len(scores) * place
    kept = Segment(start, min(start + length, 2.0 * len(scores)))
    picked = {k for k in picked if 2 * k + 2 <= start or 2 * k >= kept.end_seconds}
    budget = 2.0 * len(picked) * share
    pieces = placed(scores, picked, cuts, budget=budget, kept=[kept])
    assert sum(piece.duration_seconds for piece in pieces) <= budget + 1e-6
    if all(edge % 2 == 0 for edge in edges_of(pieces)):
        return  # no places keep the rules
    for piece in pieces:
        gap = max(start - piece.end_seconds, piece.start_seconds - kept.end_seconds)
        assert gap == 0 or gap >= MIN_GAP_SECONDS - 1e-5


def test_cuts_are_wanted_wherever_an_edge_may_come_to_lie():
    segments = split_into_segments(40.0)
    selected = [k == 10 for k in range(20)]
    runs = competing_runs(segments, np.linspace(0, 1, 20), selected)
    places = places_to_search(runs)
    for run in runs:
        for edge in (run.segment.start_seconds, run.segment.end_seconds):
            reach = [max(0.0, edge - REACH_SECONDS), min(40.0, edge + REACH_SECONDS)]
            assert any(p.start_seconds <= reach[0] and reach[1] <= p.end_seconds for p in places)


def test_cuts_are_checked_around_edges_and_wherever_one_inside_a_shot_may_lie():
    segments = split_into_segments(60.0)
    scores = np.where(np.isin(np.arange(30), [5, 20]), 1.0, 0.1)
    runs = competing_runs(segments, scores, scores == 1)
    borders = Borders([10.0, 12.5], 60.0)
    pieces = [Segment(10.0, 12.5), Segment(40.0, 41.0)]
    places = places_to_check(runs, pieces, borders)
    assert places[:2] == [Segment(9.25, 10.75), Segment(11.75, 13.25)]
    assert places[2] == Segment(37.6, 44.4)
    assert places_to_check(runs, [], borders) == []


def test_no_run_is_longer_than_wanted():
    scores = [0.2, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2]
    (piece,) = placed(scores, {1, 2}, [1.0, 7.0], budget=8.0, max_run=5.0)[:1]
    assert piece.duration_seconds <= 5.0
    assert placed([0.2, 0.9, 0.2], {1}, [], budget=2.0, min_run=1.0, max_run=0.5) == []


def test_padding_lies_around_the_edges_and_counts():
    scores = [0.2] * 5 + [0.9] * 2 + [0.2] * 5
    (piece,) = placed(scores, {5, 6}, [9.0, 14.0], padding=(0.3, 0.5), budget=5.8)
    assert (piece.start_seconds, piece.end_seconds) == pytest.approx((8.7, 14.5))
    (piece, *_) = placed(scores, {5, 6}, [9.0, 14.0], padding=(0.3, 0.5), budget=5.0)
    assert piece.duration_seconds <= 5.0


def test_padding_ends_with_the_film_and_before_what_is_closed():
    pieces = placed([0.9, 0.1, 0.1, 0.1, 0.9], {0, 4}, [2.0, 8.0], padding=(1.0, 1.0), budget=9.0)
    assert pieces[0].start_seconds == 0
    assert pieces[-1].end_seconds == 10.0
    (piece, *_) = placed(
        [0.1, 0.1, 0.9, 0.1], {2}, [], padding=(1.0, 1.0), budget=6.0, skipped=[Segment(0, 3.8)]
    )
    assert piece.start_seconds >= 3.8
