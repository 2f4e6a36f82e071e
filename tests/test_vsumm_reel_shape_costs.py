"""What it costs to have a crop in a place: motion by columns, faces that are not cut off."""

import numpy as np
import pytest

from vsumm.reel.shape.costs import CLEAR_MOTION, costs_of, cut_shares, face_costs, motion_of
from vsumm.reel.shape.faces import Face
from vsumm.reel.shape.look import Look
from vsumm.reel.shape.path import PLACE_STEP, places_of

SHARE = 0.3
PLACES = places_of(SHARE)


def look(left=None, *, ground=70, size=(160, 90)):
    grey = np.full(size[::-1], ground, np.uint8)
    if left is not None:
        grey[30:60, left : left + 20] = 240
    return Look(0.0, 0.0, grey)


def face(left, right, top=0.4, bottom=0.6):
    return Face(left, top, right, bottom)


def best(costs):
    return float(PLACES[costs.argmin()])


def test_motion_is_where_something_moved():
    _, motion = motion_of([look(40), look(44)], 0)
    assert set(np.flatnonzero(motion)) <= {*range(40, 44), *range(60, 64)}
    assert best(costs_of(motion, PLACES, SHARE)) == pytest.approx(52 / 160, abs=SHARE / 2)


def test_what_the_camera_moves_is_no_motion():
    steps = np.random.default_rng(0).integers(0, 255, (90, 200)).astype(np.uint8)
    panned = [Look(0.0, 0.0, steps[:, k : k + 160]) for k in (0, 9, 18)]
    assert all(motion.mean() < CLEAR_MOTION for motion in motion_of(panned, 0))


def test_what_stops_is_remembered_and_what_will_move_is_expected():
    motions = motion_of([look(40)] * 3 + [look(44)] + [look(44)] * 3, 0)
    assert all(motion.sum() > 0 for motion in motions)
    assert motions[0].sum() < motions[3].sum()


def test_nothing_to_see_means_the_middle():
    assert best(costs_of(np.zeros(160), PLACES, SHARE)) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_face_lies_in_the_middle_of_the_crop(axis):
    faces = [Face(0.75, 0.75, 0.85, 0.85)]
    assert best(face_costs(faces, axis, PLACES, SHARE)) == pytest.approx(0.8, abs=PLACE_STEP)


def test_a_face_that_fits_is_not_cut_with_its_margin():
    cut = cut_shares([face(0.6, 0.7)], 0, PLACES, SHARE)
    whole = PLACES[cut == 0]
    assert whole.min() + SHARE / 2 == pytest.approx(0.715, abs=0.01)
    assert whole.max() - SHARE / 2 == pytest.approx(0.585, abs=0.01)


def test_a_face_as_wide_as_the_crop_has_no_margin():
    assert cut_shares([face(0.4, 0.7)], 0, PLACES, SHARE).min() == pytest.approx(0, abs=0.02)


def test_bystanders_do_not_count():
    faces = [face(0.1, 0.3), face(0.9, 0.95, 0.5, 0.55)]
    assert cut_shares(faces, 0, PLACES, SHARE).min() == 0


def test_two_faces_far_apart_are_never_whole_together():
    faces = [face(0.1, 0.2), face(0.8, 0.9)]
    assert cut_shares(faces, 0, PLACES, SHARE).min() == pytest.approx(1.0)
