"""Which segments of films go along with a song."""

from pathlib import Path

import numpy as np
import pytest
from summaries import make_info, make_summary

from vsumm.errors import NoSignalError
from vsumm.medley.choose import choose, footage_of
from vsumm.medley.song import Song


def film(arousal, *, scores=None, name="film.mp4", seconds=None):
    count = len(arousal)
    signals = {"image_valence": [0.5] * count, "image_arousal": arousal}
    info = make_info(name, seconds=seconds or 2.0 * count)
    scores = scores or [0.5] * count
    return make_summary(scores, [], info=info, signals=signals, smoothing_segments=1)


def song(arousal):
    rows = [[0.5, a, 2.0 * k, 2.0 * k + 2] for k, a in enumerate(arousal)]
    return Song(Path("song.mp3"), np.array(rows, np.float32))


def shown(choice):
    return [(number, run.start_seconds, run.end_seconds) for number, run in choice.runs]


CALM, INTENSE = film([0.1] * 4 + [0.3] * 4), film([0.9] * 4 + [0.5] * 4)


def test_calm_segments_come_where_the_song_is_calm():
    choice = choose(footage_of([CALM, INTENSE]), song([0.2, 0.2, 0.8, 0.8]), 8.0)
    assert [number for number, _ in choice.runs] == [0, 1]
    assert shown(choice)[1] == (1, 0, 4)
    assert choice.correlation > 0.9
    assert choice.gap == 0
    assert choice.seconds == 8


def test_the_order_of_films_and_of_time_is_kept_unless_it_is_free():
    falling = song([0.9, 0.9, 0.1, 0.1])
    kept = choose(footage_of([CALM, INTENSE]), falling, 8.0)
    places = [(number, run.start_seconds) for number, run in kept.runs]
    assert places == sorted(places)
    free = choose(footage_of([CALM, INTENSE]), falling, 8.0, reorder=True)
    assert [number for number, _ in free.runs] == [1, 0]
    assert free.correlation > 0.9


def test_no_segment_is_shown_twice_and_no_run_is_short():
    rng = np.random.default_rng(0)
    films = [film(rng.uniform(0, 1, 15).tolist()) for _ in range(2)]
    for reorder in (False, True):
        choice = choose(footage_of(films), song(rng.uniform(0, 1, 12)), 24.0, reorder=reorder)
        seconds = [
            (number, second)
            for number, start, end in shown(choice)
            for second in range(int(start), int(end))
        ]
        assert len(seconds) == len(set(seconds)) == 24
        assert all(run.duration_seconds >= 4 for _, run in choice.runs)
    longer = choose(footage_of(films), song(rng.uniform(0, 1, 12)), 24.0, min_run_seconds=6)
    assert all(run.duration_seconds >= 6 for _, run in longer.runs)


def test_of_equally_close_segments_the_better_ones_are_shown():
    flat = film([0.5] * 8, scores=[0.1] * 4 + [0.9] * 4)
    choice = choose(footage_of([flat]), song([0.5, 0.5]), 4.0)
    assert shown(choice)[0][1] >= 8
    assert choice.mean_score == pytest.approx(0.9)


def test_a_shorter_reel_begins_where_the_song_suits_it_best():
    # Calm, then intense: only from 4 s on the song does the same.
    choice = choose(
        footage_of([film([0.1, 0.1, 0.9, 0.9])]), song([0.9, 0.9, 0.1, 0.1, 0.9, 0.9]), 8.0
    )
    assert choice.start_seconds == 4
    assert shown(choice) == [(0, 0, 8)]


def test_an_arc_is_followed_instead_of_the_song():
    falling = song([0.9, 0.9, 0.1, 0.1])
    choice = choose(footage_of([CALM, INTENSE]), falling, 8.0, arc="rise")
    assert [number for number, _ in choice.runs] == [0, 1]
    assert choice.correlation > 0.8


def test_the_last_run_ends_with_the_reel_and_short_films_make_a_short_one():
    choice = choose(footage_of([CALM]), song([0.5] * 4), 7.3)
    assert sum(run.duration_seconds for _, run in choice.runs) == pytest.approx(7.3)
    choice = choose(footage_of([film([0.1, 0.2, 0.3])]), song([0.5] * 9), 18.0)
    assert choice.seconds == 6


def test_what_must_not_be_shown_is_not_and_what_is_too_short_neither():
    skipping = film([0.1] * 6, scores=[0.5, 0.5, None, 0.5, None, None])
    choice = choose(footage_of([skipping]), song([0.5] * 3), 6.0)
    assert shown(choice) == [(0, 0, 4)]
    nothing = film([0.1] * 3, scores=[0.5, None, 0.5])
    with pytest.raises(NoSignalError, match="no film has a run of 4 s"):
        choose(footage_of([nothing]), song([0.5] * 3), 6.0)


def test_films_without_picture_follow_no_song():
    with pytest.raises(NoSignalError, match="none of the films has a picture"):
        footage_of([film([None] * 4)])
