"""Draw numbers over time as SVG paths, and choose the times to write below.

^ y 0
|      ╱╲        ╱    paths lie in a box of WIDTH x HEIGHT units that the page stretches;
|  ___╱  ╲__    ╱     where there is no number the line is broken
+-----------------> x
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vsumm.media import Segment
from vsumm.score import FloatArray

WIDTH, HEIGHT = 1000, 100
"""Units of the box; in line with `viewBox` in the template."""
EDGE = 3
"""Units that stay free above and below, so that strokes are not cut."""
MOST_POINTS = 1000
"""Of longer films neighbouring segments are averaged to about this many points."""
MOST_TICKS = 10
"""Times that are written below the curves, at most."""
TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
"""Seconds between two of them."""


@dataclass(frozen=True)
class Curve:
    """One line over time."""

    line: str
    """Path of the line."""
    area: str
    """Path of what lies below it."""


def draw_curve(
    segments: Sequence[Segment],
    values: FloatArray,
    *,
    duration_seconds: float,
    low: float,
    high: float,
) -> Curve:
    """Return the paths of a curve.

    Args:
        segments: N pieces of the film.
        values: shape (N,), NaN where the line is broken.
        duration_seconds: what is as long as the box is wide.
        low: value at the lower edge.
        high: value at the upper edge; a line between equal ones lies in the middle.
    """
    spans, values = _thinned(segments, values)
    x = spans * (WIDTH / duration_seconds)
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    y = HEIGHT - EDGE - np.clip(share, 0, 1) * (HEIGHT - 2 * EDGE)
    y = np.where(np.isfinite(values), y, np.nan)
    lines, areas = [], []
    for first, stop in _known_runs(y):
        centres = [(float(np.mean(x[i])), float(y[i])) for i in range(first, stop)]
        points = [(x[first, 0], y[first]), *centres, (x[stop - 1, 1], y[stop - 1])]
        line = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
        lines.append(f"M{line}")
        areas.append(f"M{points[0][0]:.1f} {HEIGHT}L{line}L{points[-1][0]:.1f} {HEIGHT}Z")
    return Curve("".join(lines), "".join(areas))


def choose_ticks(duration_seconds: float) -> list[float]:
    """Return round times from 0 on, seconds, at most `MOST_TICKS` and two.

    >>> choose_ticks(11.0)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    fitting = [step for step in TICK_STEPS if duration_seconds / step <= MOST_TICKS]
    step = fitting[0] if fitting else TICK_STEPS[-1]
    return [float(time) for time in np.arange(0, duration_seconds, step)]


def _thinned(segments: Sequence[Segment], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Average groups of neighbours; return their borders, shape (M, 2), and means, shape (M,)."""
    size = -(-len(values) // MOST_POINTS) or 1
    starts = range(0, len(values), size)
    spans = [
        (segments[i].start_seconds, segments[min(i + size, len(values)) - 1].end_seconds)
        for i in starts
    ]
    means = [_mean_of_known(values[i : i + size]) for i in starts]
    return np.array(spans, dtype=np.float64).reshape(-1, 2), np.array(means, dtype=np.float64)


def _mean_of_known(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _known_runs(values: FloatArray) -> list[tuple[int, int]]:
    """Return first and stop index of every run of numbers without NaN in between."""
    is_known = np.concatenate([[False], np.isfinite(values), [False]])
    borders = np.flatnonzero(np.diff(is_known.astype(np.int8)))
    return [(int(first), int(stop)) for first, stop in borders.reshape(-1, 2)]
