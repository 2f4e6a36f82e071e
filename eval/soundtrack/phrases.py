"""Measure how many reels begin with a phrase of their music, on songs that are made here.

A song is a row of phrases of four or eight bars. Within a phrase one chord is struck on every beat,
over a bass on the first of the bar; the next one has another chord, register and level, so that
it is known where phrases begin. Reels have random curves and cuts.
"""

from __future__ import annotations

import numpy as np

from eval.cues import FloatArray
from eval.protocol import bootstrap_mean
from eval.soundtrack.study import Figure
from mmva_core.retrieval import Curve, Floats, compare_starts
from vsumm.soundtrack import (
    BEATS_SAMPLE_RATE,
    LEAD_SECONDS,
    PHRASE_COST,
    REACH_SECONDS,
    Beats,
    find_beats,
    fit_to_beats,
)

NUM_SONGS = 30
REELS_PER_SONG = 4
SONG_SECONDS = 90.0
WINDOW_SECONDS = 6.0
TEMPI = (80.0, 140.0)
"""Least and greatest tempo of a song, beats a minute."""
REEL_SECONDS = (20.0, 45.0)
"""Least and greatest length of a reel."""
CUT_SECONDS = 5.0
"""Mean distance of its cuts."""
TOLERANCE_SECONDS = 0.07
"""A reel begins with a phrase that begins up to this before it, or this and the lead behind."""


def judge_phrases(seed: int) -> list[Figure]:
    """Place random reels in made songs; share of them that begin with a phrase."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    for _ in range(NUM_SONGS):
        samples, phrases = make_song(rng)
        beats = find_beats(samples)
        rows: dict[str, list[float]] = {}
        for _ in range(REELS_PER_SONG):
            for name, start in _starts(beats, rng).items():
                rows.setdefault(name, []).append(begins_phrase(start, phrases))
            near = np.abs(phrases - start).min() <= REACH_SECONDS  # the last one is the curve's
            rows.setdefault("(a phrase begins within reach)", []).append(near)
        chance = (LEAD_SECONDS + 2 * TOLERANCE_SECONDS) / float(np.mean(np.diff(phrases)))
        rows["(any start of the song, chance)"] = [chance]
        for name, values in rows.items():
            found.setdefault(name, []).append(float(np.mean(values)))
    question = "reels that begin with a phrase, share, intervals over songs"
    means = {name: bootstrap_mean(values) for name, values in found.items()}
    return [Figure(question, n, m.mean, m.low, m.high) for n, m in means.items()]


def begins_phrase(start: float, phrases: FloatArray) -> bool:
    """Return whether a phrase begins with a reel that starts at a time, seconds."""
    leads = phrases - start
    is_near = (leads >= -TOLERANCE_SECONDS) & (leads <= LEAD_SECONDS + TOLERANCE_SECONDS)
    return bool(is_near.any())


def make_song(rng: np.random.Generator) -> tuple[Floats, FloatArray]:
    """Return a song, float32 (T,) at `BEATS_SAMPLE_RATE`, and when its phrases begin, seconds."""
    rate = BEATS_SAMPLE_RATE
    beat = 60 / rng.uniform(*TEMPI)
    samples = 0.003 * rng.standard_normal(round(SONG_SECONDS * rate))
    phrases: list[float] = []
    time = float(rng.uniform(0, 2 * beat))
    while time < SONG_SECONDS - beat:
        phrases.append(time)
        root, level = 110 * 2 ** (rng.integers(0, 25) / 12), rng.uniform(0.05, 0.2)
        third = 2 ** (rng.choice([3, 4]) / 12)
        for number in range(4 * int(rng.choice([4, 8]))):
            _strike(samples, time, (root * 2, root * 2 * third, root * 3), level)
            if number % 4 == 0:
                _strike(samples, time, (root / 2,), level)
            time += beat
    return samples.astype(np.float32), np.array(phrases)


def _strike(samples: FloatArray, time: float, tones: tuple[float, ...], level: float) -> None:
    """Add tones with two overtones each that die away within a beat."""
    rate = BEATS_SAMPLE_RATE
    part = samples[round(time * rate) : round((time + 0.6) * rate)]
    seconds = np.arange(len(part)) / rate
    for tone in tones:
        for overtone in (1, 2, 3):
            wave = np.sin(2 * np.pi * tone * overtone * seconds) / overtone
            part += level * wave * np.exp(-6 * seconds)


def _starts(beats: Beats, rng: np.random.Generator) -> dict[str, float]:
    """Return where a random reel begins in a song of random arousal, by the ways to place it."""
    begins = np.arange(0.0, SONG_SECONDS - WINDOW_SECONDS / 2, WINDOW_SECONDS)
    levels = rng.uniform(0.3, 0.7, (len(begins), 2))
    windows = np.column_stack([levels, begins, begins + WINDOW_SECONDS]).astype(np.float32)
    length = float(rng.uniform(*REEL_SECONDS))
    times = np.arange(1.0, length, 2.0)
    curve = Curve(times, rng.uniform(0.3, 0.7, (len(times), 2)), length)
    cuts = np.sort(rng.uniform(0, length, round(length / CUT_SECONDS)))
    compared = compare_starts(curve, windows)
    start = float(compared.start_seconds[compared.costs.argmin()])
    with_phrases, without = (
        fit_to_beats(curve, windows, start, beats, cuts, phrase_cost=cost).start_seconds
        for cost in (PHRASE_COST, 0.0)
    )
    return {
        "moved to beats and phrases": with_phrases,
        "moved to beats alone": without,
        "by the curve alone": start,
    }
