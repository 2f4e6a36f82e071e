"""Lay a soundtrack under the voices of a reel.

What is heard of the film is listened to first: when somebody speaks, and how loud that is. A voice
detector tells speech from other sound, not the level.

    film      ~~~~~~~~~~ somebody speaks ~~ speaks ~~~~~~~~~~~~~~~~~~~   ~ noise, music, effects
    duck      ~~~~~~~~~~ somebody speaks ~~ speaks ~~~~~~~~~~~~~~~~~~~   the film stays
    auto                ~somebody speaks ~~ speaks ~~                    the film comes and goes
    music     ────────╲                              ╱────────────────
                       ╲____________________________╱                    20 LU below the voice
                     attack                    hold release

The music is never louder than the voices are: where they speak it is `BELOW_VOICE_DB` below them.
That is what success criterion 1.4.7 of WCAG 2.2 asks of background sound.

Letters: C channels, T samples. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from vsumm.borders import VoiceDetector, phrases_in
from vsumm.reel.compose import SoundSource, Soundtrack
from vsumm.reel.foretell import MOMENT_SECONDS, MOMENT_STEP_SECONDS
from vsumm.reel.join_sound import BlockReader
from vsumm.reel.layout import PlacedRun
from vsumm.reel.loudness import SIGN_OF_LIFE, LoudnessMeter
from vsumm.reel.place_sound import Samples, to_audio_frame
from vsumm.reel.tape import Recording

BELOW_VOICE_DB = 20.0
"""How much less loud than the voice the music is while somebody speaks, LU."""
DEEPEST_DB = 60.0
"""By how much the music is turned down at most."""
ATTACK_SECONDS = 0.3
"""How long the music takes to go down; it is down when somebody begins to speak."""
HOLD_SECONDS = 0.4
"""How long it stays down when they have spoken."""
RELEASE_SECONDS = 0.8
"""How long it takes to come up again."""
SHORTEST_REST_SECONDS = 2.0
"""In a shorter pause of the voices it stays down: else it would swell between two sentences."""
HOP_SECONDS = Fraction(1, 50)
"""Length of the steps from which on gains are straight lines."""
HEARD_SECONDS = 4
"""Length of the blocks in which voices are looked for."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Phrase:
    """What is spoken without a pause."""

    start_seconds: float
    """When it begins in the reel."""
    end_seconds: float
    """When it ends."""
    loudness: float
    """Of what is heard of the film meanwhile, LUFS."""


Passage = Sequence[Phrase]
"""Phrases with short pauses between them, chronological; at least one."""


class DuckedSound:
    """The film's sound over a soundtrack that is turned down where somebody speaks.

    The sum may exceed full scale.
    """

    def __init__(self, film: SoundSource, soundtrack: Soundtrack, *, keeps_noise: bool) -> None:
        """Prepare to read.

        Args:
            film: what is heard of the film.
            soundtrack: the music, of the same rate and layout.
            keeps_noise: whether the film is heard where nobody speaks.
        """
        self.sample_rate, self.layout = film.sample_rate, film.layout
        self._film = film
        self._soundtrack = soundtrack
        self._keeps_noise = keeps_noise

    @property
    def silent_seconds(self) -> float:
        """As `SoundSource.silent_seconds`."""
        return self._film.silent_seconds

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """As `SoundSource.blocks`; empty blocks are signs of life while the film is listened to."""
        with closing(Recording()) as film, closing(Recording()) as music:
            voices = _Voices(self.sample_rate, self.layout)
            for samples in BlockReader(self._film.blocks(runs)).hops(self._num_heard):
                film.record(samples)
                voices.add(samples)
                yield SIGN_OF_LIFE
            passages = voices.passages()
            meter = LoudnessMeter(with_peaks=False)
            for samples in BlockReader(self._soundtrack.blocks(runs)).hops(self._num_heard):
                music.record(samples)
                if passages:
                    rate, layout = self.sample_rate, self.layout
                    meter.add(to_audio_frame(samples, sample_rate=rate, layout=layout))
                yield SIGN_OF_LIFE
            meter.end()
            yield from self._mixed(film, music, passages, meter)

    @property
    def _num_heard(self) -> int:
        return HEARD_SECONDS * self.sample_rate

    def _mixed(
        self,
        film: Recording,
        music: Recording,
        passages: Sequence[Passage],
        meter: LoudnessMeter,
    ) -> Iterator[Samples]:
        """Yield the sum of film and music, in blocks of seconds."""
        hop = round(HOP_SECONDS * self.sample_rate)
        num_hops = HEARD_SECONDS * round(1 / HOP_SECONDS)
        both = zip(film.read(num_hops * hop), music.read(num_hops * hop), strict=True)
        for number, (heard, played) in enumerate(both):
            corners = np.arange(number * num_hops, (number + 1) * num_hops + 1)
            seconds = corners * hop / self.sample_rate
            places = np.arange(heard.shape[1]) / hop
            lines = np.arange(num_hops + 1)
            low = np.interp(places, lines, _linear(music_gains(seconds, passages, meter)))
            mixed = played * low.astype(np.float32)
            if self._keeps_noise:
                yield heard + mixed
            else:
                open_to = np.interp(places, lines, film_gains(seconds, passages))
                yield heard * open_to.astype(np.float32) + mixed


