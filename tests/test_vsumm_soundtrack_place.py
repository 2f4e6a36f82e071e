"""Where a reel lies in its music: on the beat, where a phrase begins, ending on a bar."""

import numpy as np
import pytest

from mmva_core.retrieval import Curve
from vsumm.soundtrack.beats import Beats
from vsumm.soundtrack.place import (
    LEAD_SECONDS,
    ON_BEAT_SECONDS,
    REACH_SECONDS,
    beat_distances,
    fit_to_beats,
    on_beats,
    part_to_hear,
)

TRACK_SECONDS = 60.0


def flat_curve(seconds=20.0):
    times = np.arange(1.0, seconds, 2.0)
    return Curve(times, np.full((len(times), 2), 0.5), seconds)


def windows(arousal=None):
    levels = np.full(20, 0.5) if arousal is None else np.asarray(arousal)
    starts = 3.0 * np.arange(len(levels))
    return np.stack([np.full(len(levels), 0.5), levels, starts, starts + 3], axis=1)


def beats_of(seconds, *, new=(), bar_phase=0):
    seconds = np.asarray(seconds, float)
    return Beats(seconds, np.ones(len(seconds)), np.isin(seconds, new).astype(float), bar_phase)


BEATS = np.arange(0.25, TRACK_SECONDS, 0.5)


def test_the_start_is_moved_until_cuts_are_on_beats():
    cuts = np.array([4.1, 8.1, 12.6, 15.1])  # on the beats of 120 a minute, all shifted alike
    fit = fit_to_beats(flat_curve(), windows(), 10.0, beats_of(BEATS), cuts)
    assert fit.on_beats == 1
    assert abs(fit.start_seconds - 10) <= REACH_SECONDS
    distances = beat_distances(fit.start_seconds + cuts, beats_of(BEATS).seconds)
    assert distances.max() < 0.02


def test_no_start_nearby_has_more_cuts_on_beats():
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.uniform(1, 19, 9))
    beats = beats_of(BEATS)
    fit = fit_to_beats(flat_curve(), windows(), 10.0, beats, cuts)
    starts = np.arange(7.0, 13.0, 0.01)
    shares = on_beats(beat_distances(starts[:, None] + cuts, BEATS))
    assert fit.on_beats == shares.max() > shares.mean() + 0.1


def test_the_curve_counts_for_more_than_the_beat():
    arousal = np.tile([0.1, 0.9], 10)  # the reel goes up and down as the track does from 12 s on
    times = np.arange(1.5, 20, 3.0)
    curve = Curve(times, np.stack([np.full(7, 0.5), np.resize([0.1, 0.9], 7)], axis=1), 20.0)
    cuts = np.array([5.1, 9.1])  # on beats from 11.15 s on, and from 15.15 s on
    fit = fit_to_beats(curve, windows(arousal), 12.0, beats_of(BEATS[::8]), cuts)
    assert abs(fit.start_seconds - 12) < 0.5
    assert fit.on_beats == 0


def test_a_reel_begins_where_a_phrase_begins():
    beats = beats_of(BEATS, new=[11.25])
    fit = fit_to_beats(flat_curve(), windows(), 10.0, beats, np.array([]))
    assert 0 <= 11.25 - fit.start_seconds <= LEAD_SECONDS + 1e-9
    # The beginning of the track is the beginning of a phrase.
    assert (
        fit_to_beats(flat_curve(), windows(), 2.0, beats_of(BEATS), np.array([])).start_seconds == 0
    )


def test_the_music_ends_on_a_bar_that_rings_out():
    beats = beats_of(BEATS, bar_phase=2)
    fit = fit_to_beats(flat_curve(), windows(), 10.0, beats, np.array([5.0]))
    end = fit.start_seconds + 20.0 - fit.fade_seconds
    assert np.abs(beats.bars - end).min() < 1e-6
    assert 1 <= fit.fade_seconds <= 3.5


def test_music_that_plays_again_is_followed_behind_its_end():
    short = windows(np.full(4, 0.5))  # 12 s
    beats = beats_of(np.arange(0.0, 12.0, 0.5))
    cuts = np.array([3.2, 9.2, 15.2])
    fit = fit_to_beats(flat_curve(), short, 6.0, beats, cuts)
    assert fit.on_beats == 1
    assert (beat_distances((fit.start_seconds + cuts) % 12, beats.seconds) < ON_BEAT_SECONDS).all()


def test_without_beats_the_start_stays():
    fit = fit_to_beats(flat_curve(), windows(), 10.0, beats_of([]), np.array([5.0]))
    assert (fit.start_seconds, fit.on_beats, fit.fade_seconds) == (10.0, 0.0, None)


@pytest.mark.parametrize(
    ("start", "reel", "track", "part"),
    [
        (10, 20, 60, (7, 33)),
        (1, 20, 60, (0, 24)),
        (50, 20, 60, (0, 60)),
    ],
)
def test_the_part_that_is_heard_holds_the_reel_wherever_it_is_moved(start, reel, track, part):
    assert part_to_hear(start, reel, track) == part
