"""Cuts and dissolves among frames."""

import numpy as np
from shots import draw_shot

from vsumm.borders.detect import PICTURE_SIZE, cuts_among


def frames(*numbers):
    return [draw_shot(n, k / 25, PICTURE_SIZE).astype(np.uint8) for k, n in enumerate(numbers)]


def mixed(num_before, num_mixed, num_after):
    one, other = frames(1, 2)
    shares = [0.0] * num_before + list(np.linspace(0, 1, num_mixed)) + [1.0] * num_after
    return [((1 - s) * one + s * other).astype(np.uint8) for s in shares]


def test_a_cut_anywhere_even_beside_the_ends():
    for place in (1, 2, 5, 9):
        assert cuts_among(frames(*[1] * place, *[2] * (10 - place))) == [place]


def test_two_cuts_four_frames_apart():
    assert cuts_among(frames(*[1] * 6, *[2] * 4, *[3] * 6)) == [6, 10]


def test_the_middle_of_a_dissolve():
    (middle,) = cuts_among(mixed(10, 21, 10))
    assert abs(middle - 20) <= 1


def test_a_dissolve_that_is_not_shown_to_its_end_is_none():
    assert cuts_among(mixed(10, 41, 0)[:-20]) == []


def test_a_dissolve_and_a_cut():
    assert len(cuts_among([*mixed(10, 21, 10), *frames(*[3] * 10)])) == 2


def test_stills_and_too_few_frames_have_none():
    assert cuts_among([]) == []
    assert cuts_among(frames(1)) == []
    assert cuts_among([frames(1)[0]] * 20) == []
