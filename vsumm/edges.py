"""Select segments, then move the edges to cuts between shots and pauses in speech: find, choose.

The selection itself is made on the grid of segments before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import numpy as np

from vsumm.borders import (
    FoundCuts,
    FoundSpeech,
    Looks,
    Packets,
    SeenCuts,
    find_cuts,
    find_speech,
    join_phrases,
    seen_cuts,
)
from vsumm.errors import InputError
from vsumm.files import RecordCache
from vsumm.fixed import Fixed, are_in
from vsumm.media import MediaInfo, Segment, merge_neighbours, mostly_in, without
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
AROUND_SPEECH_SECONDS = 2.0
"""And so far around it: phrases go on beyond the segment."""


@dataclass(frozen=True)
class Known:
    """What is known of a film before cuts and pauses are looked for in it; N segments."""

    content: str
    """SHA-256 of the film."""
    cuts: SeenCuts | None
    """Where it may have cuts; None where nobody has looked for motion."""
    speech: FloatArray | None
    """(N,) probability of speech; None where nobody has listened."""


def known_of(info: MediaInfo, arrays: Arrays, *, content: str) -> Known:
    """Return what measurements of a film tell of where it can be cut."""
    kinds = arrays.get("sound_kinds")
    return Known(content, seen_in(info, arrays), None if kinds is None else kinds[:, SPEECH_KIND])


def choose_pieces(
    film: Film,
    known: Known,
    scores: FloatArray,
    *,
    fixed: Fixed,
    spread: float,
    budget_seconds: float,
    overlap_seconds: float,
    cache: RecordCache | None = None,
    selected: list[bool] | None = None,
) -> tuple[list[bool], list[Segment], list[float], list[str]]:
    """Select segments beside what is kept, and move the edges unless they stay on the grid.

    Args:
        film: the film, its N segments, and the settings.
        known: what is known of it.
        scores: (N,), NaN where there is no signal, and where a segment is skipped in part.
        fixed: what is kept, exactly, and what is skipped.
        spread: how much more of one place counts for less, see `select_segments`.
        budget_seconds: the greatest length of the reel.
        overlap_seconds: how long each piece overlaps the next one.
        cache: where found cuts and phrases are kept.
        selected: N flags, the selection if it was made already: within the budget, and of nothing
            that is kept or skipped in part.

    Returns:
        N flags, true where more than half of a segment is shown; the pieces of the reel, none
        where it is those segments; by how much the sound of each cut comes later than its picture,
        seconds, none where no sound does; and what went wrong, one line each.
    """
    config = film.config
    if selected is None:
        selected = select_runs(
            film, scores, fixed=fixed, spread=spread, budget_seconds=budget_seconds
        )
    shifts: list[float] = []
    problems: list[str] = []
    if not fixed.kept:
        check_room(film, budget_seconds)
    if config.cut_at != "grid":
        pieces, shifts, problems = move_edges(
            film,
            known,
            scores,
            selected,
            fixed=fixed,
            budget_seconds=budget_seconds,
            overlap_seconds=overlap_seconds,
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
    known: Known,
    scores: FloatArray,
    selected: Sequence[bool],
    *,
    fixed: Fixed,
    budget_seconds: float,
    overlap_seconds: float,
    cache: RecordCache | None = None,
) -> tuple[list[Segment], list[float], list[str]]:
    """Return the pieces that a selection becomes, shifts of their sound, and what went wrong.

    Args:
        film: the film, its N segments, and the settings.
        known: what is known of it.
        scores: (N,), NaN where there is no signal.
        selected: N flags, False for what is kept or skipped in part.
        fixed: what is kept, and is among the pieces, and what is skipped.
        budget_seconds: the greatest length of the pieces together.
        overlap_seconds: how long each piece overlaps the next one.
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
    speech = FoundSpeech(())
    heard: list[Segment] = []
    if config.cut_at != "shots":
        cuts_known = known.cuts.cuts if known.cuts and config.cut_at != "speech" else ()
        borders = Borders(cuts_known, film.segments[-1].end_seconds, kept=fixed.kept)
        speech, heard = _find_speech(film, known, runs, borders, cache=cache)
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
    if config.cut_at == "speech":
        pieces, _ = place(cuts)
    else:
        cuts, pieces = _find_cuts(film, known, runs, place, cache=cache)
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
            pieces, speech.phrases, searched=heard, kept=fixed.kept, skipped=fixed.skipped
        )
    return pieces, shifts, notes


