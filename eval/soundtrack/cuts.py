"""Measure how many cuts of reels are on beats of music, from a random start of it to moved cuts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.cues import FloatArray
from eval.protocol import bootstrap_mean
from eval.soundtrack.study import Figure
from mmva_core.retrieval import Curve, Floats, compare_starts, load_index
from vsumm.files import RecordCache
from vsumm.soundtrack import (
    beat_distances,
    cut_to_beats,
    fit_at,
    fit_to_beats,
    listen,
    on_beats,
    part_to_hear,
    reel_curve,
    reel_cuts,
)
from vsumm.summary import Summary

SHARE = "cuts within 80 ms of a beat, share"
CORRELATION = "arousal of reel and music over time, r (by the model that chooses)"
LOSS = "score that moving cuts costs, share"
NUM_STARTS = 500
"""Random starts, evenly spread."""


def judge_cuts(
    summaries: Sequence[Summary],
    index: Path,
    *,
    num_tracks: int,
    seed: int,
    cache: RecordCache | None = None,
) -> list[Figure]:
    """Lay tracks under reels; every pair of a reel with cuts and a track with beats counts once.

    Intervals are bootstrap intervals over pairs.

    Args:
        summaries: of films.
        index: folder of an index of music; the tracks are drawn from it.
        num_tracks: how many tracks go with each reel.
        seed: of the draws.
        cache: where cuts and phrases of the films are kept.
    """
    opened = load_index(index)
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, str], list[float]] = {}
    for summary in summaries:
        for position in rng.choice(len(opened.items), num_tracks, replace=False):
            windows = opened.va[opened.offsets[position] : opened.offsets[position + 1]]
            file = Path(opened.header.root) / opened.items[position].name
            for key, value in _judge(summary, file, windows, cache).items():
                found.setdefault(key, []).append(value)
    means = {key: bootstrap_mean(values) for key, values in found.items()}
    figures = [Figure(*key, mean.mean, mean.low, mean.high) for key, mean in means.items()]
    return sorted(figures, key=lambda figure: figure.question)


def _judge(
    summary: Summary, file: Path, windows: Floats, cache: RecordCache | None
) -> dict[tuple[str, str], float]:
    """Return the figures of a reel and a track; none without cuts or beats."""
    curve, cuts = reel_curve(summary), reel_cuts(summary)
    track_seconds = float(windows[-1, 3])
    starts = compare_starts(curve, windows)
    start = float(starts.start_seconds[starts.costs.argmin()])
    beats = listen(file, *part_to_hear(start, curve.length_seconds, track_seconds))
    if len(beats.seconds) < 2 or not len(cuts):
        return {}
    # Beats are known in the part that was heard: any start in its first second stands for all.
    period = float(np.median(np.diff(beats.seconds)))
    shifts = start + np.linspace(0, 8 * period, NUM_STARTS, endpoint=False)
    anywhere = on_beats(beat_distances((shifts[:, None] + cuts) % track_seconds, beats.seconds))
    by_curve = fit_at(start, curve.length_seconds, beats, cuts, track_seconds)
    fit = fit_to_beats(curve, windows, start, beats, cuts)
    moved = cut_to_beats(summary, beats, fit.start_seconds, track_seconds, cache=cache)
    new_curve, new_cuts = reel_curve(moved.summary), reel_cuts(moved.summary)
    after = fit_at(fit.start_seconds, new_curve.length_seconds, beats, new_cuts, track_seconds)
    return {
        (SHARE, "a random start"): float(anywhere.mean()),
        (SHARE, "start by the curve"): by_curve.on_beats,
        (SHARE, "start moved to the beat"): fit.on_beats,
        (SHARE, "cuts moved as well"): after.on_beats,
        (CORRELATION, "a random start"): float(starts.correlations.mean()),
        (CORRELATION, "the beginning of the track"): _correlation(curve, windows, 0.0),
        (CORRELATION, "start by the curve"): _correlation(curve, windows, start),
        (CORRELATION, "start moved to the beat"): _correlation(curve, windows, fit.start_seconds),
        (CORRELATION, "cuts moved as well"): _correlation(new_curve, windows, fit.start_seconds),
        (LOSS, "cuts moved as well"): moved.loss,
    }


def _correlation(curve: Curve, windows: Floats, start_seconds: float) -> float:
    starts: FloatArray = np.array([start_seconds])
    return float(compare_starts(curve, windows, starts).correlations[0])
