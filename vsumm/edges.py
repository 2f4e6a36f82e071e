"""Select segments, then move the edges to cuts between shots and pauses in speech: find, choose.

The selection itself is made on the grid of segments before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from vsumm.borders import (
    FoundCuts,
    FoundSpeech,
    Looks,
    Packets,
    find_cuts,
    find_speech,
    known_cuts,
)
from vsumm.errors import InputError
from vsumm.files import RecordCache
from vsumm.fixed import Fixed, are_in
from vsumm.media import Segment, merge_neighbours, mostly_in, overlapping
from vsumm.run_rules import check_room, finish_runs, padded_runs, select_runs
from vsumm.score import SPEECH_KIND, Arrays, Film, FloatArray
from vsumm.select import (
    Borders,
    Rules,
    Run,
    competing_runs,
    place_edges,
    places_to_check,
    places_to_hear,
    places_to_search,
)
from vsumm.split_edits import choose_shifts

MAX_ROUNDS = 4
"""How often edges are placed anew before all cuts are looked for wherever one may lie."""
LEAST_SPEECH = 0.2
"""Probability of speech, averaged over a segment, above which its pauses are looked for."""


def choose_pieces(
    film: Film,
    arrays: Arrays,
    scores: FloatArray,
    *,
    fixed: Fixed,
    spread: float,
    budget_seconds: float,
    overlap_seconds: float,
    content: str,
    cache: RecordCache | None = None,
) -> tuple[list[bool], list[Segment], list[float], list[str]]:
    """Select segments beside what is kept, and move the edges unless they stay on the grid.

    Args:
        film: the film, its N segments, and the settings.
        arrays: what was measured of it.
        scores: (N,), NaN where there is no signal, and where a segment is skipped in part.
        fixed: what is kept, exactly, and what is skipped.
        spread: how much more of one place counts for less, see `select_segments`.
        budget_seconds: the greatest length of the reel.
        overlap_seconds: how long each piece overlaps the next one.
        content: SHA-256 of the film.
        cache: where found cuts and phrases are kept.

    Returns:
        N flags, true where more than half of a segment is shown; the pieces of the reel, none
        where it is those segments; by how much the sound of each cut comes later than its picture,
        seconds, none where no sound does; and what went wrong, one line each.
    """
    config = film.config
    selected = select_runs(film, scores, fixed=fixed, spread=spread, budget_seconds=budget_seconds)
    shifts: list[float] = []
    problems: list[str] = []
    if not fixed.kept:
        check_room(film, budget_seconds)
    if config.cut_at != "grid":
        pieces, shifts, problems = move_edges(
            film,
            arrays,
            scores,
            selected,
            fixed=fixed,
            budget_seconds=budget_seconds,
            overlap_seconds=overlap_seconds,
            content=content,
            cache=cache,
        )
    else:
        pieces = finish_runs(
            film,
            padded_runs(film, selected, fixed),
            fixed=fixed,
            budget_seconds=budget_seconds,
            overlap_seconds=0.0,
        )
        if pieces == merge_neighbours(s for s, f in zip(film.segments, selected, strict=True) if f):
            return selected, [], [], []
    if not pieces and any(selected):
        raise InputError(
            f"{film.info.path}: no run of {config.min_run_seconds:g} s and more, with its padding, "
            f"fits the budget of {budget_seconds:.3g} s"
        )
    return mostly_in(film.segments, pieces), pieces, shifts, problems


def move_edges(
    film: Film,
    arrays: Arrays,
    scores: FloatArray,
    selected: Sequence[bool],
    *,
    fixed: Fixed,
    budget_seconds: float,
    overlap_seconds: float,
    content: str,
    cache: RecordCache | None = None,
) -> tuple[list[Segment], list[float], list[str]]:
    """Return the pieces that a selection becomes, shifts of their sound, and what went wrong.

    Args:
        film: the film, its N segments, and the settings.
        arrays: what was measured of it.
        scores: (N,), NaN where there is no signal.
        selected: N flags, False for what is kept or skipped in part.
        fixed: what is kept, and is among the pieces, and what is skipped.
        budget_seconds: the greatest length of the pieces together.
        overlap_seconds: how long each piece overlaps the next one.
        content: SHA-256 of the film.
        cache: where found cuts and phrases are kept.
    """
    config = film.config
    left_seconds = budget_seconds - fixed.kept_seconds
    if fixed.kept and left_seconds < config.min_run_seconds + sum(config.padding_seconds):
        return list(fixed.kept), [], []
    runs = competing_runs(
        film.segments,
        np.where(are_in(film.segments, fixed.kept), np.nan, scores),
        selected,
        closed=[*fixed.kept, *fixed.skipped],
    )
    places = places_to_hear(runs)
    speech = FoundSpeech(())
    if config.cut_at != "shots":
        spoken, track = _may_be_spoken(places, film, arrays), config.audio_track or 0
        speech = find_speech(film.info, spoken, track=track, content=content, cache=cache)
    rules = Rules(
        budget_seconds=left_seconds + overlap_seconds * len(fixed.kept),
        min_run_seconds=config.min_run_seconds,
        max_run_seconds=config.max_run_seconds or math.inf,
        padding=config.padding_seconds,
        overlap_seconds=overlap_seconds,
    )

    def place(cuts: FoundCuts) -> tuple[list[Segment], Borders]:
        borders = Borders(cuts.cuts, film.segments[-1].end_seconds, speech.phrases, fixed.kept)
        return place_edges(runs, film.segments, scores, borders, rules), borders

    cuts = FoundCuts(())
    if config.cut_at != "speech":
        cuts = _find_cuts(film, looks_in(arrays), runs, place, content=content, cache=cache)
    pieces, _ = place(cuts)
    problems = {"cuts between shots": cuts.problem, "pauses in speech": speech.problem}
    notes = [f"not all {what} could be found: {why}" for what, why in problems.items() if why]
    pieces = finish_runs(
        film,
        merge_neighbours([*fixed.kept, *pieces]),
        fixed=fixed,
        budget_seconds=budget_seconds,
        overlap_seconds=overlap_seconds,
    )
    shifts: list[float] = []
    if overlap_seconds == 0:
        shifts = choose_shifts(
            pieces, speech.phrases, searched=places, kept=fixed.kept, skipped=fixed.skipped
        )
    return pieces, shifts, notes


def _find_cuts(
    film: Film,
    looks: Looks | None,
    runs: Sequence[Run],
    place: Callable[[FoundCuts], tuple[list[Segment], Borders]],
    *,
    content: str,
    cache: RecordCache | None,
) -> FoundCuts:
    """Find the cuts that matter for where edges are placed."""
    search = partial(find_cuts, film.info, looks=looks, content=content, cache=cache)
    cuts = FoundCuts(known_cuts(looks))
    # What decoding would show matters only where edges come to lie: they are placed by what is
    # known, and again when something is found there.
    for _ in range(MAX_ROUNDS if looks is not None and len(looks.seconds) else 0):
        before = cuts
        cuts = search(places_to_check(runs, *place(before)), before=before)
        if cuts.cuts == before.cuts:
            return cuts
    return search(places_to_search(runs), before=cuts)


def looks_in(arrays: Arrays) -> Looks | None:
    """Return the frames that motion was measured on; None where it was not measured."""
    if "look_seconds" not in arrays:
        return None
    seconds, changes = arrays["look_seconds"].ravel(), arrays["look_changes"].ravel()
    is_seen = np.isfinite(seconds)
    keys, sizes, between = (
        arrays[name].ravel()[is_seen] for name in ("look_keys", "look_bytes", "look_most_between")
    )
    packets = Packets(keys == 1, sizes, between)
    return Looks(seconds[is_seen], changes[is_seen], packets)


def _may_be_spoken(places: list[Segment], film: Film, arrays: Arrays) -> list[Segment]:
    """Return the places in a part of which somebody may speak; all where nobody has listened."""
    if "sound_kinds" not in arrays:
        return places
    speech = arrays["sound_kinds"][:, SPEECH_KIND]
    spoken = [s for s, p in zip(film.segments, speech, strict=True) if p > LEAST_SPEECH]
    return [place for place, flag in zip(places, overlapping(places, spoken), strict=True) if flag]
