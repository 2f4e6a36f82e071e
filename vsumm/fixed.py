"""What the settings keep in the reel of a film, or skip, whatever its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vsumm.config import SummaryConfig
from vsumm.errors import InputError
from vsumm.media import SLACK_SECONDS, MediaInfo, Segment, merge_neighbours, overlapping
from vsumm.stretches import CREDITS, stretch_text

LEAST_CARD = 0.5
"""Probability of a title card, above which a segment is one."""
END_SHARE = 0.05
"""Credits begin in so large a part at the beginning of a film, or end in one at its end."""


@dataclass(frozen=True)
class Fixed:
    """Stretches about which nothing is left to choose, both chronological and apart."""

    kept: Sequence[Segment] = ()
    """What the reel shows, exactly."""
    skipped: Sequence[Segment] = ()
    """What it never shows."""
    notes: Sequence[str] = ()
    """What was found to be skipped, one line each."""

    @property
    def kept_seconds(self) -> float:
        """Length of what is kept."""
        return sum(stretch.duration_seconds for stretch in self.kept)


def fix(info: MediaInfo, config: SummaryConfig) -> Fixed:
    """Return what the settings keep and skip of a film, but for its credits.

    Raises:
        InputError: what is kept lies outside the film, is longer than the budget or a run may be,
            or is skipped.
    """
    duration = info.duration_seconds
    for start, end in config.keep:
        if end > duration:
            raise InputError(
                f"{info.path}: cannot keep {stretch_text(start, end)}: the film ends at "
                f"{duration:.3f} s"
            )
    kept = merge_neighbours(Segment(*stretch) for stretch in config.keep)
    named = [stretch for stretch in config.skip if not isinstance(stretch, str)]
    ends = [(start, duration if end is None else min(end, duration)) for start, end in named]
    skipped = merge_neighbours(Segment(start, end) for start, end in ends if start < end)
    fixed = Fixed(kept, skipped)
    budget = config.budget_of(duration)
    if fixed.kept_seconds > budget + SLACK_SECONDS:
        raise InputError(
            f"{info.path}: what is kept lasts {fixed.kept_seconds:.1f} s, longer than the budget "
            f"of {budget:.1f} s"
        )
    longest = config.max_run_seconds
    for piece in kept:
        if longest is not None and piece.duration_seconds > longest + SLACK_SECONDS:
            text = stretch_text(piece.start_seconds, piece.end_seconds)
            raise InputError(f"{info.path}: cannot keep {text} with runs of {longest:g} s at most")
    return _checked(info, fixed)


def skip_credits(
    fixed: Fixed,
    info: MediaInfo,
    segments: Sequence[Segment],
    cards: npt.NDArray[np.float64] | None,
) -> Fixed:
    """Skip the title cards with which a film begins and ends, too.

    Args:
        fixed: what is kept and skipped without them.
        info: the film.
        segments: N segments, chronological.
        cards: (N,), probability of a title card; NaN where no picture shows anything: that is as
            what lies around it. None where no picture was looked at.

    Raises:
        InputError: one of them is kept.
    """
    if cards is None or not np.isfinite(cards).any():
        note = f"nothing tells title cards apart here: {CREDITS} are not left out"
        return replace(fixed, notes=[note])
    found = _credits(segments, cards)
    texts = [stretch_text(span.start_seconds, span.end_seconds) for span in found]
    note = f"left out as {CREDITS}: {', '.join(texts)}" if texts else f"no {CREDITS} were found"
    return _checked(info, Fixed(fixed.kept, merge_neighbours([*fixed.skipped, *found]), [note]))


def score_unskipped(
    fixed: Fixed,
    info: MediaInfo,
    segments: Sequence[Segment],
    scores: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the scores of N segments, NaN for those that are skipped in part.

    Raises:
        InputError: no score is left, and nothing is kept.
    """
    left: npt.NDArray[np.float64] = np.where(are_in(segments, fixed.skipped), np.nan, scores)
    if not fixed.kept and not np.isfinite(left).any():
        raise InputError(f"{info.path}: with what is skipped nothing is left to pick from")
    return left


def are_in(segments: Sequence[Segment], stretches: Sequence[Segment]) -> npt.NDArray[np.bool_]:
    """Return which of N segments overlap one of some stretches, chronological and apart, (N,)."""
    return np.array(overlapping(segments, stretches), bool)


def _credits(segments: Sequence[Segment], cards: npt.NDArray[np.float64]) -> list[Segment]:
    """Return the stretches of cards that lie in the first or reach the last part of a film."""
    known = np.flatnonzero(np.isfinite(cards))
    is_card = np.interp(np.arange(len(cards)), known, cards[known]) > LEAST_CARD
    is_card[1:-1] |= is_card[:-2] & is_card[2:]  # one picture behind the names
    stretches = merge_neighbours(s for s, flag in zip(segments, is_card, strict=True) if flag)
    duration = segments[-1].end_seconds
    first, last = duration * END_SHARE, duration * (1 - END_SHARE)
    return [s for s in stretches if s.start_seconds <= first or s.end_seconds >= last]


def _checked(info: MediaInfo, fixed: Fixed) -> Fixed:
    for kept in fixed.kept:
        for skipped in fixed.skipped:
            if _overlap(kept, skipped):
                both = [stretch_text(s.start_seconds, s.end_seconds) for s in (kept, skipped)]
                raise InputError(f"{info.path}: cannot keep {both[0]} and skip {both[1]}")
    return fixed


def _overlap(one: Segment, other: Segment) -> bool:
    return one.start_seconds < other.end_seconds and other.start_seconds < one.end_seconds