def _find_speech(
    film: Film,
    known: Known,
    runs: Sequence[Run],
    borders: Borders,
    *,
    cache: RecordCache | None,
) -> tuple[FoundSpeech, list[Segment]]:
    """Find the phrases that matter for where edges are placed; say where all of them are known.

    Args:
        film: the film.
        known: what is known of it.
        runs: whose edges are placed.
        borders: cuts that are known.
        cache: where phrases are kept.
    """
    track = film.config.audio_track or 0
    listen = partial(find_speech, film.info, track=track, content=known.content, cache=cache)
    near = places_to_search(runs)
    speech = listen(_may_be_spoken(near, film, known.speech))
    if not speech.phrases:  # where nobody speaks near any edge, nobody is looked for further away
        return speech, near
    places = places_to_hear(runs, replace(borders, phrases=speech.phrases))
    further = listen(_may_be_spoken(without(places, near), film, known.speech))
    phrases = join_phrases([*speech.phrases, *further.phrases])
    return FoundSpeech(phrases, speech.problem or further.problem), places


def _find_cuts(
    film: Film,
    known: Known,
    runs: Sequence[Run],
    place: Callable[[FoundCuts], tuple[list[Segment], Borders]],
    *,
    cache: RecordCache | None,
) -> tuple[FoundCuts, list[Segment]]:
    """Find the cuts that matter for where edges are placed, and place them."""
    search = partial(find_cuts, film.info, seen=known.cuts, content=known.content, cache=cache)
    cuts = FoundCuts(known.cuts.cuts if known.cuts else ())
    if known.cuts is None:
        cuts = search(places_to_search(runs), before=cuts)
    # What decoding would show matters only where edges come to lie: they are placed by what is
    # known, and again when something is found there.
    for number in count(1):
        before = cuts
        pieces, borders = place(before)
        places = places_to_check(runs, pieces, borders)
        if number > MAX_ROUNDS:
            places = merge_neighbours([*places, *places_to_search(runs)])
        cuts = search(places, before=before)
        if cuts.cuts == before.cuts:
            break
    return cuts, pieces


def seen_in(info: MediaInfo, arrays: Arrays) -> SeenCuts | None:
    """Return what the frames that motion was measured on tell of cuts; None without any."""
    if info.video is None or "look_seconds" not in arrays:
        return None
    seconds, changes = arrays["look_seconds"].ravel(), arrays["look_changes"].ravel()
    is_seen = np.isfinite(seconds)
    if not is_seen.any():
        return None
    keys, sizes, between = (
        arrays[name].ravel()[is_seen] for name in ("look_keys", "look_bytes", "look_most_between")
    )
    packets = Packets(keys == 1, sizes, between)
    looks = Looks(seconds[is_seen], changes[is_seen], packets)
    return seen_cuts(looks, info.video.start_seconds + info.video.duration_seconds)


def _may_be_spoken(places: list[Segment], film: Film, speech: FloatArray | None) -> list[Segment]:
    """Return the parts of places in which somebody may speak; all where nobody has listened."""
    if speech is None:
        return places
    spoken = (s for s, p in zip(film.segments, speech, strict=True) if p > LEAST_SPEECH)
    around = merge_neighbours(segment.widened(AROUND_SPEECH_SECONDS) for segment in spoken)
    return without(places, without(places, around))
