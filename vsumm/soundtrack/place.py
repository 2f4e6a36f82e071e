"""Place a reel in its music to the beat: where in the track it begins, and how the music ends.

The curves of a reel and of a track change over seconds, beats within half of one. So the start that
`mmva_core.retrieval.trajectory` finds may be moved by a few seconds, for its cost:

    cost + PHRASE_COST x (1 - newness of the start) - BEAT_WORTH x share of the cuts on a beat

The start of a phrase is new: the sound from there on differs from what was before. No cut of the
picture is moved. The music ends on a bar: its fade begins there, so that its first beat rings out.

Letters: C cuts, B beats, S starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmva_core.retrieval import Curve, Floats, compare_starts
from vsumm.score import FloatArray
from vsumm.soundtrack.beats import Beats

REACH_SECONDS = 3.0
"""How far the start is moved at most: half a window of the music tower."""
STEP_SECONDS = 0.01
"""How finely it is moved."""
ON_BEAT_SECONDS = 0.08
"""A cut is on a beat if it is no farther from one: farther, the two are seen and heard apart."""
BEAT_WORTH = 0.05
"""What it is worth where all cuts are on beats, as much as a start of the track again costs."""
PHRASE_COST = 0.02
"""What it costs to begin where nothing new begins."""
LEAD_SECONDS = 0.3
"""How long before the first beat of a phrase the reel may begin in it: as long as the fade."""
STRONG_WORTH = 0.25
"""How much more a cut is worth that is on the first beat of a bar and leads to a piece of more than
the median score, where cuts are moved."""
NEARNESS_WORTH = 0.1
"""Share of `BEAT_WORTH` that tells starts apart at which as many cuts are on beats."""
SHORTEST_FADE_SECONDS, LONGEST_FADE_SECONDS = 1.0, 3.5
"""How long before the end of the reel the last bar may begin."""


@dataclass(frozen=True)
class Fit:
    """Where a reel lies in its music."""

    start_seconds: float
    """Where in the track it begins."""
    on_beats: float
    """Share of its cuts within `ON_BEAT_SECONDS` of a beat, in [0, 1]."""
    fade_seconds: float | None
    """How long the music fades out; None where no beat was found to end on."""


def part_to_hear(
    start_seconds: float, reel_seconds: float, track_seconds: float
) -> tuple[float, float]:
    """Return the part of a track, seconds, in which a reel may lie that begins near a time."""
    end = start_seconds + reel_seconds + REACH_SECONDS
    if end > track_seconds:  # it plays again from its beginning
        return 0.0, track_seconds
    return max(0.0, start_seconds - REACH_SECONDS), end


def fit_to_beats(
    curve: Curve,
    windows: Floats,
    start_seconds: float,
    beats: Beats,
    cuts: FloatArray,
    *,
    phrase_cost: float = PHRASE_COST,
) -> Fit:
    """Move the start of a reel in its music so that more cuts are on beats.

    Args:
        curve: that of the reel.
        windows: (W, 4) of the track, see `compare_starts`.
        start_seconds: where it begins by the curve alone.
        beats: of the part of the track in which it may lie.
        cuts: (C,) times of its cuts, seconds from its beginning.
        phrase_cost: what it costs to begin where nothing new begins.
    """
    track_seconds = float(windows[-1, 3])
    if len(beats.seconds) < 2:
        return Fit(start_seconds, 0.0, None)
    reach = np.arange(round(REACH_SECONDS / STEP_SECONDS) + 1) * STEP_SECONDS
    starts = start_seconds + np.concatenate([-reach[:0:-1], reach])
    starts = starts[(starts >= 0) & (starts <= max(start_seconds, track_seconds - 1))]
    costs = compare_starts(curve, windows, starts).costs
    distances = beat_distances((starts[:, None] + cuts) % track_seconds, beats.seconds)
    shares = on_beats(distances)
    near = np.minimum(distances / ON_BEAT_SECONDS, 1).mean(axis=1) if len(cuts) else 0.0
    worth = BEAT_WORTH * ((1 - NEARNESS_WORTH) * shares - NEARNESS_WORTH * near)
    totals = costs + phrase_cost * (1 - _newness(starts, beats)) - worth
    best = int(totals.argmin())
    return fit_at(float(starts[best]), curve.length_seconds, beats, cuts, track_seconds)


def fit_at(
    start_seconds: float,
    reel_seconds: float,
    beats: Beats,
    cuts: FloatArray,
    track_seconds: float,
) -> Fit:
    """Return how a reel lies in its music that begins at a time; there must be two beats."""
    distances = beat_distances((start_seconds + cuts) % track_seconds, beats.seconds)
    share = float(on_beats(distances[None])[0])
    fade = _fade_seconds(start_seconds, reel_seconds, beats, track_seconds)
    return Fit(start_seconds, share, fade)


def beat_distances(seconds: FloatArray, known: FloatArray) -> FloatArray:
    """Return how far times are from the nearest one of some known times, at least two, seconds."""
    after = np.clip(np.searchsorted(known, seconds), 1, len(known) - 1)
    around = (np.abs(seconds - known[number]) for number in (after - 1, after))
    return np.minimum(*around)


def on_beats(distances: FloatArray) -> FloatArray:
    """Return the share of cuts on beats for distances (S, C), (S,); 0 where there are no cuts."""
    if not distances.shape[1]:
        return np.zeros(len(distances))
    return np.asarray((distances <= ON_BEAT_SECONDS).mean(axis=1))


def _newness(starts: FloatArray, beats: Beats) -> FloatArray:
    """Return how much of a phrase begins at each start, (S,) in [0, 1]; the track's own does."""
    following = np.searchsorted(beats.seconds, starts)
    is_there = following < len(beats.seconds)
    following = np.minimum(following, len(beats.seconds) - 1)
    leads = beats.seconds[following] - starts
    is_there &= leads <= LEAD_SECONDS
    new = np.where(is_there, beats.novelties[following], 0.0)
    return np.asarray(np.where(starts < STEP_SECONDS / 2, 1.0, new))


def _fade_seconds(
    start: float, reel_seconds: float, beats: Beats, track_seconds: float
) -> float | None:
    """Return how long before the end of the reel the last bar begins, or else the last beat."""
    for seconds in (beats.bars, beats.seconds):
        # Beats repeat with the track; only the last playing counts.
        ends = (start + reel_seconds - seconds) % track_seconds
        fits = ends[(ends >= SHORTEST_FADE_SECONDS) & (ends <= LONGEST_FADE_SECONDS)]
        if len(fits):
            return float(fits.min())
    return None
