"""Write figures of cuts as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from eval.cuts.reels import FilmFigures, ReelFigures, SoundFigures

HEADER = (
    f"{'reel':24} {'runs':>4} {'edges':>5} {'inside shots':>12} {'in long ones':>12} "
    f"{'stubs':>5} {'<0.4s':>5} {'<0.2s':>5} {'in speech':>9} {'heard':>5} {'shortest':>8} "
    f"{'unused':>6} {'step dB':>7} {'LUFS':>6}"
)


def format_cuts(film: FilmFigures, reels: Sequence[ReelFigures]) -> str:
    """Return one line about the film and a table with a row for each reel."""
    step, loudness = _sound(film.sound)
    lines = [
        f"{film.film}: {film.duration_seconds:.1f} s, {film.num_cuts} cuts, "
        f"{film.speech_seconds:.1f} s of speech, median step at its cuts {step} dB, "
        f"{loudness} LUFS",
        HEADER,
    ]
    for reel in reels:
        edges = reel.edges
        step, loudness = _sound(reel.sound)
        lines.append(
            f"{reel.summary[-24:]:24} {edges.num_runs:>4} {edges.num_edges:>5} "
            f"{edges.inside_shots:>12} {edges.inside_long_shots:>12} {edges.stubs:>5} "
            f"{edges.short_stubs:>5} {edges.flashes:>5} {edges.inside_speech:>9} "
            f"{edges.heard_inside_speech:>5} "
            f"{edges.shortest_run_seconds:>7.2f}s {edges.unused_seconds:>5.2f}s "
            f"{step:>7} {loudness:>6}"
        )
    return "\n".join(lines)


def cuts_json(film: FilmFigures, reels: Sequence[ReelFigures]) -> str:
    """Return all figures as JSON."""
    return json.dumps({"film": asdict(film), "reels": [asdict(reel) for reel in reels]}, indent=2)


def _sound(sound: SoundFigures | None) -> tuple[str, str]:
    if sound is None:
        return "-", "-"
    step = "-" if sound.median_step_db is None else f"{sound.median_step_db:.1f}"
    return step, f"{sound.loudness_lufs:.1f}"
