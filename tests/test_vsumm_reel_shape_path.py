"""The way of a crop: the best one within the speed limit, against brute force."""

from itertools import product

import numpy as np
import pytest

from vsumm.reel.shape.path import MAX_SPEED, MOVE_COST, places_of, steady_path

STEP = 0.2
ROUNDING = 1e-9


def costs_around(centres, places, width=0.1):
    return np.array([np.abs(places - centre) > width for centre in centres], float)


def test_places_keep_the_crop_inside_the_picture():
    places = places_of(0.3)
    assert (places[0], places[-1]) == pytest.approx((0.15, 0.85))
    assert len(places_of(1.0)) >= 1
    assert places_of(1.0)[0] == pytest.approx(0.5)


def test_the_speed_limit_holds_whatever_jumps():
    places = places_of(0.3)
    centres = np.random.default_rng(3).choice([0.2, 0.5, 0.8], 12).repeat(10)
    way = steady_path(costs_around(centres, places), places, STEP)
    assert np.abs(np.diff(way)).max() <= MAX_SPEED * STEP + ROUNDING
    assert np.ptp(way) > 0.3


def test_a_crop_stands_still_for_what_soon_comes_back():
    places = places_of(0.3)
    centres = [0.4] * 20 + [0.6] * 2 + [0.4] * 20
    assert np.ptp(steady_path(costs_around(centres, places), places, STEP)) < ROUNDING


def test_a_crop_that_may_not_move_stays():
    assert steady_path(np.zeros((3, 1)), np.array([0.5]), STEP).tolist() == pytest.approx([0.5] * 3)


def test_no_other_way_costs_less(monkeypatch):
    monkeypatch.setattr("vsumm.reel.shape.path.SOFT_START", np.ones(1))
    monkeypatch.setattr("vsumm.reel.shape.path.REACH", 0)
    places = np.linspace(0.4, 0.6, 5)
    costs = np.random.default_rng(5).random((6, 5))
    reach = int(MAX_SPEED * STEP / 0.05 + ROUNDING)

    def price(way):
        moves = np.abs(np.diff(way))
        if (moves > reach).any():
            return np.inf
        return costs[np.arange(6), way].sum() * STEP + MOVE_COST * moves.sum() * 0.05

    best = min(product(range(5), repeat=6), key=lambda way: price(np.array(way)))
    found = steady_path(costs, places, STEP)
    assert price(np.abs(found[:, None] - places).argmin(axis=1)) == pytest.approx(
        price(np.array(best))
    )
