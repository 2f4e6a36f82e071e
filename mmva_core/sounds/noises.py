"""Noises made by rule: what a film's soundtrack holds beside speech and music.

Recorded noise is never varied enough, so a third of what the classifier is trained on is made:
hiss and rumble, wind, blows, engines, rain and applause, clapping in time, cheering, beeps. Every
function takes a random generator and the length T in samples at `SAMPLE_RATE`, and returns (T,)
float32 of no particular level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

SAMPLE_RATE = 16000
"""Of everything in this folder, Hz."""
NYQUIST = SAMPLE_RATE / 2
HIGHEST_SHARE = 0.95
"""Highest corner of a filter, share of the Nyquist frequency."""
FORMANTS_HZ = ((730, 1090, 2440), (570, 840, 2410), (300, 870, 2240), (660, 1720, 2410))
"""Open vowels a, o, u, ae (Peterson and Barney 1952, men)."""

Samples = NDArray[np.float32]
Curve = NDArray[np.float64]


def coloured_noise(random: Generator, length: int) -> Samples:
    """Make noise of any colour from white to brown, half of the time swelling and fading."""
    spectrum = np.fft.rfft(random.normal(size=length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 20)
    noise = np.fft.irfft(spectrum * hertz ** -random.uniform(0, 1.8), length)
    if random.random() < 0.5:
        noise *= _curve(random, length, 0.7, low=0.1)
    return np.asarray(noise, np.float32)


def wind(random: Generator, length: int) -> Samples:
    """Make gusts: low noise that swells and fades, a little hiss in it."""
    gusts = _curve(random, length, 0.5, low=0.0) ** 2
    low = _low_passed(random.normal(size=length), random.uniform(80, 640), order=2)
    hiss = _low_passed(random.normal(size=length), 1600)
    return np.asarray((low + 0.02 * hiss) * gusts, np.float32)


def blows(random: Generator, length: int) -> Samples:
    """Make single blows, bangs and clatter at random times."""
    sound = 1e-3 * random.normal(size=length)
    for start in random.integers(0, length, _count(random, length, 0.3, 4)):
        blow = _decaying(random, random.uniform(0.02, 0.8), random.uniform(3, 9))
        blow = _low_passed(blow, random.uniform(200, 5000), order=2) * random.uniform(0.3, 1)
        _add(sound, blow, start)
    return np.asarray(sound, np.float32)


def engine(random: Generator, length: int) -> Samples:
    """Make an engine: many partials of a slowly wandering low tone, and rush."""
    knots = np.cumsum(random.normal(size=length // (SAMPLE_RATE // 2) + 3)) * 0.03
    wander = np.interp(np.arange(length), np.arange(len(knots)) * SAMPLE_RATE // 2, knots)
    lowest_hz = random.uniform(18, 140)
    phase = 2 * np.pi * np.cumsum(lowest_hz * 2 ** np.clip(wander, -1, 1.5)) / SAMPLE_RATE
    slope = random.uniform(0.3, 1.3)
    tone = np.zeros(length)
    for partial in range(1, 25):
        if partial * lowest_hz < 2500:
            tone += np.sin(partial * phase + random.uniform(0, 6)) * partial**-slope
    rush = _low_passed(random.normal(size=length), random.uniform(160, 4000))
    sound = tone / tone.std() + random.uniform(0.3, 2) * rush / rush.std()
    return np.asarray(sound, np.float32)


def applause(random: Generator, length: int) -> Samples:
    """Make applause, rain or frying: very many short band-limited bursts."""
    bursts = np.zeros(length)
    count = _count(random, length, 30, 400)
    bursts[random.integers(0, length, count)] = random.uniform(-1, 1, count)
    sound = fftconvolve(bursts, _clap(random))[:length]
    return np.asarray(sound * _curve(random, length, 1.0, low=0.3), np.float32)


def clapping(random: Generator, length: int) -> Samples:
    """Make people who clap in time, as a crowd does to urge someone on."""
    period = SAMPLE_RATE / random.uniform(1.5, 5)
    bursts = np.zeros(length)
    for _ in range(int(random.integers(1, 12))):
        beats = np.arange(random.uniform(0, 0.2) * period, length, period)
        places = beats + random.normal(size=len(beats)) * 0.03 * SAMPLE_RATE
        bursts[np.clip(places, 0, length - 1).astype(int)] += random.uniform(0.2, 1)
    rest = _low_passed(random.normal(size=length), random.uniform(300, 4000))
    sound = fftconvolve(bursts, _clap(random))[:length]
    sound = sound / (sound.std() + 1e-9) + random.uniform(0.05, 1) * rest / rest.std()
    return np.asarray(sound, np.float32)


def cheering(random: Generator, length: int) -> Samples:
    """Make people who cheer, scream and laugh: drawn vowels, few or many at once."""
    sound = np.zeros(length)
    for _ in range(_count(random, length, 0.5, 6)):
        seconds = random.uniform(0.3, 2.5)
        _add(sound, _vowel(random, int(seconds * SAMPLE_RATE)), int(random.integers(0, length)))
    crowd = coloured_noise(random, length)
    return np.asarray(sound + random.uniform(0.02, 0.5) * crowd / (crowd.std() + 1e-9), np.float32)


def beeps(random: Generator, length: int) -> Samples:
    """Make signal tones: alarms, machines, computers; all of one or two pitches."""
    sound = 1e-3 * random.normal(size=length)
    pitches = random.uniform(400, 3800, size=int(random.integers(1, 3)))
    period, seconds = random.uniform(0.15, 1.5), random.uniform(0.05, 0.6)
    for start in np.arange(random.uniform(0, 1), length / SAMPLE_RATE, period):
        time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        tone = np.sin(2 * np.pi * random.choice(pitches) * time) * np.hanning(len(time)) ** 0.2
        _add(sound, tone, int(start * SAMPLE_RATE))
    return np.asarray(sound, np.float32)


MAKERS: tuple[Callable[[Generator, int], Samples], ...] = (
    coloured_noise,
    wind,
    blows,
    engine,
    applause,
    clapping,
    cheering,
    beeps,
)
"""All of them; each is drawn as often as any other."""


def reverberate(random: Generator, sound: Samples) -> Samples:
    """Put sound (T,) into a room: exponentially decaying noise as its impulse response."""
    length = int(random.uniform(0.1, 0.9) * SAMPLE_RATE)
    response = random.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
    wet = fftconvolve(sound, response)[: len(sound)]
    share = random.uniform(0.1, 0.7)
    wet *= _rms(sound) / max(_rms(wet), 1e-9)
    return np.asarray((1 - share) * sound + share * wet, np.float32)


def _vowel(random: Generator, length: int) -> Curve:
    """Sing one vowel on a gliding pitch, in laughter cut into syllables."""
    pitch = random.uniform(130, 700) * 2 ** (_curve(random, length, 0.4, low=-0.4) * 0.6)
    phase = np.cumsum(pitch / SAMPLE_RATE)
    pulses = np.diff(np.floor(phase), prepend=0.0) + 0.02 * random.normal(size=length)
    vowel = np.zeros(length)
    for formant in FORMANTS_HZ[random.integers(len(FORMANTS_HZ))]:
        centre = formant * random.uniform(0.9, 1.3)
        band = np.clip([centre * 0.93, centre * 1.07], 50, HIGHEST_SHARE * NYQUIST) / NYQUIST
        vowel += sosfilt(butter(1, band, "band", output="sos"), pulses)
    if random.random() < 0.3:
        beats = np.arange(length) * random.uniform(3.5, 6) / SAMPLE_RATE
        vowel *= np.maximum(np.sin(2 * np.pi * beats), 0)
    return np.asarray(vowel / (vowel.std() + 1e-9) * np.hanning(length) ** 0.5)


def _clap(random: Generator) -> Curve:
    low_hz = random.uniform(300, 1500)
    high_hz = min(low_hz * random.uniform(2, 5), HIGHEST_SHARE * NYQUIST)
    band = butter(2, [low_hz / NYQUIST, high_hz / NYQUIST], "band", output="sos")
    return np.asarray(sosfilt(band, _decaying(random, random.uniform(0.004, 0.03), 5)))


def _decaying(random: Generator, seconds: float, rate: float) -> Curve:
    length = int(seconds * SAMPLE_RATE)
    return np.asarray(random.normal(size=length) * np.exp(-rate * np.arange(length) / length))


def _curve(random: Generator, length: int, step_seconds: float, *, low: float) -> Curve:
    """Draw a random curve in [low, 1] with a knot every so many seconds."""
    step = step_seconds * SAMPLE_RATE
    knots = random.uniform(low, 1, int(length / step) + 2)
    return np.interp(np.arange(length), np.arange(len(knots)) * step, knots)


def _low_passed(sound: Curve, corner_hz: float, order: int = 1) -> Curve:
    corner = min(corner_hz / NYQUIST, HIGHEST_SHARE)
    return np.asarray(lfilter(*butter(order, corner), sound))


def _count(random: Generator, length: int, least: float, most: float) -> int:
    """Draw how many events there are, given the fewest and the most per second."""
    return max(1, int(length / SAMPLE_RATE * random.uniform(least, most)))


def _add(sound: Curve, event: Curve, start: int) -> None:
    part = event[: len(sound) - start]
    sound[start : start + len(part)] += part


def _rms(sound: Samples | Curve) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
