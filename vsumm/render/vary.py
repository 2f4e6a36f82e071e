"""Several reels of one film that differ: the picks, then others of nearly their value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vsumm.errors import ScoresError
from vsumm.files import RecordCache, atomic_output, check_output
from vsumm.media import Segment, merge_neighbours, mostly_in, without
from vsumm.progress import Watch
from vsumm.render.choose import choose_again
from vsumm.render.picks import Picks
from vsumm.render.write import is_list, render
from vsumm.select import Variant, select_variants
from vsumm.timeline import ChaptersFor


@dataclass(frozen=True)
class VariedPicks:
    """One of several picks."""

    picks: Picks
    """What it shows; with a summary that says so, where there is one."""
    note: str
    """What it is worth, and how much of it another one shows."""


def vary_picks(
    picks: Picks,
    num_variants: int,
    *,
    max_overlap: float,
    budget_seconds: float | None = None,
    cache: RecordCache | None = None,
) -> list[VariedPicks]:
    """Return picks and others that differ from them, and from each other, see `select_variants`.

    Args:
        picks: the first of them.
        num_variants: how many are wanted; fewer where nothing is left that differs enough.
        max_overlap: the greatest part of the budget that two of them may share, in [0, 1).
        budget_seconds: length of each; that of the summary if left out.
        cache: where found cuts and phrases are kept.

    Raises:
        InputError: the budget has no room for a run.
        ScoresError: nothing is scored beside the picks, or some of them are kept in any case.
    """
    if picks.summary is None:
        raise ScoresError("a timeline scores nothing beside its clips: vary the summary (.json)")
    if picks.summary.config.keep:
        raise ScoresError("variants are chosen anew, without what is kept: summarise without keep")
    if budget_seconds is None:
        budget_seconds = picks.summary.budget_seconds
    segments = [candidate.segment for candidate in picks.candidates]
    scores = np.array([math.nan if c.score is None else c.score for c in picks.candidates])
    variants = select_variants(
        segments,
        scores,
        budget_seconds=budget_seconds,
        num_variants=num_variants,
        max_overlap=max_overlap,
        spread=picks.spread,
        first=mostly_in(segments, picks.runs),
    )
    varied = [VariedPicks(picks, "")]
    for number, variant in enumerate(variants[1:], 2):
        apart = _apart(
            segments, variant, [(v.picks, w) for v, w in zip(varied, variants, strict=False)]
        )
        # Moved edges may show more of what another variant shows. Then they keep out of there.
        for left_out in ([], apart):
            chosen = choose_again(
                picks,
                budget_seconds=budget_seconds,
                left_out=left_out,
                selected=variant.selected,
                cache=cache,
            )
            shared = max(_shared_seconds(chosen, other.picks) for other in varied)
            if shared <= max_overlap * budget_seconds:
                break
        note = (
            f"variant {number}: worth {variant.value_share:.1%} of the first, shares at most "
            f"{shared:.1f} s ({shared / budget_seconds:.0%} of the budget) with another"
        )
        note += "" if variant.is_best else "; a better one may exist"
        assert chosen.summary is not None
        noted = replace(chosen.summary, notes=(*chosen.summary.notes, note))
        varied.append(VariedPicks(replace(chosen, summary=noted), note))
    return varied


def numbered(path: Path, number: int) -> Path:
    """Return the name of a file of a variant: the first one keeps its own.

    >>> numbered(Path("reel.mp4"), 1).name, numbered(Path("reel.mp4"), 2).name
    ('reel.mp4', 'reel.2.mp4')
    """
    return path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")


def too_few(num_found: int, num_wanted: int) -> str:
    """Return why there are fewer variants than were wanted."""
    return f"only {num_found} of {num_wanted} variants: nothing else differs enough"


def write_varied(
    varied: Sequence[VariedPicks],
    targets: Sequence[Path],
    *,
    source: Path,
    first_number: int = 1,
    chapters_for: ChaptersFor = "reel",
    overwrite: bool = False,
    progress: bool | Watch = False,
) -> list[str]:
    """Write each of several picks to files of its own, and its summary beside its reel.

    Args:
        varied: what `vary_picks` returned, all or the last of it.
        targets: where number 1 goes, see `render`; the others are numbered.
        source: the summary that was read, or the film: left as it is.
        first_number: number of the first of `varied`.
        chapters_for: see `render`.
        overwrite: whether files that are there already may be replaced.
        progress: see `render`.

    Returns:
        What the files do not say as it was meant, one line each.

    Raises:
        InputError: the film cannot be read.
        OutputError: a file cannot be written.
    """
    numbers = range(first_number, first_number + len(varied))
    reels = [target for target in targets if not is_list(target)]
    wanted = {
        number: numbered(reel, number).with_suffix(".json") for number in numbers for reel in reels
    }
    summaries = {n: p for n, p in wanted.items() if not (p.exists() and p.samefile(source))}
    films = [varied[0].picks.info.path, source]
    others = [numbered(target, number) for number in numbers for target in targets]
    for path in [*others, *summaries.values()]:
        check_output(path, overwrite=overwrite, inputs=films)
    notes: list[str] = []
    for number, each in enumerate(varied, first_number):
        notes += render(
            each.picks,
            [numbered(target, number) for target in targets],
            chapters_for=chapters_for,
            inputs=[source],
            overwrite=overwrite,
            progress=progress,
        )
        if number in summaries and each.picks.summary is not None:
            with atomic_output(summaries[number], overwrite=overwrite) as partial:
                text = each.picks.summary.placed_at(summaries[number]).to_json()
                partial.write_text(text + "\n", encoding="utf-8")
    return notes


def _apart(
    segments: Sequence[Segment], variant: Variant, others: Sequence[tuple[Picks, Variant]]
) -> list[Segment]:
    """Return what others show beside the segments that a variant shares with them."""
    pieces: list[Segment] = []
    for picks, other in others:
        flags = zip(segments, variant.selected, other.selected, strict=True)
        pieces += without(picks.runs, merge_neighbours(s for s, a, b in flags if a and b))
    return merge_neighbours(pieces)


def _shared_seconds(one: Picks, other: Picks) -> float:
    """Return how much two reels share."""
    left = without(one.runs, merge_neighbours(other.runs))
    total, rest = (sum(piece.duration_seconds for piece in pieces) for pieces in (one.runs, left))
    return total - rest
