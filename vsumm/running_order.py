"""The order in which a reel shows its runs, where their arousal shall follow an arc or a song.

Arousal of the picture is compared as ranks within the reel, what is asked for as the ranks of an
arc, or as ranks of the song's arousal within the part of it that is heard: predictions of pictures
and of music keep near the middle of the plane, each on its own scale. See `vsumm.select.order`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vsumm.borders import find_speech
from vsumm.errors import NoSignalError
from vsumm.files import RecordCache, shown
from vsumm.fixed import fix
from vsumm.media import Segment, merge_neighbours
from vsumm.mood import arc_course
from vsumm.score import FloatArray, arousal_score, ranks
from vsumm.select import order_runs
from vsumm.split_edits import BESIDE_PHRASE_SECONDS, MAX_SHIFT_SECONDS, choose_shifts
from vsumm.summary import Summary

STEP_SECONDS = 0.25
"""Distance of the points of the reel that are compared."""
LEAST_DEVIATION = 1e-9
"""Ranks that deviate less do not vary."""


def reel_times(summary: Summary) -> FloatArray:
    """Return the points of the reel that are compared, (K,) seconds from its beginning."""
    count = max(1, round(summary.reel_seconds / STEP_SECONDS))
    return (np.arange(count, dtype=np.float64) + 0.5) * STEP_SECONDS


def order_by_arc(summary: Summary, cache: RecordCache | None = None) -> Summary:
    """Order the runs of a reel by the arc that its settings name, see `order_by_course`."""
    arc = summary.config.arc
    assert arc is not None, "the settings were checked"
    times = reel_times(summary)
    course = np.array([arc_course(arc, time / (len(times) * STEP_SECONDS)) for time in times])
    return order_by_course(summary, course, f"arc {arc}", cache)


def order_by_course(
    summary: Summary, course: FloatArray, named: str, cache: RecordCache | None = None
) -> Summary:
    """Order the runs of a reel so that the arousal of its picture follows a course.

    Where the sound of cuts was shifted to keep words whole, it is shifted anew for the cuts that
    there are now.

    Args:
        summary: what the reel shows, in the order of the film.
        course: (K,) arousal that is asked for at `reel_times`, as ranks from 0 to 1.
        named: what the course is called in the note that says how it is followed.
        cache: where phrases of the film are kept.

    Returns:
        The summary with an order and a note.

    Raises:
        NoSignalError: there is no picture in the reel.
    """
    runs = summary.runs_by_time
    levels = _levels(summary, runs)
    order = order_runs(levels, course)
    before, after = (
        _correlation(np.concatenate(list(each)), course)
        for each in (levels, (levels[number] for number in order))
    )
    note = (
        f"reordered: arousal of the reel follows {named} with rank r {after:.2f} "
        f"({before:.2f} in the order of the film)"
    )
    is_film_order = order == sorted(order)
    ordered = replace(
        summary,
        order=() if is_film_order else tuple(order),
        sound_shifts=summary.sound_shifts if is_film_order else (),
        notes=(*summary.notes, note),
    )
    has_crossfades = summary.reel_seconds < summary.selected_seconds
    if is_film_order or has_crossfades or "speech" not in summary.config.cut_at:
        return ordered
    return replace(ordered, sound_shifts=tuple(_shifts(ordered, cache)))


def _levels(summary: Summary, runs: list[Segment]) -> list[FloatArray]:
    """Return the ranks of arousal that each run shows at its points."""
    if "image_arousal" not in summary.signal_names:
        raise NoSignalError(f"{shown(summary.media.path)}: there is no picture to order runs by")
    columns = {
        name: np.array([row.signals.get(name) for row in summary.segments], dtype=np.float64)
        for name in ("image_arousal", "motion")
    }
    arousal = arousal_score(columns, summary.config, by="image")
    starts = np.array([row.start_seconds for row in summary.segments])
    counts = [max(1, round(run.duration_seconds / STEP_SECONDS)) for run in runs]
    times = [
        run.start_seconds + (np.arange(count) + 0.5) * run.duration_seconds / count
        for run, count in zip(runs, counts, strict=True)
    ]
    rows = np.searchsorted(starts, np.concatenate(times), side="right") - 1
    return np.split(ranks(arousal[rows]), np.cumsum(counts)[:-1])


def _shifts(summary: Summary, cache: RecordCache | None) -> list[float]:
    """Return the shifts of the sound of the cuts that the order makes, see `choose_shifts`."""
    info, config, runs = summary.media, summary.config, summary.runs
    fixed = fix(info, config)
    edges = [time for run in runs for time in (run.start_seconds, run.end_seconds)]
    margin = MAX_SHIFT_SECONDS + BESIDE_PHRASE_SECONDS
    around = merge_neighbours(
        Segment(max(0.0, time - margin), min(info.duration_seconds, time + margin))
        for time in edges
    )
    speech = find_speech(
        info, around, track=config.audio_track or 0, content=summary.input_sha256, cache=cache
    )
    # What another run shows is not heard a second time.
    return choose_shifts(
        runs,
        speech.phrases,
        searched=around,
        kept=fixed.kept,
        skipped=merge_neighbours([*fixed.skipped, *runs]),
    )


def _correlation(levels: FloatArray, course: FloatArray) -> float:
    """Return Pearson's r of ranks, as far as both go; 0 where one of them does not vary."""
    count = min(len(levels), len(course))
    is_known = np.isfinite(levels[:count])
    pair = levels[:count][is_known], course[:count][is_known]
    if len(pair[0]) < 2 or min(values.std() for values in pair) < LEAST_DEVIATION:
        return 0.0
    return float(np.corrcoef(*pair)[0, 1])
