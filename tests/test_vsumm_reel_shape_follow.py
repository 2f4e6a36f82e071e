"""Where crops go in films whose motion and cuts are known."""

import sys
from fractions import Fraction

import numpy as np
import pytest
from pictures import block_at, film_of

from vsumm.borders import FoundCuts, SeenCuts
from vsumm.borders import searched as search_once
from vsumm.media import Segment, probe
from vsumm.reel.shape import follow, lay_out_picture
from vsumm.reel.shape.path import MAX_SPEED

RATE = 25
SIZE = (320, 180)
SHARE = 100 / 320
ROUNDING = 1e-9


def shots_of(path, pictures, runs, aspect=Fraction(9, 16), **options):
    info = probe(film_of(path, pictures, preset="ultrafast", **options))
    geometry = lay_out_picture(info.video.width, info.video.height, aspect, "crop")
    return follow(info, runs, geometry)


def moving(start, share_per_second, seconds, ground=70):
    return (
        block_at((start + share_per_second * k / RATE, 0.5), ground=ground)
        for k in range(round(seconds * RATE))
    )


def test_a_block_is_followed_softly_and_in_time(tmp_path):
    (shot,) = shots_of(tmp_path / "a.mp4", moving(0.1, 0.12, 6), [Segment(0, 6)])
    for time in np.arange(0, 5.9, 0.05):
        edges = [0.1 + 0.12 * time + side * 12 / 320 for side in (-1, 1)]
        assert all(abs(edge - shot.centre_at(time)) < SHARE / 2 for edge in edges)


def test_nothing_moves_the_crop_faster_than_its_limit(tmp_path):
    places = [0.15] * 40 + [0.15 + 0.07 * k for k in range(10)] + [0.85] * 75
    swaying = (block_at((x + 0.02 * np.sin(k), 0.5)) for k, x in enumerate(places))
    (shot,) = shots_of(tmp_path / "a.mp4", swaying, [Segment(0, 5)])
    speeds = np.abs(np.diff(shot.centres)) / np.diff(shot.times)
    assert 0 < speeds.max() <= MAX_SPEED + ROUNDING


def test_a_still_picture_is_shown_from_the_middle_without_a_move(tmp_path):
    still = [block_at((0.9, 0.5))] * 50
    (shot,) = shots_of(tmp_path / "a.mp4", still, [Segment(0, 2)])
    assert shot.centres == pytest.approx([0.5], abs=0.003)


def test_what_sways_in_place_does_not_move_the_crop(tmp_path):
    swaying = (block_at((0.3 + 0.03 * np.sin(k / 4), 0.5)) for k in range(100))
    (shot,) = shots_of(tmp_path / "a.mp4", swaying, [Segment(0, 4)])
    assert len(shot.centres) == 1
    assert shot.centres[0] == pytest.approx(0.3, abs=SHARE / 2)


def test_a_cut_inside_a_run_is_found_to_the_frame(tmp_path):
    pictures = [*moving(0.2, 0.02, 2.12), *moving(0.8, 0.02, 1.88, ground=140)]
    first, second = shots_of(tmp_path / "a.mp4", pictures, [Segment(0.4, 4)])
    assert first.start_seconds == 0.4
    assert second.start_seconds == pytest.approx(2.12, abs=0.001)
    assert first.centre_at(1) < 0.4
    assert second.centre_at(3) > 0.6


def test_a_fast_pan_is_not_looked_into_for_cuts(tmp_path, monkeypatch):
    seen = []

    def find_cuts(info, runs, cuts, *, content):
        seen.append(cuts)
        return FoundCuts(())

    monkeypatch.setattr(sys.modules[follow.__module__], "find_cuts", find_cuts)
    scene = np.random.default_rng(1).integers(0, 255, (9, 60, 1)).repeat(3, axis=2)
    scene = scene.astype(np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    panned = [scene[:, 8 * k : 8 * k + 320] for k in range(100)]
    shots_of(tmp_path / "a.mp4", panned, [Segment(0, 4)])
    assert not seen[0].open_stretches
    shots_of(tmp_path / "a.mp4", [panned[0]] * 53 + [panned[50]] * 47, [Segment(0, 4)])
    assert len(seen[1].open_stretches) == 1


def test_what_is_known_of_cuts_is_not_searched_again(tmp_path, monkeypatch):
    pictures = [*moving(0.2, 0.02, 2.12), *moving(0.8, 0.02, 1.88, ground=140)]
    info = probe(film_of(tmp_path / "a.mp4", pictures, preset="ultrafast"))
    geometry = lay_out_picture(info.video.width, info.video.height, Fraction(9, 16), "crop")
    run = [Segment(0.4, 4)]
    searched = follow(info, run, geometry)
    open_there = SeenCuts((), (Segment(2.0, 3.0),))
    assert follow(info, run, geometry, known=open_there) == searched
    monkeypatch.setattr(search_once, "run_search", lambda *_, **__: pytest.fail("searched"))
    certain = SeenCuts((1.0, searched[1].start_seconds), ())  # nothing changes at the first
    assert follow(info, run, geometry, known=certain) == searched
    assert len(follow(info, run, geometry, known=SeenCuts((), ()))) == 1


def test_every_run_begins_a_shot(tmp_path):
    runs = [Segment(0.0, 1.0), Segment(1.5, 3.0)]
    shots = shots_of(tmp_path / "a.mp4", moving(0.2, 0.02, 3), runs)
    assert [shot.start_seconds for shot in shots] == [0.0, 1.5]


def test_a_tall_film_is_followed_up_and_down(tmp_path):
    rising = (block_at((0.5, 0.8 - 0.1 * k / RATE), size=(90, 160)) for k in range(100))
    (shot,) = shots_of(tmp_path / "a.mp4", rising, [Segment(0, 4)], Fraction(16, 9))
    assert shot.centre_at(0) > 0.6 > 0.55 > shot.centre_at(4)


def test_the_same_film_gives_the_same_way(tmp_path):
    pictures = list(moving(0.1, 0.12, 2))
    ways = [shots_of(tmp_path / "a.mp4", pictures, [Segment(0, 2)]) for _ in range(2)]
    assert ways[0] == ways[1]
