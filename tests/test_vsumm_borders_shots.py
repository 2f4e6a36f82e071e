"""Cuts between shots, to the frame, in films that the tests make."""

import numpy as np
import pytest
from films import make_film
from shots import make_shots

from vsumm.borders import Looks, Packets, find_cuts, searched, seen_cuts
from vsumm.borders.seen import _motion, sort_looks
from vsumm.files import RecordCache
from vsumm.media import Segment, probe, split_into_segments
from vsumm.score import MotionMeter, look_windows, looks_of, read_looks

LENGTHS = [3.0, 2.52, 1.48, 4.0]
CUTS = (3.0, 5.52, 7.0)
CONTENT = "0" * 64


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return probe(make_shots(tmp_path_factory.mktemp("film") / "film.mp4", LENGTHS))


def all_of(info):
    return [Segment(0.0, info.duration_seconds)]


def cuts_in(info, pieces=None, looks=None, **options):
    seen = seen_cuts(looks, info.duration_seconds) if looks else None
    found = find_cuts(info, pieces or all_of(info), seen, content=CONTENT, **options)
    assert found.problem == ""
    return found.cuts


def test_cuts_are_the_time_stamps_of_the_first_frames_of_shots(film):
    assert cuts_in(film) == CUTS


def test_only_intervals_between_frames_that_differ_are_decoded(film, monkeypatch):
    decoded = []
    search = searched.run_search
    monkeypatch.setattr(
        searched,
        "run_search",
        lambda info, todo, **options: decoded.extend(todo) or search(info, todo, **options),
    )
    seconds = np.arange(0.5, 11.0, 1.0)
    changes = np.array([np.nan, *[0.01] * 10])
    changes[[3, 6]] = 0.3  # 2.5 to 3.5 and 5.5 to 6.5
    looks = Looks(seconds, changes)
    assert cuts_in(film, [Segment(2.0, 6.0)], looks) == (3.0, 5.52)
    assert decoded == [Segment(2.5, 3.5), Segment(5.5, 6.5)]
    assert cuts_in(film, [Segment(2.0, 2.4)], looks) == ()


def looks_at(info):
    """Look at a film as the scores do."""
    segments = split_into_segments(info.duration_seconds)
    meter = MotionMeter(len(segments))
    with read_looks(info, look_windows(segments, frames_per_segment=1)) as frames:
        meter.add(list(looks_of(frames, frames_per_segment=1)))
    arrays = {name: array.ravel() for name, array in meter.result().items()}
    packets = Packets(arrays["look_keys"] == 1, arrays["look_bytes"], arrays["look_most_between"])
    return Looks(arrays["look_seconds"], arrays["look_changes"], packets)


def test_where_the_encoder_began_a_shot_nothing_is_decoded(tmp_path, monkeypatch):
    lengths = [3.0, 2.52, 5.88, 4.2, 3.8, 2.6, 6.4]
    info = probe(make_shots(tmp_path / "film.mp4", lengths, keys_at_cuts=True))
    looks = looks_at(info)
    assert looks.packets.are_keys.sum() == len(lengths)
    cuts = np.cumsum(lengths)[:-1].round(2)
    assert cuts_in(info, looks=looks) == pytest.approx(cuts)
    monkeypatch.setattr(searched, "run_search", lambda *_, **__: pytest.fail("decoded"))
    known = cuts_in(info, [Segment(2.0, 10.0)], looks)
    assert known[:2] == pytest.approx(cuts[:2])


def test_cuts_without_key_frames_are_decoded(film):
    assert cuts_in(film, looks=looks_at(film)) == CUTS


def looks_with(keys, changes, *, between=()):
    """Looks that show a key frame of 9000 bytes, or 1000, and 800 bytes at most between them."""
    are_keys = np.isin(np.arange(20), keys)
    packets = Packets(are_keys, np.where(are_keys, 9e3, 1e3), np.full(20, 800.0))
    packets.most_between[list(between)] = 3000.0
    looks = Looks(np.arange(20.0), np.full(20, 0.01), packets)
    for place, change in changes.items():
        looks.changes[place] = change
    return looks


