"""The runs of a selection, whose edges may move, and the best of what else may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsumm.media import Segment, merge_neighbours

FloatArray = npt.NDArray[np.float64]

REACH_SECONDS = 2.0
"""An edge moves no further than this, nor further than a segment is long, to any place."""
FAR_REACH_SECONDS = 6.0
"""And no further than this to a better place than all of the nearer ones."""
RUNS_PER_RUNNER_UP = 5
"""One segment that was not selected competes for each so many runs."""
LEAST_RUNNERS_UP = 2


@dataclass(frozen=True)
class Run:
    """A piece of the grid, whose edges may move."""

    segment: Segment
    """From the first of its segments to the last one."""
    reach_seconds: float
    """How far each edge may move to any place."""
    is_selected: bool
    """Whether it was selected; else it is one of the best others."""
    open_seconds: tuple[float, float]
    """From where to where around it the film may be shown."""

    @property
    def reaches(self) -> tuple[Segment, Segment]:
        """Where its two edges may come to lie."""
        return self._reaches(self.reach_seconds)

    @property
    def far_reaches(self) -> tuple[Segment, Segment]:
        """Where its two edges may come to lie if no nearer place is as good."""
        return self._reaches(FAR_REACH_SECONDS)

    def _reaches(self, reach: float) -> tuple[Segment, Segment]:
        start, end = self.segment.start_seconds, self.segment.end_seconds
        opens, closes = self.open_seconds
        return (
            Segment(max(opens, start - reach), min(end, start + reach)),
            Segment(max(start, end - reach), min(closes, end + reach)),
        )


def competing_runs(
    segments: Sequence[Segment],
    scores: FloatArray,
    selected: Sequence[bool],
    *,
    closed: Sequence[Segment] = (),
) -> list[Run]:
    """Return the runs of a selection, and the best segments apart from them, chronological.

    The latter take what moving the edges frees of the budget.

    Args:
        segments: N pieces, chronological, without gaps.
        scores: (N,), NaN where there is no signal.
        selected: N flags.
        closed: pieces that no edge may move into; no selected or scored segment overlaps them.
    """
    runs = merge_neighbours(s for s, flag in zip(segments, selected, strict=True) if flag)
    chosen = set(runs)
    num_others = max(LEAST_RUNNERS_UP, len(runs) // RUNS_PER_RUNNER_UP) if runs else 0
    taken = {i + shift for i, flag in enumerate(selected) if flag for shift in (-1, 0, 1)}
    whole = max((segment.duration_seconds for segment in segments), default=0.0)
    for index in np.argsort(-scores, kind="stable"):  # NaN comes last
        if num_others == 0 or not np.isfinite(scores[index]):
            break
        is_whole = segments[index].duration_seconds > whole * 0.99
        if index not in taken and is_whole:
            runs.append(segments[index])
            taken |= {int(index) + shift for shift in (-1, 0, 1)}
            num_others -= 1
    reach = min(REACH_SECONDS, whole)
    return [
        Run(run, reach, run in chosen, _open_around(run, segments, closed))
        for run in sorted(runs, key=lambda run: run.start_seconds)
    ]


def _open_around(
    run: Segment, segments: Sequence[Segment], closed: Sequence[Segment]
) -> tuple[float, float]:
    """Return from where to where the film may be shown around a run, which is open itself."""
    before = [piece.end_seconds for piece in closed if piece.end_seconds <= run.start_seconds]
    behind = [piece.start_seconds for piece in closed if piece.start_seconds >= run.end_seconds]
    return (
        max([segments[0].start_seconds, *before]),
        min([segments[-1].end_seconds, *behind]),
    )
