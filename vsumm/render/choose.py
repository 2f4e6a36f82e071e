"""Choose again what a reel shows, as the summary did: the same selection, the same edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vsumm.config import CutAt
from vsumm.edges import Known, choose_pieces
from vsumm.errors import ScoresError
from vsumm.files import RecordCache
from vsumm.fixed import Fixed, are_in
from vsumm.media import SLACK_SECONDS, Segment, in_order_of, merge_neighbours, without
from vsumm.render.picks import Picks
from vsumm.score import Film, ModelSource
from vsumm.summary import Summary


def choose_again(
    picks: Picks,
    *,
    budget_seconds: float,
    cut_at: CutAt | None = None,
    kept: Sequence[Segment] = (),
    left_out: Sequence[Segment] = (),
    selected: Sequence[bool] | None = None,
    cache: RecordCache | None = None,
) -> Picks:
    """Return picks of another length, chosen and cut as `vsumm.summarize` would.

    Args:
        picks: those of a summary; its settings count, but for `keep`.
        budget_seconds: length of the reel.
        cut_at: where runs begin and end; None: as the summary says.
        kept: what is shown in any case, chronological and apart, even where the summary skips it.
        left_out: what is not shown, beside what the summary skips, chronological and apart.
        selected: one flag per segment: a selection that fits the budget, if it was made already;
            segments that are kept or left out in part do not count.
        cache: where found cuts and phrases are kept.

    Raises:
        InputError: the budget has no room for a run.
        ScoresError: what is kept is longer than the budget, or nothing is left to show.
    """
    old = picks.summary
    assert old is not None
    kept_seconds = sum(piece.duration_seconds for piece in kept)
    if kept_seconds > budget_seconds + SLACK_SECONDS:
        raise ScoresError(
            f"what is kept lasts {kept_seconds:.1f} s, longer than the budget of "
            f"{budget_seconds:.1f} s"
        )
    skipped = without(merge_neighbours([*old.skipped, *left_out]), kept)
    segments = [row.segment for row in old.segments]
    known = [np.nan if row.score is None else row.score for row in old.segments]
    scores = np.where(are_in(segments, skipped), np.nan, known)
    is_free = ~are_in(segments, merge_neighbours([*skipped, *kept]))
    config = old.config
    if budget_seconds != old.budget_seconds:
        config = replace(config, budget_seconds=budget_seconds)
    if picks.info.audio:
        config = replace(config, audio_track=picks.audio_track)
    if cut_at is not None:
        config = replace(config, cut_at=cut_at)
    if selected is not None and config.cut_at == "grid":
        config = replace(config, padding_seconds=(0.0, 0.0))  # it would not fit the budget
    flags, pieces, shifts, problems = choose_pieces(
        Film(picks.info, segments, config, ModelSource(config)),
        _known(old),
        scores,
        fixed=Fixed(kept, skipped),
        spread=picks.spread,
        budget_seconds=budget_seconds,
        overlap_seconds=picks.reel.crossfade_seconds,
        cache=cache,
        selected=None if selected is None else (is_free & np.array(selected)).tolist(),
    )
    summary = replace(
        old,
        budget_seconds=budget_seconds,
        config=config,
        segments=tuple(
            replace(row, selected=flag) for row, flag in zip(old.segments, flags, strict=True)
        ),
        pieces=tuple(pieces),
        order=(),
        sound_shifts=tuple(shifts),
        reel=picks.reel.to_plain(),
        film_paths=(),
        notes=(*old.notes, *problems),
    )
    if not summary.runs:
        raise ScoresError("nothing is left for the reel")
    if old.order and selected is None:
        summary = _in_order(summary, old)
    notes = (*picks.notes, *problems)
    return replace(picks, runs=tuple(summary.runs), summary=summary, notes=notes)


def _in_order(summary: Summary, old: Summary) -> Summary:
    """Return a summary whose reel shows what another one shows in the same order."""
    runs = summary.runs
    order = tuple(runs.index(run) for run in in_order_of(runs, old.runs))
    return replace(summary, order=order, sound_shifts=())


def _known(summary: Summary) -> Known:
    """Return what a summary tells of where its film can be cut."""
    speech = [row.signals.get("speech") for row in summary.segments]
    has_listened = "speech" in summary.signal_names
    return Known(
        summary.input_sha256,
        summary.seen_cuts,
        np.array([np.nan if p is None else p for p in speech]) if has_listened else None,
    )