@pytest.mark.parametrize(
    ("keys", "changes", "between", "is_open"),
    [
        ([0, 4, 8, 12, 16], {8: 0.5}, [], True),  # at even distances
        ([0, 1, 11, 13, 15, 17], {11: 0.5}, [], True),  # as late as any
        ([0, 4, 6, 8, 12, 16], {6: 0.5}, [6], True),  # there is a large packet before it
        ([0, 4, 6, 8, 12, 19], {6: 0.3, **dict.fromkeys([3, 5, 7, 9], 0.22)}, [], True),  # motion
        ([0, 4, 6, 8, 12, 16], {6: 0.05}, [], False),  # too little changes
    ],
)
def test_other_key_frames_may_begin_no_shot(keys, changes, between, is_open):
    looks = looks_with(keys, changes, between=between)
    begin, may_follow = sort_looks(looks)
    place = next(iter(changes))
    assert not begin.any()
    assert may_follow[place] == is_open


def test_motion_is_the_median_of_the_changes_around():
    rng = np.random.default_rng(0)
    changes, are_keys = rng.random(40), rng.random(40) < 0.4
    found = _motion(Looks(np.arange(40.0), changes, Packets(are_keys, changes, changes)))
    for place in range(40):
        around = [k for k in range(place - 3, place + 4) if k != place and 0 <= k < 40]
        counted = [changes[k] for k in around if not are_keys[k]]
        assert found[place] == (np.median(counted) if counted else 0.0)


def test_without_a_large_packet_motion_is_no_cut():
    looks = looks_with([0, 4, 9, 19], {6: 0.3, 7: 0.3, 15: 0.3}, between=[7])
    looks.packets.sizes[15] = 5000.0  # the first frame of a shot is the one that was looked at
    begin, may_follow = sort_looks(looks)
    assert not begin.any()
    assert np.flatnonzero(may_follow).tolist() == [7, 15]


def test_unknown_packets_leave_all_open():
    looks = looks_with([0, 4, 9, 19], {4: 0.3, 6: 0.3})
    looks.packets.most_between[:] = np.nan
    begin, may_follow = sort_looks(looks)
    assert not begin.any()
    assert np.flatnonzero(may_follow).tolist() == [4, 6]


def test_what_was_searched_before_is_not_decoded_again(film, tmp_path, monkeypatch):
    cache = RecordCache(tmp_path)
    assert cuts_in(film, [Segment(2.0, 4.0)], cache=cache) == (3.0,)
    assert cuts_in(film, [Segment(6.5, 7.5)], cache=cache) == (7.0,)
    monkeypatch.setattr(searched, "run_search", lambda *_, **__: pytest.fail("decoded again"))
    assert cuts_in(film, [Segment(2.5, 3.5), Segment(6.6, 7.4)], cache=cache) == (3.0, 7.0)


def test_a_dissolve_and_a_fade_count_in_their_middle(tmp_path):
    path = make_shots(
        tmp_path / "film.mp4", [4.0, 4.0, 4.0], dissolves={0: 1.0}, black_after={1: 0.6}
    )
    first, *fades = cuts_in(probe(path), [Segment(2.5, 5.5), Segment(6.5, 9.5)])
    assert first == pytest.approx(4.0, abs=0.1)
    assert fades
    assert all(7.4 <= time <= 8.6 for time in fades)


def test_motion_is_no_cut(tmp_path):
    path = make_shots(tmp_path / "film.mp4", [8.0])
    assert cuts_in(probe(path)) == ()


def test_with_variable_frame_rate_a_cut_is_where_its_frame_begins(tmp_path):
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.02, 0.09, 160)).round(4)
    times = [0.0, *(float(time) for time in times)]
    path = make_shots(tmp_path / "film.mp4", [2.0, 2.0, 2.0], frame_times=times)
    expected = [next(time for time in times if time >= border) for border in (2.0, 4.0)]
    assert cuts_in(probe(path)) == pytest.approx(expected, abs=1e-3)


def test_a_film_without_a_picture_has_no_cuts(tmp_path):
    assert cuts_in(probe(make_film(tmp_path / "sound.m4a", seconds=3.0, video=False))) == ()


def test_a_film_that_is_gone_is_said(tmp_path):
    path = make_shots(tmp_path / "film.mp4", [2.0])
    info = probe(path)
    path.unlink()
    found = find_cuts(info, all_of(info), None, content=CONTENT)
    assert found.cuts == ()
    assert found.problem
