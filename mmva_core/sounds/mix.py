"""Soundtracks put together from recordings, so that what sounds when is known.

Speech, music and noise come and go as layers of their own over a floor of hiss, at levels that
differ from strip to strip; then the whole is equalised, band-limited, clipped and coded as films
are. Letters in shapes: T samples, H half seconds, K = 3 kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from mmva_core.sounds.coding import encode_and_decode
from mmva_core.sounds.noises import MAKERS, NYQUIST, SAMPLE_RATE, Samples, reverberate
from mmva_core.towers import SOUND_KINDS

STEP = SAMPLE_RATE // 2
"""Samples of a half second, for which there is one label."""
STRIP_SECONDS = 40
"""Length of a soundtrack."""
PRESENT_DB = (-6.0, -5.0, -6.0)
"""A kind is there where its layer is no further under all others together, dB, kind by kind."""
ABSENT_DB = (-20.0, -15.0, -18.0)
"""It is not where its layer is further under them; in between there is no label."""
AUDIBLE_DB, INAUDIBLE_DB = -56.0, -75.0
"""The same for its level, dB re full scale."""
Sounds = Mapping[str, Sequence[NDArray[np.int16]]]
"""Recordings by voice, artist or source: int16 at `SAMPLE_RATE`."""


@dataclass(frozen=True)
class Strip:
    """A soundtrack and what sounds in it."""

    samples: Samples
    """(T,) float32."""
    labels: NDArray[np.float32]
    """(H, K) 1 where the kind is there, 0 where it is not."""
    weights: NDArray[np.float32]
    """(H, K) 0 where that cannot be told, else 1."""


@dataclass
class Mixer:
    """Puts soundtracks together from recordings of speech, music and noise."""

    speech: Sounds
    """By voice."""
    music: Sounds
    """By artist."""
    noise: Sounds
    """By source."""
    random: Generator
    """Decides everything."""
    _shares: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)

    def strip(self) -> Strip:
        """Put together the next soundtrack."""
        random = self.random
        base_db = random.uniform(-30, -14)
        layers = np.stack(
            [
                self._layer(self._speak, 0.35, 6.0, lambda: base_db + 3 * random.normal()),
                self._layer(
                    self._play, 0.35, 6.0, lambda: base_db - _one_of(random, 0, 0, 5, 10, 16)
                ),
                self._layer(
                    self._make_noise, 0.25, 3.0, lambda: base_db - _one_of(random, 0, 0, 6, 12, 20)
                ),
                self._floor(),
            ]
        )
        layers = _filtered(random, layers)
        mixed = layers.sum(0)
        if random.random() < 0.15:  # overdriven
            mixed = np.tanh(mixed * random.uniform(2, 8)) / 2
        gain = 10 ** (random.uniform(-18, 0) / 20) if random.random() < 0.5 else 1.0
        gain /= max(1.0, float(np.abs(mixed).max()))
        labels, weights = _labels(layers * gain)
        samples = (mixed * gain).astype(np.float32)
        if random.random() < 0.5:
            samples = encode_and_decode(random, samples)
        return Strip(samples, labels, weights)

    def _layer(
        self,
        make: Callable[[int], Samples],
        silent_share: float,
        mean_seconds: float,
        level_db: Callable[[], float],
    ) -> Samples:
        """Let one kind come and go, or not come at all, or stay throughout."""
        random, length = self.random, STRIP_SECONDS * SAMPLE_RATE
        layer = np.zeros(length, np.float32)
        kind = random.random()
        if kind < silent_share:
            return layer
        if kind < silent_share + 0.2:
            return at_level(make(length), level_db())
        start = int(random.exponential(mean_seconds) * STEP)
        while start < length - STEP:
            seconds = 0.7 + random.exponential(mean_seconds)
            piece = at_level(make(min(length - start, int(seconds * SAMPLE_RATE))), level_db())
            layer[start : start + len(piece)] = _faded(piece, _one_of(random, 0.01, 0.1, 1.0))
            start += len(piece) + int(random.exponential(mean_seconds) * SAMPLE_RATE)
        return layer

    def _speak(self, length: int) -> Samples:
        random = self.random
        voices = [self._group("speech", self.speech) for _ in range(1 + (random.random() < 0.3))]
        pause = _one_of(random, 0.05, 0.2, 0.5)
        speed = random.uniform(0.85, 1.2) if random.random() < 0.5 else 1.0

        def utter() -> Samples:
            return at_level(_at_speed(self._recording(voices), speed), -20 + 2 * random.normal())

        sound = _in_a_row(random, length, utter, pause)
        return reverberate(random, sound) if random.random() < 0.4 else sound

    def _play(self, length: int) -> Samples:
        random = self.random
        song = _at_speed(
            self._recording([self._group("music", self.music)]),
            random.uniform(0.8, 1.25) if random.random() < 0.3 else 1.0,
        )
        song = np.roll(song, -int(random.integers(0, len(song))))
        return np.asarray(np.resize(song, length), np.float32)

    def _make_noise(self, length: int) -> Samples:
        random = self.random
        if random.random() < 0.4:
            maker = random.integers(len(MAKERS) + 1)
            sound = self._babble(length) if maker == len(MAKERS) else MAKERS[maker](random, length)
        else:
            source, speed = self._group("noise", self.noise), random.uniform(0.7, 1.4)
            repeats = int(random.integers(1, 4))

            def event() -> Samples:
                recording = self._recording([source])
                if len(recording) < SAMPLE_RATE:
                    recording = np.tile(recording, repeats)
                return at_level(_at_speed(recording, speed), -20 + 3 * random.normal())

            sound = _in_a_row(random, length, event, _one_of(random, 0.01, 0.1, 0.6))
        return reverberate(random, sound) if random.random() < 0.25 else sound

    def _babble(self, length: int) -> Samples:
        """Let so many talk at once that nobody can be understood."""
        voices = [at_level(self._speak(length), -20) for _ in range(self.random.integers(6, 12))]
        return reverberate(self.random, np.sum(voices, axis=0, dtype=np.float32))

    def _floor(self) -> Samples:
        random = self.random
        hiss = random.normal(size=STRIP_SECONDS * SAMPLE_RATE)
        hiss = lfilter(*butter(1, random.uniform(0.05, 0.9)), hiss)
        level_db = random.uniform(-85, -48) if random.random() < 0.85 else -120.0
        return at_level(hiss.astype(np.float32), level_db)

    def _group(self, kind: str, sounds: Sounds) -> Sequence[NDArray[np.int16]]:
        """Draw a group, longer ones more often, but less than their length would say."""
        if kind not in self._shares:
            lengths = [min(sum(map(len, group)), 300 * SAMPLE_RATE) for group in sounds.values()]
            # Nobody listens to one artist for long; of voices and sources some are a few words.
            shares = np.asarray(lengths, np.float64) ** (0.0 if kind == "music" else 0.6)
            self._shares[kind] = shares / shares.sum()
        groups = list(sounds.values())
        return groups[int(self.random.choice(len(groups), p=self._shares[kind]))]

    def _recording(self, groups: Sequence[Sequence[NDArray[np.int16]]]) -> Samples:
        group = groups[int(self.random.integers(len(groups)))]
        sound = group[int(self.random.integers(len(group)))]
        return np.asarray(sound / 32768, np.float32)


def at_level(sound: Samples, level_db: float) -> Samples:
    """Scale sound (T,) to a root mean square in dB re full scale; silence stays silent."""
    rms = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
    return np.asarray(sound * (10 ** (level_db / 20) / max(rms, 1e-9)), np.float32)


def _in_a_row(
    random: Generator, length: int, make: Callable[[], Samples], pause_seconds: float
) -> Samples:
    sound = np.zeros(length, np.float32)
    start = 0
    while start < length:
        piece = make()[: length - start]
        sound[start : start + len(piece)] = piece
        start += len(piece) + int(random.exponential(pause_seconds) * SAMPLE_RATE)
    return sound


def _at_speed(sound: Samples, speed: float) -> Samples:
    if speed == 1:
        return sound
    places = np.arange(0, len(sound) - 1, speed)
    return np.asarray(np.interp(places, np.arange(len(sound)), sound), np.float32)


def _faded(sound: Samples, seconds: float) -> Samples:
    length = min(len(sound) // 2, int(seconds * SAMPLE_RATE))
    ramp = np.ones(len(sound), np.float32)
    ramp[:length] = np.linspace(0, 1, length)
    ramp[len(sound) - length :] = np.linspace(1, 0, length)
    return np.asarray(sound * ramp, np.float32)


def _filtered(random: Generator, layers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Equalise and band-limit all layers (K + 1, T) in the same way."""
    steps: list[Callable[[NDArray[np.float32]], NDArray[np.float64]]] = []
    if random.random() < 0.7:
        steps.append(partial(_equalised, points_db=4 * random.normal(size=6)))
    if random.random() < 0.3:
        low_pass = butter(4, random.uniform(2800, 7500) / NYQUIST, output="sos")
        steps.append(partial(sosfilt, low_pass))
    if random.random() < 0.2:
        high_pass = butter(2, random.uniform(60, 350) / NYQUIST, "high", output="sos")
        steps.append(partial(sosfilt, high_pass))
    for step in steps:
        layers = np.stack([step(layer) for layer in layers]).astype(np.float32)
    return layers


def _equalised(sound: NDArray[np.float32], points_db: NDArray[np.float64]) -> NDArray[np.float64]:
    places = np.linspace(0, 1, len(sound) // 2 + 1) ** 0.5
    curve = np.interp(places, np.linspace(0, 1, len(points_db)), points_db)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * 10 ** (curve / 20), len(sound)))


def _labels(
    layers: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what can be heard in layers (K + 1, T), floor last: labels and weights (H, K)."""
    power = np.square(layers, dtype=np.float64).reshape(len(layers), -1, STEP).mean(2) + 1e-12
    level_db = 10 * np.log10(power)
    others_db = 10 * np.log10(power.sum(0) - power + 1e-12)
    above = (level_db - others_db)[: len(SOUND_KINDS)].T
    level_db = level_db[: len(SOUND_KINDS)].T
    is_there = (level_db > AUDIBLE_DB) & (above > PRESENT_DB)
    is_absent = (level_db < INAUDIBLE_DB) | (above < ABSENT_DB)
    return is_there.astype(np.float32), (is_there | is_absent).astype(np.float32)


def _one_of(random: Generator, *values: float) -> float:
    return values[random.integers(len(values))]
