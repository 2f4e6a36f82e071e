"""Measure reels of one film: their edges, and, where the reel itself is there, its sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from eval.cuts.borders import all_cuts, all_phrases
from eval.cuts.figures import EdgeFigures, measure_edges
from eval.cuts.levels import level_steps, measure_sound
from vsumm.errors import NoSignalError
from vsumm.media import Segment, probe
from vsumm.render import load_picks
from vsumm.split_edits import heard_pieces


@dataclass(frozen=True)
class SoundFigures:
    """How a film or a reel sounds."""

    median_step_db: float | None
    """Median step of the level at the cuts of a reel, or at the cuts of the film; None where there
    are none."""
    largest_step_db: float | None
    """The largest one."""
    loudness_lufs: float
    """Integrated loudness."""
    true_peak_db: float
    """Highest true peak, dB of full scale."""


@dataclass(frozen=True)
class FilmFigures:
    """What edges are compared with."""

    film: str
    """Name of the film."""
    duration_seconds: float
    """Its length."""
    num_cuts: int
    """Cuts between shots in it, without dissolves."""
    speech_seconds: float
    """How long is spoken in it."""
    sound: SoundFigures | None
    """Its sound, at its own cuts."""


@dataclass(frozen=True)
class ReelFigures:
    """What was measured of one reel."""

    summary: str
    """Name of the file that says what the reel consists of."""
    edges: EdgeFigures
    """Its edges."""
    sound: SoundFigures | None
    """Its sound; None where the reel is not beside the file, or has none."""


def measure_reels(film: Path, summaries: Sequence[Path]) -> tuple[FilmFigures, list[ReelFigures]]:
    """Decode a film once and compare reels with it.

    Args:
        film: the film.
        summaries: JSON of summaries, or timelines; a reel of that name beside one is measured too.

    Raises:
        VsummError: a file cannot be read.
    """
    info = probe(film)
    picks = [load_picks(path, media=film) for path in summaries]
    track = picks[0].audio_track if picks else info.main_track
    cuts, phrases = all_cuts(info), all_phrases(info, track)
    figures = FilmFigures(
        film=film.name,
        duration_seconds=info.duration_seconds,
        num_cuts=len(cuts),
        speech_seconds=sum(phrase.duration_seconds for phrase in phrases),
        sound=_sound(film, cuts, track),
    )
    reels = []
    for path, each in zip(summaries, picks, strict=True):
        total = sum(run.duration_seconds for run in each.runs)
        edges = measure_edges(
            each.runs,
            cuts,
            phrases,
            duration_seconds=info.duration_seconds,
            budget_seconds=each.summary.budget_seconds if each.summary else total,
            sound_shifts=each.sound_shifts,
        )
        sound = None
        if (reel := _reel_beside(path)) is not None:
            heard = heard_pieces(each.runs, each.sound_shifts)
            sound = _sound(reel, cuts_of_reel(heard, each.reel.crossfade_seconds))
        reels.append(ReelFigures(path.name, edges, sound))
    return figures, reels


def cuts_of_reel(runs: Sequence[Segment], crossfade_seconds: float = 0.0) -> list[float]:
    """Return when a reel of some runs goes over from each to the next one, seconds.

    >>> cuts_of_reel([Segment(5, 7), Segment(10, 11), Segment(20, 22)])
    [2.0, 3.0]
    """
    ends = list(accumulate(run.duration_seconds - crossfade_seconds for run in runs))
    return [end + crossfade_seconds / 2 for end in ends[:-1]] if crossfade_seconds else ends[:-1]


def _reel_beside(summary: Path) -> Path | None:
    names = (summary.with_suffix(suffix) for suffix in (".mp4", ".mkv", ".webm", ".mov", ".m4a"))
    return next((path for path in names if path.exists()), None)


def _sound(path: Path, cuts: Sequence[float], track: int = 0) -> SoundFigures | None:
    try:
        levels = measure_sound(path, track=track)
    except NoSignalError:
        return None
    steps = level_steps(levels, cuts)
    return SoundFigures(
        median_step_db=float(np.median(steps)) if len(steps) else None,
        largest_step_db=float(steps.max()) if len(steps) else None,
        loudness_lufs=levels.loudness,
        true_peak_db=levels.true_peak,
    )
