"""Cuts that move to beats: more of them are on beats, and no rule of the edges is broken."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from summaries import make_summary

from vsumm.media import Segment
from vsumm.soundtrack.beats import Beats
from vsumm.soundtrack.cut_to_beats import MOST_LOSS, REACH_SECONDS, cut_to_beats
from vsumm.soundtrack.place import ON_BEAT_SECONDS, beat_distances

module = import_module("vsumm.soundtrack.cut_to_beats")  # its function has the same name

TRACK_SECONDS = 200.0
BEATS = np.arange(0.1, TRACK_SECONDS, 1.0)
RUNS = [range(2, 5), range(10, 12), range(20, 24), range(30, 33), range(40, 41)]


@pytest.fixture
def film(monkeypatch):
    """What is found in the film; tests fill it."""
    found = SimpleNamespace(cuts=[], phrases=[])
    monkeypatch.setattr(module, "find_cuts", lambda *_, **__: found)
    monkeypatch.setattr(module, "find_speech", lambda *_, **__: found)
    return found


def summary_of(scores=None):
    scores = [0.5] * 50 if scores is None else scores
    return make_summary(scores, [number for run in RUNS for number in run])


def beats_of(seconds=BEATS, bar_phase=0):
    return Beats(seconds, np.ones(len(seconds)), np.zeros(len(seconds)), bar_phase)


def cuts_of(summary):
    return np.cumsum([run.duration_seconds for run in summary.runs])[:-1]


def runs_on(summary, seconds):
    return cut_to_beats(summary, beats_of(seconds), 0.0, TRACK_SECONDS).summary.runs


def test_all_cuts_come_to_lie_on_beats_where_edges_are_free(film):
    before = summary_of()
    beats = beats_of(BEATS + 0.4)
    moved = cut_to_beats(before, beats, 0.0, TRACK_SECONDS)
    distances = beat_distances(cuts_of(moved.summary), beats.seconds)
    assert distances.max() <= ON_BEAT_SECONDS
    assert beat_distances(cuts_of(before), beats.seconds).min() > ON_BEAT_SECONDS
    assert moved.summary.reel_seconds <= before.budget_seconds + 1e-6
    assert moved.loss <= MOST_LOSS
    for old, new in zip(before.runs, moved.summary.runs, strict=True):
        assert abs(old.start_seconds - new.start_seconds) <= REACH_SECONDS + 1e-9
        assert abs(old.end_seconds - new.end_seconds) <= REACH_SECONDS + 1e-9


def test_edges_on_cuts_between_shots_stay_and_others_cross_none(film):
    before = summary_of()
    edges = [t for run in before.runs for t in (run.start_seconds, run.end_seconds)]
    film.cuts = edges
    assert (
        cut_to_beats(before, beats_of(BEATS + 0.4), 0.0, TRACK_SECONDS).summary.runs == before.runs
    )
    film.cuts = [edge + 0.7 for edge in edges]
    for old, new in zip(
        before.runs,
        cut_to_beats(before, beats_of(BEATS + 0.4), 0.0, TRACK_SECONDS).summary.runs,
        strict=True,
    ):
        for was, now in (
            (old.start_seconds, new.start_seconds),
            (old.end_seconds, new.end_seconds),
        ):
            assert now <= was + 0.3 + 1e-9


def test_no_edge_moves_into_or_over_a_sentence(film):
    before = summary_of()
    ends = [run.end_seconds for run in before.runs]
    film.phrases = [Segment(end + 0.05, end + 0.3) for end in ends]
    film.phrases += [Segment(run.start_seconds - 1, run.start_seconds + 0.5) for run in before.runs]
    film.phrases.sort(key=lambda phrase: phrase.start_seconds)
    for old, new in zip(before.runs, runs_on(before, BEATS + 0.4), strict=True):
        assert new.start_seconds == old.start_seconds  # it lies in a sentence already
        assert new.end_seconds <= old.end_seconds


def test_the_score_that_is_lost_is_bounded(film):
    scores = [0.02] * 50
    for run in RUNS:
        scores[run.start] = scores[run.stop - 1] = 1.0  # all is at the edges
    before = summary_of(scores)
    moved = cut_to_beats(before, beats_of(BEATS + 0.4), 0.0, TRACK_SECONDS)
    assert moved.loss <= MOST_LOSS
    assert moved.summary.reel_seconds <= before.budget_seconds + 1e-6


def test_reels_whose_cuts_are_on_beats_stay(film):
    before = summary_of()
    moved = cut_to_beats(before, beats_of(BEATS - 0.1), 0.0, TRACK_SECONDS)
    assert moved.summary.runs == before.runs
    assert moved.loss == 0


def test_pieces_that_overlap_are_counted_with_their_cross_fades(film):
    before = summary_of()
    beats = beats_of(BEATS + 0.4)
    runs = cut_to_beats(before, beats, 0.0, TRACK_SECONDS, crossfade_seconds=0.3).summary.runs
    cuts = np.cumsum([run.duration_seconds - 0.3 for run in runs])[:-1] + 0.15
    assert beat_distances(cuts, beats.seconds).max() <= ON_BEAT_SECONDS


def test_strong_pieces_begin_on_bars_where_nothing_is_lost(film):
    scores = [0.5] * 50
    scores[20:24] = [0.51] * 4
    beats = beats_of(np.arange(0.0, TRACK_SECONDS, 0.25), bar_phase=1)
    moved = cut_to_beats(summary_of(scores), beats, 0.0, TRACK_SECONDS)
    cut = cuts_of(moved.summary)[1]
    assert beat_distances(np.array([cut]), beats.bars)[0] <= ON_BEAT_SECONDS
