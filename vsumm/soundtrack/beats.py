"""Find the beats of music: strong onsets that come at a steady, slowly changing tempo.

    samples --> log-mel spectra --> onset strength --> tempo over time --> beats

The beats are the best sequence of times by dynamic programming: the sum of the onset strengths at
them, less a penalty for every step that is not a period long (D. P. W. Ellis, "Beat tracking by
dynamic programming", Journal of New Music Research 36(1), 2007). Unlike there the period may
change: the tempo is the best path through autocorrelations of successive windows, so that music
that gets faster is followed. Only NumPy is needed.

Letters: T samples, N frames of 10 ms, M mel bands, W windows of tempo, P periods, B beats.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

BEATS_SAMPLE_RATE = 16_000
"""Of the sound, Hz."""
HOP, FRAME = 160, 512
"""Samples from one frame to the next, and of a frame: 10 and 32 ms."""
FRAME_RATE = BEATS_SAMPLE_RATE // HOP
FRAMES_AT_ONCE = 4096
NUM_MELS = 40
LOWEST_HZ, HIGHEST_HZ = 30.0, 8000.0
FLOOR_DB = 80.0
"""Bands that are softer than the loudest by more than this are raised to it."""
LAG = 3
"""Frames over which a band rises: its windows hardly overlap then."""
TREND_SECONDS = 1.0
"""Length of the mean that is taken off the onset strength."""
SLOWEST, FASTEST = 45.0, 220.0
"""Beats per minute that are looked for."""
USUAL_TEMPO, TEMPO_OCTAVES = 120.0, 0.9
"""Centre of the tempi that people tap to, per minute, and the deviation around it in octaves, as in
Ellis (2007)."""
PERIODS_PER_OCTAVE = 48
TEMPO_SECONDS, TEMPO_STEP_SECONDS = 8.0, 1.0
"""Length of the windows in which the tempo is measured, and how far apart they are."""
TEMPO_CHANGE = 60.0
"""What a change of tempo by an octave from one window to the next costs; the strength of a tempo
is 1 at most."""
TIGHTNESS = 100.0
"""Weight of the squared logarithm of a step over the period, as the alpha of Ellis (2007) with
onset strengths of deviation 1."""
LEAST_STRENGTH = 1e-3
"""Onsets whose strength deviates less, dB, are none: silence, a steady tone."""
TRIMMED = 0.3
"""Beats at either end whose onsets are weaker than this share of the mean are left out."""
BEATS_PER_BAR = 4
"""Most music has four; bars are only guessed, see `Beats.bar_phase`."""
LOW_BANDS = 8
"""Mel bands of the bass, below 300 Hz: there the first beat of a bar is strong."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats of a piece of music."""

    seconds: FloatArray
    """(B,) ascending, from its beginning; none in silence and steady sound."""
    strengths: FloatArray
    """(B,) onset strength there, in standard deviations."""
    novelties: FloatArray
    """(B,) in [0, 1]: how much the sound of the bar from there on differs from the bar before, less
    what is usual in the piece; a phrase begins where it is large."""
    bar_phase: int
    """First beat of the first whole bar, if bars have four beats: where the bass sets in most."""

    @property
    def tempo(self) -> float:
        """Beats per minute, by the median of their distances; 0 where there are no two."""
        steps = np.diff(self.seconds)
        return float(60 / np.median(steps)) if len(steps) else 0.0

    @property
    def bars(self) -> FloatArray:
        """Return where bars begin, seconds."""
        return self.seconds[self.bar_phase :: BEATS_PER_BAR]


def find_beats(samples: NDArray[np.float32]) -> Beats:
    """Find the beats of music.

    Args:
        samples: (T,) mono at `BEATS_SAMPLE_RATE`, full scale at 1.
    """
    return beats_of_spectra(log_mel(samples))


