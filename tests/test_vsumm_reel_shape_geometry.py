"""Sizes of the picture of a reel, and where a crop is between two instants."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsumm.reel.shape.geometry import Geometry, Shot, lay_out_picture, shot_at

PORTRAIT, SQUARE, WIDE = Fraction(9, 16), Fraction(1), Fraction(16, 9)


@pytest.mark.parametrize(
    ("film", "aspect", "fit", "max_width", "size", "film_size"),
    [
        ((1920, 1080), PORTRAIT, "crop", None, (606, 1080), (1920, 1080)),
        ((3840, 2160), PORTRAIT, "crop", 1080, (1080, 1920), (3412, 1920)),
        ((1080, 1920), WIDE, "crop", None, (1080, 606), (1080, 1920)),
        ((1920, 1080), PORTRAIT, "blur", None, (1080, 1920), (1080, 608)),
        ((1920, 1080), SQUARE, "blur", 720, (720, 720), (720, 404)),
        ((640, 480), Fraction(4, 3), "crop", None, (640, 480), (640, 480)),
        ((854, 480), WIDE, "crop", None, (854, 480), (854, 480)),
        ((1920, 1080), None, "crop", 1280, (1280, 720), (1280, 720)),
        ((191, 107), None, "crop", None, (190, 106), (190, 106)),
        ((191, 107), SQUARE, "crop", None, (106, 106), (190, 106)),
        ((1, 1), PORTRAIT, "crop", None, (2, 2), (2, 2)),
        ((16, 2), PORTRAIT, "crop", None, (2, 2), (16, 2)),
    ],
)
def test_sizes(film, aspect, fit, max_width, size, film_size):
    laid = lay_out_picture(*film, aspect, fit, max_width=max_width)
    assert (laid.size, laid.film_size) == (size, film_size)


SIDES = st.integers(1, 4000)


@given(
    SIDES,
    SIDES,
    st.fractions(Fraction(1, 16), Fraction(16)) | st.none(),
    st.sampled_from(["crop", "blur"]),
    st.integers(16, 4000) | st.none(),
)
def test_whatever_is_asked_for_fits(width, height, aspect, fit, max_width):
    laid = lay_out_picture(width, height, aspect, fit, max_width=max_width)
    sizes = (laid.size, laid.film_size, laid.fitted_size)
    assert all(side >= 2 and side % 2 == 0 for size in sizes for side in size)
    assert laid.size[0] <= max(2, max_width or 10**9)
    pairs = list(zip(laid.size, laid.film_size, laid.fitted_size, strict=True))
    assert all(fitted <= side for side, _, fitted in pairs)
    if fit == "crop":
        assert all(side <= whole for side, whole, _ in pairs)
        assert laid.film_size[0] <= max(2, width)
        assert laid.film_size[1] <= max(2, height)
    assert laid.share > 0


def test_the_crop_moves_where_there_is_room():
    assert lay_out_picture(1920, 1080, PORTRAIT, "crop").axis == 0
    assert lay_out_picture(1080, 1920, WIDE, "crop").axis == 1
    assert Geometry((606, 1080), (1920, 1080), (606, 340), "crop").share == 606 / 1920


def test_a_crop_is_where_its_neighbours_say():
    shot = Shot(1.0, (1.0, 2.0, 4.0), (0.2, 0.4, 0.3))
    assert [shot.centre_at(t) for t in (0, 1, 1.5, 3, 9)] == pytest.approx(
        [0.2, 0.2, 0.3, 0.35, 0.3]
    )
    assert Shot(0.0).centre_at(5.0) == 0.5


def test_a_shot_lasts_until_the_next_one():
    shots = [Shot(1.0), Shot(2.0)]
    assert [shot_at(shots, t) for t in (0.0, 1.5, 2.0, 9.0)] == [*shots[:1] * 2, *shots[1:] * 2]
    assert shot_at([], 1.0) is None
