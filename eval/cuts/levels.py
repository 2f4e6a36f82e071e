"""Measure the sound of a film or a reel: how loud it is, and how its level steps at cuts.

Letters: K steps, N cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from numpy.typing import NDArray

from vsumm.decode import channels_of
from vsumm.errors import InputError, NoSignalError
from vsumm.reel import LoudnessMeter

STEP_SECONDS = 0.02
"""Length of the steps in which levels are kept."""
SAMPLE_RATE = 8000
"""Rate at which they are measured, Hz."""
WINDOW_SECONDS = 0.4
"""Length of sound whose level counts on each side of a cut: the momentary window of EBU R128."""
FLOOR_DB = -60.0
"""What is softer, dB of full scale, is silence: steps below it cannot be heard."""


@dataclass(frozen=True)
class SoundLevels:
    """What was measured of the sound of one file."""

    loudness: float
    """Integrated loudness (EBU R128), LUFS; -70 or less where it is silent."""
    true_peak: float
    """Highest true peak (ITU-R BS.1770), dB of full scale."""
    powers: NDArray[np.float64]
    """Mean square of every step, (K,), from the first sample of the track on."""


def measure_sound(path: Path, *, track: int = 0) -> SoundLevels:
    """Decode all of a sound track and measure it.

    Args:
        path: a film, a reel or a sound file.
        track: which of its sound tracks, from 0.

    Raises:
        InputError: the file cannot be read.
        NoSignalError: there is no such track, or nothing in it.
    """
    meter = LoudnessMeter()
    mono = AudioResampler("flt", "mono", SAMPLE_RATE)
    pieces: list[NDArray[np.float32]] = []
    try:
        with av.open(str(path)) as container:
            if track >= len(container.streams.audio):
                raise NoSignalError(f"{path}: has no sound track {track}")
            for frame in container.decode(audio=track):
                frame.pts = None
                pieces += [channels_of(piece)[0] for piece in mono.resample(frame)]
                meter.add(frame)
    except FFmpegError as error:
        raise InputError(f"{path}: its sound cannot be read: {error.strerror}") from error
    if not pieces:
        raise NoSignalError(f"{path}: there is no sound in track {track}")
    meter.end()
    width = round(STEP_SECONDS * SAMPLE_RATE)
    samples = np.concatenate(pieces).astype(np.float64)
    whole = samples[: len(samples) // width * width].reshape(-1, width)
    return SoundLevels(meter.loudness, meter.true_peak, np.mean(np.square(whole), axis=1))


def level_steps(levels: SoundLevels, cuts: Sequence[float]) -> NDArray[np.float64]:
    """Return by how much the level steps at each cut, dB (N,), up or down.

    Args:
        levels: of the file that is cut there.
        cuts: when, seconds from the first sample on; those without a whole window on both sides
            are left out.

    >>> halves = SoundLevels(-20.0, -1.0, np.repeat([0.1, 0.001], 50))
    >>> level_steps(halves, [0.5, 1.0]).tolist()
    [0.0, 20.0]
    """
    width = round(WINDOW_SECONDS / STEP_SECONDS)
    steps = []
    for cut in cuts:
        place = round(cut / STEP_SECONDS)
        if place >= width and place + width <= len(levels.powers):
            sides = levels.powers[place - width : place], levels.powers[place : place + width]
            before, after = (max(10 * np.log10(side.mean() or 1e-99), FLOOR_DB) for side in sides)
            steps.append(abs(after - before))
    return np.array(steps)
