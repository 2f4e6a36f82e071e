"""Measure how much speech a soundtrack masks: voices while music is less than 18 LU below them.

The reel is written with the film's sound alone, with the music alone, and with both; the music in
the last is what is left when the film is taken off. Loudness is momentary (EBU R128, 400 ms), every
tenth of a second; that of a voice is the mean over its phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from numpy.typing import NDArray

from eval.cues import FloatArray
from vsumm.borders import VoiceDetector, phrases_in
from vsumm.reel import LoudnessMeter, ReelConfig, export_reel
from vsumm.summary import Summary

MASKED_DB = 18.0
"""Music that is less far below a voice masks it, LU."""
STEP_SECONDS, MIDDLE_SECONDS = 0.1, -0.1
"""Distance of momentary values, and the middle of the first one's window."""
OLD_RMS, OLD_GAIN_DB = 0.01, -15.0
"""Ducking by level: the music goes down by this wherever the film's root mean square over a step is
above that; a little before and behind it, too."""
OLD_BEFORE, OLD_BEHIND = 2, 6
"""Steps before and behind it."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Masked:
    """How much of what is spoken in a reel is masked, seconds by the way of ducking."""

    spoken_seconds: float
    """How long somebody speaks."""
    masked_seconds: dict[str, float]
    """For how much of that the music masks it."""
    below_db: float
    """How far below the voice the ducked music is, LU: median over `spoken_seconds`."""


def judge_voices(
    summary: Summary, music: Path, *, phrases: Sequence[tuple[float, float]] | None = None
) -> Masked:
    """Measure what music masks of the speech in the reel of a summary.

    Args:
        summary: the reel; the film has sound.
        music: plays from its beginning on.
        phrases: when somebody speaks in the reel, seconds; by voice activity if left out.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)

        def sound_of(kind: str, config: ReelConfig) -> tuple[Samples, int, str]:
            return _read(export_reel(summary, folder / f"{kind}.wav", config))

        film, rate, layout = sound_of("film", ReelConfig())
        alone = sound_of("music", ReelConfig(soundtrack=music))
        both, *_ = sound_of("both", ReelConfig(soundtrack=music, soundtrack_mode="duck"))
        ducked = both - film
    if phrases is None:
        phrases = _spoken(film, rate, layout)
    voice, full, low = (
        _momentary(*sound) for sound in ((film, rate, layout), alone, (ducked, rate, layout))
    )
    num = min(map(len, (voice, full, low)))
    times = MIDDLE_SECONDS + STEP_SECONDS * np.arange(num)
    loudness = np.full(num, np.nan)
    for start, end in phrases:
        inside = (times >= start) & (times < end)
        if inside.any():
            loudness[inside] = 10 * np.log10(np.mean(10 ** (voice[:num][inside] / 10)))
    by_level = full[:num] + OLD_GAIN_DB * _is_audible(film, rate, num)
    ways = {"no ducking": full[:num], "by level": by_level, "by voice": low[:num]}
    is_spoken = np.isfinite(loudness)
    masked = {way: float(np.sum(music > loudness - MASKED_DB)) for way, music in ways.items()}
    below = (loudness - low[:num])[is_spoken]
    return Masked(
        STEP_SECONDS * float(is_spoken.sum()),
        {way: STEP_SECONDS * count for way, count in masked.items()},
        float(np.median(below)) if len(below) else float("nan"),
    )


def format_voices(judged: Sequence[tuple[str, Masked]]) -> str:
    """Return one line per film and music, and one for all of them."""
    lines = [f"{'':36}spoken s  masked: no ducking  by level  by voice  below the voice, LU"]
    for name, found in judged:
        shares = [
            seconds / max(found.spoken_seconds, 1e-9) for seconds in found.masked_seconds.values()
        ]
        cells = "".join(f"{share:10.1%}" for share in shares)
        lines.append(f"{name[:34]:36}{found.spoken_seconds:8.1f}{cells}{found.below_db:10.1f}")
    total = sum(found.spoken_seconds for _, found in judged)
    ways = judged[0][1].masked_seconds if judged else {}
    shares = [
        sum(found.masked_seconds[way] for _, found in judged) / max(total, 1e-9) for way in ways
    ]
    lines.append(f"{'all':36}{total:8.1f}" + "".join(f"{share:10.1%}" for share in shares))
    return "\n".join(lines)


def _read(path: Path) -> tuple[Samples, int, str]:
    """Return the sound (C, T) of a WAV file, its rate, Hz, and its layout."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        layout = stream.layout.name
        resampler = av.AudioResampler("fltp", layout, stream.rate)
        frames = [*container.decode(stream), None]
        blocks = [piece.to_ndarray() for frame in frames for piece in resampler.resample(frame)]
    return np.concatenate(blocks, axis=1).astype(np.float32), stream.rate, layout


def _frames(samples: Samples, rate: int, layout: str) -> list[av.AudioFrame]:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
    frame.sample_rate = rate
    return [frame]


def _momentary(samples: Samples, rate: int, layout: str) -> FloatArray:
    meter = LoudnessMeter(with_peaks=False)
    for frame in _frames(samples, rate, layout):
        meter.add(frame)
    meter.end()
    return np.array(meter.momentary)


def _spoken(samples: Samples, rate: int, layout: str) -> list[tuple[float, float]]:
    detector = VoiceDetector()
    resampler = av.AudioResampler("flt", "mono", detector.sample_rate)
    frames: list[av.AudioFrame | None] = [*_frames(samples, rate, layout), None]
    heard = [piece.to_ndarray()[0] for frame in frames for piece in resampler.resample(frame)]
    parts = [*map(detector.add, heard), detector.end()]
    return phrases_in(np.concatenate(parts))


def _is_audible(samples: Samples, rate: int, num: int) -> FloatArray:
    """Return 1 for steps at or near which the film is audible, (num,), else 0."""
    step = round(STEP_SECONDS * rate)
    power = np.square(samples[:, : samples.shape[1] // step * step]).mean(axis=0)
    audible = np.sqrt(power.reshape(-1, step).mean(axis=1)) > OLD_RMS
    near = np.convolve(audible, np.ones(OLD_BEFORE + OLD_BEHIND + 1))[OLD_BEFORE:] > 0
    return np.resize(np.append(near, np.zeros(num)), num).astype(np.float64)
