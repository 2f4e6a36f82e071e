"""Move a crop over the picture as a camera on a tripod would: seldom, evenly, never fast.

The way is the best of all that keep the speed limit (dynamic programming over a grid of places):
it costs to have what counts outside, and it costs to move. So the crop stands still unless what
counts would stay outside for longer than the move takes; then it moves at the limit at most, and
a mean over neighbouring instants lets it start and stop softly.

Letters: T instants, P places of the middle of the crop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_SPEED = 0.25
"""How fast the crop may move, in widths (or heights) of the film's picture a second."""
MOVE_COST = 1.5
"""What a move over a whole width costs, in seconds of having all that counts outside."""
PLACE_STEP = 1 / 200
"""Distance of two places, in the same widths."""
SOFT_START = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
"""Weights of the mean over neighbouring instants."""
REACH = len(SOFT_START) // 2
"""How many instants on either side that mean takes in."""

FloatArray = NDArray[np.floating[Any]]


def places_of(share: float) -> FloatArray:
    """Return the places (P,) for the middle of a crop that shows a share of the picture."""
    count = max(1, round((1 - share) / PLACE_STEP))
    return np.linspace(share / 2, 1 - share / 2, count + 1)


def steady_path(costs: FloatArray, places: FloatArray, step_seconds: float) -> FloatArray:
    """Return where the crop is at every instant, (T,), in the widths of `places`.

    Args:
        costs: (T, P), what it costs to be at a place for a second.
        places: (P,), evenly spaced.
        step_seconds: distance of the instants.
    """
    step = places[1] - places[0] if len(places) > 1 else 1.0
    reach = min(len(places) - 1, int(MAX_SPEED * step_seconds / step + 1e-9))
    moves = np.arange(-reach, reach + 1)
    fares = MOVE_COST * step * np.abs(moves)
    total = costs[0] * step_seconds
    origins = np.zeros((len(costs), len(places)), np.intp)
    for instant in range(1, len(costs)):
        # Row m of the windows holds, for each place, the total of the place `moves[m]` before it.
        padded = np.pad(total, reach, constant_values=np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(places)) + fares[:, None]
        best = windows.argmin(axis=0)
        origins[instant] = np.arange(len(places)) + moves[best]
        total = windows[best, np.arange(len(places))] + costs[instant] * step_seconds
    place = int(total.argmin())
    chosen = [place]
    for instant in range(len(costs) - 1, 0, -1):
        place = int(origins[instant, place])
        chosen.append(place)
    rough = np.pad(places[chosen[::-1]], REACH, mode="edge")
    return np.convolve(rough, SOFT_START, mode="valid")
