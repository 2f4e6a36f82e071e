"""How loud the sound is and what kind of sound it is: speech, music, noise or silence.

One meter measures the whole track by half seconds and pools them to segments; the signals of this
module read its arrays. Levels are relative to the film, so that a film that was mastered loud does
not count as intense. Letters: N segments, H half seconds, K = 3 kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmva_core import towers
from vsumm.media import Segment
from vsumm.score.signal import Arrays, Film, FloatArray, Measurement, Signal
from vsumm.score.sound_windows import SoundWindow

if TYPE_CHECKING:
    from mmva_core.towers import SoundCurves, SoundSteps

STEP_SECONDS = 0.5
"""Length of the pieces that are measured; `mmva_core.towers.SoundSteps` decides it."""
SILENT_LUFS = -60.0
"""A half second below this loudness is silent."""
RELATIVE_GATE_DB = -10.0
"""What is further below the mean loudness does not count as the film's own (ITU-R BS.1770)."""
QUIETEST_DB = -20.0
"""Lowest loudness re the film's: what is softer is as good as silent."""
LOOK_BACK_SECONDS = 8.0
"""How far back a rise of the loudness looks: short-term memory, several shots of a film."""
LEAST_SPEECH = 0.5
"""Probability of speech above which somebody speaks in a half second, or in a segment."""
SPEECH_KIND, MUSIC_KIND, NOISE_KIND = range(3)
"""Columns of "sound_kinds"."""


class SoundtrackMeter:
    """Measures the sound of every segment by itself, without a model of affect.

    Args:
        steps: takes the sound and measures its half seconds.
        segments: N segments, chronological, without gaps, from the start of the film.
    """

    around_seconds = 0.0

    def __init__(self, steps: SoundSteps, segments: Sequence[Segment]) -> None:
        self._steps = steps
        self._segments = segments

    def add(self, batch: Sequence[SoundWindow], /) -> None:
        """Take the next segments."""
        for window in batch:
            self._steps.add(window.samples)

    def result(self) -> Arrays:
        """Return arrays of N rows.

        "loudness" and "loudness_rise" (N,), dB, see `loudest` and `rises`; "onsets" (N,), dB;
        "speech_energy" (N,), standard deviations, NaN without speech; "sound_kinds" (N, 3), the
        mean probability of speech, music and noise; "silence" (N,), the silent share.
        """
        curves = self._steps.result()
        spans = spans_of(self._segments, len(curves.loudness))
        is_silent = curves.loudness < SILENT_LUFS
        kinds = np.where(is_silent[:, None], 0.0, curves.kinds)
        return {
            "loudness": loudest(curves.loudness, spans),
            "loudness_rise": rises(curves.loudness, spans),
            "onsets": pooled(curves.onsets, spans),
            "speech_energy": speech_energy(curves, kinds[:, SPEECH_KIND], spans),
            "sound_kinds": pooled(kinds, spans),
            "silence": pooled(is_silent.astype(np.float64), spans),
        }


def spans_of(segments: Sequence[Segment], num_steps: int) -> list[slice]:
    """Return the half seconds whose middle lies in each segment, of short ones the nearest.

    >>> spans_of([Segment(0.0, 2.0), Segment(2.0, 2.1)], 5)
    [slice(0, 4, None), slice(4, 5, None)]
    """
    spans = []
    for segment in segments:
        first = min(round(segment.start_seconds / STEP_SECONDS), num_steps - 1)
        last = min(round(segment.end_seconds / STEP_SECONDS), num_steps)
        spans.append(slice(first, max(first + 1, last)))
    return spans


def pooled(curve: FloatArray, spans: Sequence[slice]) -> FloatArray:
    """Return the mean of a curve, (H,) or (H, K), over each span."""
    return np.stack([curve[span].mean(axis=0) for span in spans])


def loudest(loudness: FloatArray, spans: Sequence[slice]) -> FloatArray:
    """Return the loudness of the loudest half second of each span re the film's own.

    The loudest, because one blow is heard whatever is around it. The film's own loudness is the
    mean power of what is neither silent nor far below the rest, as BS.1770 measures programmes.

    Args:
        loudness: (H,) LUFS.
        spans: half seconds of each segment.

    Returns:
        (N,) dB, at least `QUIETEST_DB`.

    >>> loudest(np.array([-30.0, -20.0, -70.0, -70.0]), [slice(0, 2), slice(2, 4)]).round(1)
    array([  2.6, -20. ])
    """
    peaks = np.array([loudness[span].max() for span in spans])
    return np.maximum(peaks - _programme_loudness(loudness), QUIETEST_DB)


