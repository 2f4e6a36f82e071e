"""Cuts and dissolves among frames."""

import numpy as np
import pytest
from scenedetect import AdaptiveDetector, FrameTimecode
from shots import draw_shot

from vsumm.borders.detect import CONTEXT, PICTURE_SIZE, _hard_cuts, cuts_among


def frames(*numbers):
    return [draw_shot(n, k / 25, PICTURE_SIZE).astype(np.uint8) for k, n in enumerate(numbers)]


def mixed(num_before, num_mixed, num_after):
    one, other = frames(1, 2)
    shares = [0.0] * num_before + list(np.linspace(0, 1, num_mixed)) + [1.0] * num_after
    return [((1 - s) * one + s * other).astype(np.uint8) for s in shares]


def test_a_cut_anywhere_even_beside_the_ends():
    for place in (1, 2, 5, 9):
        assert cuts_among(frames(*[1] * place, *[2] * (10 - place))) == [place]


def cuts_by_pyscenedetect(pictures):
    """Cuts that its detector finds where the ends are repeated."""
    detector = AdaptiveDetector(min_scene_len=1, window_width=CONTEXT)
    around = [*[pictures[0]] * CONTEXT, *pictures, *[pictures[-1]] * CONTEXT]
    found = [
        cut.frame_num - CONTEXT
        for number, picture in enumerate(around)
        for cut in detector.process_frame(FrameTimecode(number, fps=25.0), picture)
    ]
    return [index for index in found if 0 < index < len(pictures)]


@pytest.mark.parametrize("seed", range(20))
def test_cuts_are_those_of_pyscenedetect(seed):
    rng = np.random.default_rng(seed)
    width, height = PICTURE_SIZE
    shot = np.zeros((height, width, 3))
    pictures = []
    for _ in range(60):
        if rng.random() < 0.15:  # another shot, which may be of one colour
            shape = shot.shape if rng.random() < 0.7 else (1, 1, 1)
            shot = np.broadcast_to(rng.uniform(0, 255, shape), shot.shape)
        elif rng.random() < 0.3:  # a flash
            shot = shot + rng.uniform(-60, 60)
        noise = rng.normal(0, rng.uniform(0, 10), shot.shape)
        pictures.append(np.clip(shot + noise, 0, 255).astype(np.uint8))
    found = _hard_cuts(pictures)
    assert found
    assert found == cuts_by_pyscenedetect(pictures)


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