def beats_of_spectra(spectra: FloatArray) -> Beats:
    """Find beats by log-mel spectra (N, M), dB, see `log_mel`."""
    none = Beats(np.zeros(0), np.zeros(0), np.zeros(0), 0)
    if len(spectra) <= FRAME_RATE * 60 / SLOWEST:
        return none
    strength = onset_strength(spectra)
    deviation = strength.std()
    if deviation < LEAST_STRENGTH:
        return none
    strength = strength / deviation
    frames = _track(strength, _periods(strength))
    at_beats = np.maximum(strength[frames], 0)
    strong = np.flatnonzero(at_beats >= TRIMMED * at_beats.mean())
    frames = frames[strong[0] : strong[-1] + 1]
    # A rise over LAG frames is seen in the last of them, and a frame is heard in its middle.
    seconds = ((frames - LAG / 2) * HOP + FRAME / 2) / BEATS_SAMPLE_RATE
    bass = onset_strength(spectra[:, :LOW_BANDS])[frames]
    means = [bass[phase::BEATS_PER_BAR].mean() for phase in range(min(BEATS_PER_BAR, len(frames)))]
    return Beats(seconds, strength[frames], _novelties(spectra, frames), int(np.argmax(means)))


def log_mel(samples: NDArray[np.float32]) -> FloatArray:
    """Return log-mel spectra (N, M), dB, of samples (T,) mono at `BEATS_SAMPLE_RATE`."""
    filters = _mel_filters()
    window = np.hanning(FRAME).astype(np.float32)
    num_frames = max(0, (len(samples) - FRAME) // HOP + 1)
    parts = [np.zeros((0, NUM_MELS))]
    for first in range(0, num_frames, FRAMES_AT_ONCE):
        starts = HOP * np.arange(first, min(first + FRAMES_AT_ONCE, num_frames))
        frames = samples[starts[:, None] + np.arange(FRAME)] * window
        parts.append(np.abs(np.fft.rfft(frames)) ** 2 @ filters.T)
    power = np.concatenate(parts)
    floor = max(power.max(initial=0.0), 1e-6) * 10 ** (-FLOOR_DB / 10)
    return np.asarray(10 * np.log10(np.maximum(power, floor)))


def onset_strength(spectra: FloatArray) -> FloatArray:
    """Return how much bands rise at each frame, less the mean around it, (N,) dB."""
    rises = np.zeros(len(spectra))
    rises[LAG:] = np.maximum(spectra[LAG:] - spectra[:-LAG], 0).mean(axis=1)
    width = round(TREND_SECONDS * FRAME_RATE) | 1
    padded = np.pad(rises, width // 2, mode="edge")
    return rises - np.convolve(padded, np.full(width, 1 / width), "valid")


def _novelties(spectra: FloatArray, frames: NDArray[np.intp]) -> FloatArray:
    """Return `Beats.novelties` at the frames of the beats."""
    sums = np.concatenate([np.zeros((1, spectra.shape[1])), np.cumsum(spectra, axis=0)])
    borders = np.concatenate([[0], frames, [len(spectra)]])
    distances = np.zeros(len(frames))
    for number in range(BEATS_PER_BAR, len(frames) - BEATS_PER_BAR + 1):
        first, here, last = borders[
            [number + 1 - BEATS_PER_BAR, number + 1, number + 1 + BEATS_PER_BAR]
        ]
        before, after = (
            (sums[here] - sums[first]) / (here - first),
            (sums[last] - sums[here]) / (last - here),
        )
        distances[number] = np.sqrt(np.mean((after - before) ** 2))
    usual, most = np.median(distances), distances.max(initial=0.0)
    return np.asarray(np.maximum(0, distances - usual) / max(most - usual, 1e-9))


def _periods(strength: FloatArray) -> FloatArray:
    """Return the period of the beat at every frame, (N,) frames: the best path over time."""
    octaves = np.log2(FASTEST / SLOWEST)
    tempi = SLOWEST * 2 ** np.linspace(0, octaves, int(octaves * PERIODS_PER_OCTAVE) + 1)
    periods = 60 * FRAME_RATE / tempi
    prior = np.exp(-0.5 * (np.log2(tempi / USUAL_TEMPO) / TEMPO_OCTAVES) ** 2)
    length = min(round(TEMPO_SECONDS * FRAME_RATE), len(strength))
    step = round(TEMPO_STEP_SECONDS * FRAME_RATE)
    firsts = np.arange(0, len(strength) - length + 1, step)
    windows = strength[firsts[:, None] + np.arange(length)] * np.hanning(length)
    lags = np.arange(length)
    rows = []
    for spectrum in np.abs(np.fft.rfft(windows, 2 * length)) ** 2:
        own = np.fft.irfft(spectrum)[:length]
        own = own / max(own[0], 1e-9)
        # Ellis's TPS2: what repeats after two periods as well is a beat, not a part of one.
        rows.append(
            np.interp(periods, lags, own) + 0.5 * np.interp(2 * periods, lags, own, right=0)
        )
    scores = prior * np.array(rows)  # (W, P)
    path = _best_path(scores, TEMPO_CHANGE * _squared_octaves(periods))
    middles = firsts + length / 2
    return np.asarray(np.interp(np.arange(len(strength)), middles, periods[path]))


def _squared_octaves(periods: FloatArray) -> FloatArray:
    """Return the squared distances of periods in octaves, (P, P)."""
    return np.asarray(np.log2(periods[:, None] / periods) ** 2)


def _best_path(scores: FloatArray, costs: FloatArray) -> NDArray[np.intp]:
    """Return the path (W,) of greatest sum of scores (W, P) less costs (P, P) of its steps."""
    total = scores[0]
    came_from = []
    for row in scores[1:]:
        choices = total - costs
        came_from.append(choices.argmax(axis=1))
        total = choices.max(axis=1) + row
    path = [int(total.argmax())]
    for sources in reversed(came_from):
        path.append(int(sources[path[-1]]))
    return np.array(path[::-1])


def _track(strength: FloatArray, periods: FloatArray) -> NDArray[np.intp]:
    """Return the frames of the beats, ascending: equations 2 to 5 of Ellis (2007).

    Args:
        strength: (N,) in standard deviations.
        periods: (N,) frames.
    """
    # An onset that is a little beside a beat counts for it.
    reach = np.arange(-3, 4)
    near = np.exp(-0.5 * (reach / 1.5) ** 2)
    local = np.convolve(strength, near, "same")
    totals = np.empty(len(strength))
    came_from = np.full(len(strength), -1)
    longest = int(2 * periods.max()) + 1
    logs = np.log(np.arange(1, longest + 1))
    rows = zip(local.tolist(), periods.tolist(), np.log(periods).tolist(), strict=True)
    for frame, (value, period, log_period) in enumerate(rows):
        first, last = max(0, frame - int(2 * period)), frame - max(1, int(period / 2))
        totals[frame] = value
        if last < first:
            continue
        octaves = logs[frame - last - 1 : frame - first][::-1] - log_period
        choices = totals[first : last + 1] - TIGHTNESS * (octaves * octaves)
        best = int(choices.argmax())
        if choices[best] > 0:
            totals[frame] += choices[best]
            came_from[frame] = first + best
    end = len(totals) - max(1, int(periods[-1]))
    frame = max(0, end) + int(totals[max(0, end) :].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(came_from[frame])
    return np.array(beats[::-1])


@cache
def _mel_filters() -> FloatArray:
    """Return triangles (M, FRAME / 2 + 1), equally wide in mel (O'Shaughnessy)."""
    low_mel, high_mel = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(low_mel, high_mel, NUM_MELS + 2) / 2595) - 1)
    hertz = np.arange(FRAME // 2 + 1) * BEATS_SAMPLE_RATE / FRAME
    low, middle, high = (corners[k : k + NUM_MELS, None] for k in range(3))
    rising, falling = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))