def rises(loudness: FloatArray, spans: Sequence[slice]) -> FloatArray:
    """Return by how much the loudest half second of a span exceeds what came before it.

    That is the mean level of the `LOOK_BACK_SECONDS` before the span, dB: a blow after silence
    makes one look up, the same blow among others does not. Nothing comes before the first span,
    which gets 0.

    Args:
        loudness: (H,) LUFS.
        spans: half seconds of each segment.
    """
    num_before = round(LOOK_BACK_SECONDS / STEP_SECONDS)
    level = np.maximum(loudness, _programme_loudness(loudness) + QUIETEST_DB)
    result = np.zeros(len(spans))
    for row, span in enumerate(spans):
        before = level[max(0, span.start - num_before) : span.start]
        if len(before):
            result[row] = level[span].max() - before.mean()
    return result


def speech_energy(curves: SoundCurves, speech: FloatArray, spans: Sequence[slice]) -> FloatArray:
    """Return how lively people speak, in standard deviations of the film's own speech.

    The mean of three: level, its variation within half a second (stress), and vocal effort. Only
    half seconds in which somebody speaks count.

    Args:
        curves: of H half seconds.
        speech: (H,) probability of speech.
        spans: half seconds of each segment.

    Returns:
        (N,) NaN where hardly anybody speaks.
    """
    speaks = speech > LEAST_SPEECH
    parts = []
    for curve in (curves.loudness, curves.spread, curves.effort):
        spread = curve[speaks].std() if speaks.any() else 0.0
        if spread > 0:
            parts.append((curve - curve[speaks].mean()) / spread)
    liveliness = np.mean(parts, axis=0) if parts else np.zeros(len(speech))
    energy = np.full(len(spans), np.nan)
    for row, span in enumerate(spans):
        if speech[span].mean() > LEAST_SPEECH:
            energy[row] = liveliness[span][speaks[span]].mean()
    return energy


def musicality(music: FloatArray, speech: FloatArray) -> FloatArray:
    """Return how far a segment's sound is music to be judged as such, (N,) in [0, 1].

    Music that somebody speaks over is background: how calm or intense it is says little.

    Args:
        music: (N,) probability of music.
        speech: (N,) probability of speech.

    >>> musicality(np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.75, 0.5])).tolist()
    [1.0, 0.25, 0.0]
    """
    return music * (1 - speech)


def shrunk(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Draw values towards their weighted mean where the weight is low.

    A segment that is not music gets what the film's music is on average, so that it is neither
    preferred nor passed over; where no segment is music, all get the same.

    Args:
        values: (N,) NaN where there is no sound.
        weights: (N,) in [0, 1].

    >>> shrunk(np.array([0.2, 0.6, 0.9]), np.array([1.0, 1.0, 0.0])).tolist()
    [0.2, 0.6, 0.4]
    """
    is_known = np.isfinite(values)
    if not is_known.any():
        return values
    share = np.where(is_known, weights, 0.0)
    total = share.sum()
    known = np.where(is_known, values, 0.0)
    mean = (share * known).sum() / total if total > 0 else values[is_known].mean()
    return np.where(is_known, mean + weights * (values - mean), np.nan)


def _programme_loudness(loudness: FloatArray) -> float:
    audible = loudness[loudness >= SILENT_LUFS]
    if not len(audible):
        return SILENT_LUFS
    gate = _mean_level(audible) + RELATIVE_GATE_DB
    return _mean_level(audible[audible >= gate])


def _mean_level(levels: FloatArray) -> float:
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def _start(film: Film) -> SoundtrackMeter:
    steps = towers.SoundSteps(towers.load_sound_kinds())
    return SoundtrackMeter(steps, film.segments)


def _column(name: str) -> Callable[[Film, Arrays], FloatArray]:
    return lambda film, arrays: arrays[name]


def _kind(column: int) -> Callable[[Film, Arrays], FloatArray]:
    return lambda film, arrays: arrays["sound_kinds"][:, column]


SOUNDTRACK = Measurement(
    "soundtrack",
    needs="sound",
    start=_start,
    columns={
        "loudness": 0,
        "loudness_rise": 0,
        "onsets": 0,
        "speech_energy": 0,
        "sound_kinds": 3,
        "silence": 0,
    },
    depends_on=lambda film: {"audio_track": film.config.audio_track},
)
"""Loudness, onsets and kinds of sound."""

LOUDNESS = Signal("loudness", (SOUNDTRACK,), _column("loudness"), "loud sound")
LOUDNESS_RISE = Signal("loudness_rise", (SOUNDTRACK,), _column("loudness_rise"), "a rise in volume")
ONSETS = Signal("onsets", (SOUNDTRACK,), _column("onsets"), "many onsets")
SPEECH_ENERGY = Signal("speech_energy", (SOUNDTRACK,), _column("speech_energy"), "lively speech")
SPEECH_SHARE = Signal("speech", (SOUNDTRACK,), _kind(SPEECH_KIND), "speech")
MUSIC_SHARE = Signal("music", (SOUNDTRACK,), _kind(MUSIC_KIND), "music")
NOISE_SHARE = Signal("noise", (SOUNDTRACK,), _kind(NOISE_KIND), "noise")
SILENCE_SHARE = Signal("silence", (SOUNDTRACK,), _column("silence"), "silence")
