"""Judge beats on clicks that are made here, and on rendered MIDI files with their tempo maps.

The measure is the F-measure with a tolerance of 70 ms on either side, each beat matched once, as
in MIREX and `mir_eval`; all of the sound counts. A metronome beside it has the true median tempo,
and any phase: its figure is the mean over `NUM_PHASES`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import numpy as np

from eval.cues import FloatArray
from eval.protocol import bootstrap_mean
from eval.soundtrack.study import Figure
from vsumm.decode import read_audio
from vsumm.media import probe
from vsumm.soundtrack import BEATS_SAMPLE_RATE, find_beats

TOLERANCE_SECONDS = 0.07
NUM_PHASES = 20
TEMPI = (60, 75, 90, 105, 120, 135, 150, 165, 180)
"""Of the clicks, per minute."""
CLICK_SECONDS = 40.0
NOISE_LEVEL, CLICK_LEVEL, BETWEEN_LEVEL = 0.01, 0.5, 0.25
"""Of the noise under the clicks, of clicks on beats, and of those between."""
PART_SECONDS = 5.0, 45.0
"""Part of a rendered piece that is heard."""
FEWEST_BEATS = 10
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Of the Debian package fluid-soundfont-gm."""


@dataclass(frozen=True)
class ClickStyle:
    """How clicks are laid out."""

    name: str
    swing: float | None = None
    """Place of a softer click between two beats; None: there is none."""
    drift: float = 0.0
    """Share of itself by which the tempo changes to the end."""
    dropped: float = 0.0
    """Share of the clicks that are missing."""


STYLES = (
    ClickStyle("clicks, steady"),
    ClickStyle("clicks, swung notes between", swing=2 / 3),
    ClickStyle("clicks, even notes between", swing=0.5),
    ClickStyle("clicks, 25 % faster at the end", drift=0.25),
    ClickStyle("clicks, 20 % slower at the end", drift=-0.2),
    ClickStyle("clicks, 30 % of them missing", dropped=0.3),
)


def judge_clicks(seed: int) -> list[Figure]:
    """Judge beats on clicks of `TEMPI` in every style, beside a metronome."""
    rng = np.random.default_rng(seed)
    figures = []
    for style in STYLES:
        cases = [_make_clicks(tempo, style, rng) for tempo in TEMPI]
        figures += _figures(style.name, cases)
    return figures


def judge_midi(folder: Path, *, num_pieces: int, seed: int) -> list[Figure]:
    """Judge beats on MIDI files, rendered by FluidSynth, beside a metronome.

    Beats are quarter notes of the tempo map, whatever the time signature.

    Args:
        folder: with files .mid; as many as `num_pieces` are drawn.
        num_pieces: how many, those with fewer than `FEWEST_BEATS` beats included.
        seed: of the draw.

    Returns:
        No figures where FluidSynth or its sound font is not installed.
    """
    if shutil.which("fluidsynth") is None or not SOUND_FONT.is_file():
        return []
    paths = sorted(folder.glob("*.mid"))
    drawn = np.random.default_rng(seed).permutation(len(paths))[:num_pieces]
    cases = [case for k in drawn for case in _rendered(paths[k])]
    return _figures(f"{len(cases)} rendered pieces", cases)


def f_measure(found: FloatArray, true: FloatArray) -> float:
    """Return the F-measure of beats, in [0, 1]; both ascending, seconds."""
    if not len(found) or not len(true):
        return 0.0
    hits = number = 0
    for time in true:
        while number < len(found) and found[number] < time - TOLERANCE_SECONDS:
            number += 1
        if number < len(found) and found[number] <= time + TOLERANCE_SECONDS:
            hits, number = hits + 1, number + 1
    return 2 * hits / (len(found) + len(true))


def _figures(name: str, cases: Sequence[tuple[FloatArray, FloatArray]]) -> list[Figure]:
    """Return the mean F-measures over cases of beats and samples, with intervals over cases."""
    found = [
        f_measure(find_beats(samples.astype(np.float32)).seconds, true) for true, samples in cases
    ]
    steady = [_metronome(true, len(samples) / BEATS_SAMPLE_RATE) for true, samples in cases]
    question = f"beats, F-measure: {name}"
    rows = (("this tracker", found), ("metronome of the true tempo, any phase", steady))
    means = [(label, bootstrap_mean(values)) for label, values in rows]
    return [Figure(question, label, mean.mean, mean.low, mean.high) for label, mean in means]


def _metronome(true: FloatArray, seconds: float) -> float:
    period = float(np.median(np.diff(true)))
    phases = period * np.arange(NUM_PHASES) / NUM_PHASES
    return float(np.mean([f_measure(np.arange(phase, seconds, period), true) for phase in phases]))


def _make_clicks(
    tempo: float, style: ClickStyle, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return beats and the sound of clicks, bursts of noise that fall by 1 / e in 10 ms."""
    beats, time = [], float(rng.uniform(0, 0.5))
    while time < CLICK_SECONDS - 0.1:
        beats.append(time)
        time += 60 / (tempo * (1 + style.drift * time / CLICK_SECONDS))
    true = np.array(beats)
    clicks = [(time, CLICK_LEVEL) for time in beats]
    if style.swing is not None:
        between = true[:-1] + style.swing * np.diff(true)
        clicks += [(float(time), BETWEEN_LEVEL) for time in between]
    rate = BEATS_SAMPLE_RATE
    samples = NOISE_LEVEL * rng.standard_normal(round(CLICK_SECONDS * rate))
    for time, level in clicks:
        if rng.random() >= style.dropped:
            part = samples[round(time * rate) : round((time + 0.05) * rate)]
            part += level * rng.standard_normal(len(part)) * np.exp(-np.arange(len(part)) / 160)
    return true, samples


def _rendered(path: Path) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield beats and sound of a part of a MIDI file, unless it has too few beats."""
    first, last = PART_SECONDS
    with TemporaryDirectory() as folder:
        sound = Path(folder) / "piece.wav"
        command = ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", f"{BEATS_SAMPLE_RATE}"]
        files = [str(sound), str(SOUND_FONT), str(path)]
        subprocess.run([*command, "-F", *files], check=True, capture_output=True)
        with read_audio(probe(sound), sample_rate=BEATS_SAMPLE_RATE) as reader:
            samples = np.concatenate([block.samples for block in reader])
    samples = samples[round(first * BEATS_SAMPLE_RATE) : round(last * BEATS_SAMPLE_RATE)]
    beats = quarter_notes(path) - first
    inside = beats[(beats >= 0) & (beats < len(samples) / BEATS_SAMPLE_RATE)]
    if len(inside) >= FEWEST_BEATS:
        yield inside, samples


def quarter_notes(path: Path) -> FloatArray:
    """Return when the quarter notes of a MIDI file come, by its tempo map, seconds."""
    midi = mido.MidiFile(path)
    ticks, tempi = [0], [500_000]  # microseconds; what counts until one is set
    for message in mido.merge_tracks(midi.tracks):
        ticks.append(ticks[-1] + message.time)
        tempi.append(message.tempo if message.type == "set_tempo" else tempi[-1])
    steps = np.diff(ticks) * np.array(tempi[:-1]) / midi.ticks_per_beat / 1e6
    seconds = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(np.interp(np.arange(0, ticks[-1], midi.ticks_per_beat), ticks, seconds))
