"""Bring the sound of a reel to a loudness, below a peak: EBU R128 and ITU-R BS.1770.

    source ──> tape ──> gain, peaks lowered ──> encoder ──> decoder ──> loudness, true peaks
                 └───────<── another gain, less where peaks are too high <──┘

What counts is what a player decodes: lossy codecs add peaks, and lose some of the noise. The film
is read once. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from vsumm.reel.compose import SoundSource
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_sound import Samples
from vsumm.reel.tape import Tape, TruePeaks

PEAK_DBTP = -1.0
"""Highest true peak of a reel that is brought to a loudness, dB of full scale: that of EBU R128."""
CLOSE_DB = 0.2
"""How close to the wanted loudness is close enough to stop, LU."""
TOLERANCE_DB = 0.5
"""How far off it may be before that is said, LU."""
MARGIN_DB = 0.2
"""How much lower than it seems to be right the ceiling is, dB."""
LOOK_SECONDS = 0.02
"""How long before a peak that is too high the gain begins to go down, and how long behind it it is
up again: it stays down between the peaks of a 25 Hz tone, or it would bend low tones."""
SHORTEST_LOOK_SECONDS = 0.001
"""The same where the peaks take most of what the gain gives, as those of a voice do."""
MAX_LIMITED_DB = 20.0
"""By how much peaks are lowered at most, dB; a reel of bangs in silence stays less loud."""
LOWEST_SLOPE = 0.3
"""Least gain in loudness that is counted on, LU per dB: else a step would be too long."""
MAX_PLAYED = 8
"""How often the sound is played to find a gain."""
SPREADS_SECONDS = 0.006, 0.024, 0.1, 0.1
"""How far around a peak that is too high when decoded the sound is lowered, from trial to trial:
codecs move peaks by some ms, and their noise is another one every time."""
HEADROOM_DB = 0.5
"""By how much all peaks are lowered as well, at most, from trial to trial."""
SILENT_LUFS = -70.0
"""What is no louder is silent: the absolute gate of the measurement."""

SIGN_OF_LIFE: Samples = np.zeros((1, 0), np.float32)
"""A block without sound, while there is none yet."""

Through = Callable[[Iterator[Samples]], Iterator[Any]]
"""Encodes blocks (C, T) and yields the frames that a decoder makes of them."""


class LoudnessMeter:
    """Measures integrated loudness with FFmpeg's filter `ebur128`, and true peaks.

    Attributes:
        loudness: loudness so far, LUFS; at most SILENT_LUFS where there is none.
        momentary: loudness of the last 400 ms at the end of every tenth of a second, LUFS.
        peaks: the true peaks; None without peaks, and before the first frame.
    """

    def __init__(self, *, with_peaks: bool = True) -> None:
        """Prepare to measure; without peaks it takes half of the time."""
        self.loudness = -math.inf
        self.momentary: list[float] = []
        self.peaks: TruePeaks | None = None
        self._with_peaks = with_peaks
        self._graph: Any = None
        self._time_base = Fraction(1)
        self._num_samples = 0

    @property
    def true_peak(self) -> float:
        """The highest true peak so far, dB of full scale; minus infinity without peaks."""
        return _decibels(self.peaks.highest if self.peaks else 0.0)

    def add(self, frame: Any) -> None:
        """Measure the next frame of PyAV; all must have one form."""
        if self._graph is None:
            self._graph, self._time_base = _graph_for(frame), Fraction(1, frame.sample_rate)
            if self._with_peaks:
                self.peaks = TruePeaks(frame.sample_rate, frame.layout.name)
        if self.peaks is not None:
            self.peaks.add(frame)
        frame.time_base, frame.pts = self._time_base, self._num_samples
        self._num_samples += frame.samples
        self._graph.push(frame)
        self._read()

    def end(self) -> None:
        """Say that there is no more."""
        if self.peaks is not None:
            self.peaks.add(None)
        if self._graph is not None:
            self._graph.push(None)
            self._read()

    def _read(self) -> None:
        while True:
            try:
                found = self._graph.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if "lavfi.r128.I" in found:
                self.loudness = float(found["lavfi.r128.I"])
                self.momentary.append(float(found["lavfi.r128.M"]))


@dataclass(frozen=True)
class Playing:
    """How a tape is played."""

    tape: Tape
    gain_db: float
    """What all of it is raised by, dB."""
    ceiling_db: float
    """Highest true peak, dB of full scale."""
    cuts: NDArray[np.float32]
    """How much less the gain is besides, in (0, 1] for every step of the tape, (K,)."""
    look_seconds: float = LOOK_SECONDS
    """How long before and behind a peak that is too high the gain is less."""

    def blocks(self) -> Iterator[Samples]:
        """Play the tape, in blocks (C, T)."""
        gain, ceiling = _linear(self.gain_db), _linear(self.ceiling_db)
        return self.tape.blocks(gain, ceiling, self.look_seconds, self.cuts)

    def louder(self, missing_db: float, slope: float) -> Playing:
        """Return how to play it louder by so many LU, which may be negative.

        Args:
            missing_db: by how much, LU.
            slope: how many LU a dB of gain gives. Where the peaks take most of it, the gain comes
                back sooner behind them.
        """
        look_seconds = self.look_seconds
        if slope < 1 / 2:
            look_seconds = max(look_seconds / 2, SHORTEST_LOOK_SECONDS)
        gain_db = self.gain_db + missing_db / min(max(slope, LOWEST_SLOPE), 1.0)
        return replace(self, gain_db=gain_db, look_seconds=look_seconds)

    def scaled(self, db: float) -> Playing:
        """Return how to play all of it louder, peaks as well."""
        return replace(self, gain_db=self.gain_db + db, ceiling_db=self.ceiling_db + db)

    def lowered(self, heard: TruePeaks, spread_seconds: float) -> Playing:
        """Return how to play it less loud around every peak that is too high where it is heard."""
        ratios = heard.heights() / _linear(PEAK_DBTP)
        factors = np.ones_like(self.cuts)
        for step in np.flatnonzero(ratios > 1):
            seconds = step * heard.step_seconds
            first, last = (
                int((seconds + shift) / self.tape.peaks.step_seconds)
                for shift in (-spread_seconds, spread_seconds)
            )
            near = slice(max(0, first), last + 1)
            factors[near] = np.minimum(factors[near], 1 / (ratios[step] * _linear(MARGIN_DB)))
        excess_db = max(0.0, _decibels(heard.highest) - PEAK_DBTP)
        ceiling_db = self.ceiling_db - min(excess_db, HEADROOM_DB)
        return replace(self, cuts=self.cuts * factors, ceiling_db=ceiling_db)


class LevelledSound:
    """The sound of a reel at one gain for all of it, with peaks lowered where they must be.

    Attributes:
        note: what is not as it was asked for, or None.
    """

    def __init__(self, source: SoundSource, target: float | None, through: Through) -> None:
        """Prepare to read.

        Args:
            source: the sound.
            target: the wanted loudness, LUFS; None: leave it, and only keep it within full scale.
            through: what becomes of it on the way to a player.
        """
        self.sample_rate, self.layout = source.sample_rate, source.layout
        self.note: str | None = None
        self._source = source
        self._target = target
        self._through = through

    @property
    def silent_seconds(self) -> float:
        """As `SoundSource.silent_seconds`."""
        return self._source.silent_seconds

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """As `SoundSource.blocks`; empty blocks are signs of life while all of it is measured."""
        with closing(Tape(self.sample_rate, self.layout)) as tape:
            meter = LoudnessMeter(with_peaks=False)
            for samples in self._source.blocks(runs):
                if samples.shape[1]:
                    tape.record(samples)
                    if self._target is not None:
                        meter.add(tape.frame(samples))
                yield SIGN_OF_LIFE
            tape.peaks.add(None)
            meter.end()
            playing = Playing(tape, 0.0, 0.0, np.ones_like(tape.peaks.heights()))
            if self._target is not None:
                playing = yield from self._fit(playing, meter.loudness, self._target)
            yield from playing.blocks()

    def _fit(
        self, playing: Playing, loudness: float, target: float
    ) -> Generator[Samples, None, Playing]:
        """Find how to play a tape; yield signs of life.

        Args:
            playing: the tape as it is.
            loudness: its loudness, LUFS.
            target: the one to be heard, LUFS.
        """
        if loudness <= SILENT_LUFS:
            self.note = "the sound is silent or too short to have a loudness: it stays as it is"
            return playing
        playing = replace(playing, gain_db=target - loudness, ceiling_db=PEAK_DBTP - MARGIN_DB)
        lost_db = 0.0  # by the encoder
        trials: list[tuple[float, float, Playing]] = []
        for spread in SPREADS_SECONDS:
            playing, played = yield from self._approach(playing, target + lost_db)
            meter = yield from _measured(self._through(playing.blocks()), with_peaks=True)
            trials.append(_judged(meter, target, playing))
            excess_db, off_db, _ = trials[-1]
            can_improve = abs(played - target - lost_db) <= CLOSE_DB
            if not excess_db and (off_db <= CLOSE_DB or not can_improve):
                break
            lost_db = played - meter.loudness
            assert meter.peaks is not None
            playing = playing.lowered(meter.peaks, spread)
        excess_db, _, playing = min(trials, key=lambda trial: trial[:2])
        if excess_db:  # then the loudness has to give way
            playing = playing.scaled(-excess_db - MARGIN_DB)
            meter = yield from _measured(self._through(playing.blocks()), with_peaks=True)
            trials.append(_judged(meter, target, playing))
        excess_db, off_db, playing = min(trials, key=lambda trial: trial[:2])
        if excess_db:
            reached = f"{PEAK_DBTP + excess_db:.1f} dBTP"
            self.note = f"the encoder adds to the peaks: they reach {reached}"
        elif off_db > TOLERANCE_DB:
            self.note = f"its peaks leave no room for {target:g} LUFS: it is {off_db:.1f} LU off"
        return playing

    def _approach(
        self, playing: Playing, target: float
    ) -> Generator[Samples, None, tuple[Playing, float]]:
        """Find a gain for a loudness before the encoder, which costs less; yield signs of life.

        Returns:
            How to play the tape, and how loud it is then, LUFS.
        """
        tape = playing.tape
        most_db = PEAK_DBTP + MAX_LIMITED_DB - _decibels(tape.peaks.highest)
        following = playing
        last: tuple[float, float] | None = None
        for _ in range(MAX_PLAYED):
            playing = replace(following, gain_db=min(following.gain_db, most_db))
            meter = yield from _measured(map(tape.frame, playing.blocks()))
            missing_db = target - meter.loudness
            if abs(missing_db) <= CLOSE_DB / 2:
                break
            slope = 1.0  # LU for a dB of gain
            if last is not None and missing_db > 0:
                given_db = max(playing.gain_db - last[0], MARGIN_DB)
                slope = (meter.loudness - last[1]) / given_db
            last = playing.gain_db, meter.loudness
            following = playing.louder(missing_db, slope)
        return playing, meter.loudness


def _judged(meter: LoudnessMeter, target: float, playing: Playing) -> tuple[float, float, Playing]:
    """Return by how much peaks are too high, dB, and the loudness is off, LU; and how played."""
    return max(0.0, meter.true_peak - PEAK_DBTP), abs(meter.loudness - target), playing


def _measured(
    frames: Iterator[Any], *, with_peaks: bool = False
) -> Generator[Samples, None, LoudnessMeter]:
    """Measure frames of PyAV; yield signs of life."""
    meter = LoudnessMeter(with_peaks=with_peaks)
    for frame in frames:
        meter.add(frame)
        yield SIGN_OF_LIFE
    meter.end()
    return meter


def _graph_for(frame: Any) -> Any:
    """Return a filter graph that measures frames of this form."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format,
        layout=frame.layout,
        time_base=Fraction(1, frame.sample_rate),
    )
    chain = [
        source,
        graph.add("apad", "pad_dur=0.1"),  # only whole tenths of a second are reported
        graph.add("ebur128", "metadata=1"),
        graph.add("abuffersink"),
    ]
    for one, following in pairwise(chain):
        one.link_to(following)
    graph.configure()
    return graph


def _decibels(linear: float) -> float:
    return 20 * math.log10(linear) if linear > 0 else -math.inf


def _linear(decibels: float) -> float:
    return float(10 ** (decibels / 20))