def music_gains(
    seconds: FloatArray, passages: Sequence[Passage], meter: LoudnessMeter
) -> FloatArray:
    """Return the gain of the music, dB, at most 0.

    Args:
        seconds: times in the reel, (T,).
        passages: where somebody speaks.
        meter: what has measured all of the music.
    """
    if not passages:
        return np.zeros(len(seconds))
    voice = _mean_loudness([phrase.loudness for passage in passages for phrase in passage])
    level = float(np.clip(voice - meter.loudness, -DEEPEST_DB, 0.0))
    gains = np.full(len(seconds), level)
    for passage in passages:
        depths = []
        for phrase in passage:
            moments = _moments_in(phrase.start_seconds, phrase.end_seconds, meter.momentary)
            depth = phrase.loudness - BELOW_VOICE_DB - max(moments, default=-math.inf)
            depths.append(float(np.clip(depth, -DEEPEST_DB, level)))
        np.minimum(gains, _dip(seconds, passage, level, depths), out=gains)
    return gains


def film_gains(seconds: FloatArray, passages: Sequence[Passage]) -> FloatArray:
    """Return the gain of a film that is heard where somebody speaks, linear, 0 elsewhere.

    Args:
        seconds: times in the reel, (T,).
        passages: where somebody speaks.
    """
    gains = np.zeros(len(seconds))
    for passage in passages:
        np.maximum(gains, _dip(seconds, passage, 0.0, [1.0] * len(passage)), out=gains)
    return gains


def _dip(
    seconds: FloatArray, passage: Passage, outside: float, inside: Sequence[float]
) -> FloatArray:
    """Return a value that is another one in each phrase, with attack, hold and release around.

    From one phrase to the next it goes in a straight line.
    """
    times = [time for phrase in passage for time in (phrase.start_seconds, phrase.end_seconds)]
    times[-1] += HOLD_SECONDS
    values = [value for value in inside for _ in range(2)]
    corners = [times[0] - ATTACK_SECONDS, *times, times[-1] + RELEASE_SECONDS]
    return np.interp(seconds, corners, [outside, *values, outside])


class _Voices:
    """Listens for voices, and measures how loud they are."""

    def __init__(self, sample_rate: int, layout: str) -> None:
        self._sample_rate, self._layout = sample_rate, layout
        self._detector = VoiceDetector()
        self._resampler = av.AudioResampler("flt", "mono", self._detector.sample_rate)
        self._probabilities: list[NDArray[np.float32]] = []
        self._meter = LoudnessMeter(with_peaks=False)

    def add(self, samples: Samples) -> None:
        """Listen to samples (C, T)."""
        frame = to_audio_frame(samples, sample_rate=self._sample_rate, layout=self._layout)
        self._listen(frame)
        frame.pts = None
        self._meter.add(frame)

    def passages(self) -> list[Passage]:
        """Return where somebody speaks in what was heard, chronological; this is the end."""
        self._listen(None)
        self._probabilities.append(self._detector.end())
        self._meter.end()
        passages: list[list[Phrase]] = []
        for start, end in phrases_in(np.concatenate(self._probabilities)):
            moments = _moments_in(start, end, self._meter.momentary)
            phrase = Phrase(start, end, _mean_loudness(moments))
            if passages and start - passages[-1][-1].end_seconds < SHORTEST_REST_SECONDS:
                passages[-1].append(phrase)
            else:
                passages.append([phrase])
        return list(passages)

    def _listen(self, frame: av.AudioFrame | None) -> None:
        for heard in self._resampler.resample(frame):
            self._probabilities.append(self._detector.add(heard.to_ndarray()[0]))


def _moments_in(start: float, end: float, momentary: Sequence[float]) -> Sequence[float]:
    """Return the momentary loudness of a stretch, at least of its middle; see `LoudnessMeter`."""
    shift = MOMENT_SECONDS / 2 - MOMENT_STEP_SECONDS  # of the middle of the first one
    first, last = (round((time + shift) / MOMENT_STEP_SECONDS) for time in (start, end))
    return momentary[max(0, first) : max(0, first, last) + 1]


def _mean_loudness(levels: Sequence[float]) -> float:
    """Return the loudness of sounds together, LUFS, at least that of silence."""
    powers = [10 ** (level / 10) for level in levels]
    return 10 * math.log10(max(sum(powers) / max(1, len(powers)), 1e-12))


def _linear(decibels: FloatArray) -> FloatArray:
    return np.asarray(10 ** (decibels / 20))
