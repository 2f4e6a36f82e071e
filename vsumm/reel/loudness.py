"""Bring the sound of a reel to a loudness, below a peak: EBU R128 and ITU-R BS.1770.

    source ──> tape ──> gain, peaks lowered ──> encoder ──> decoder ──> loudness, true peaks
                 └───────<── another gain, less where peaks are too high <──┘

What counts is what a player decodes: lossy codecs add peaks, and lose some of the noise. The film
is read once. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from vsumm.reel.compose import SoundSource
from vsumm.reel.foretell import ABSOLUTE_GATE, Foretelling
from vsumm.reel.layout import PlacedRun
from vsumm.reel.place_sound import Samples
from vsumm.reel.tape import Tape, TruePeaks, gathered

PEAK_DBTP = -1.0
"""Highest true peak of a reel that is brought to a loudness, dB of full scale: that of EBU R128."""
CLOSE_DB = 0.2
"""How close to the wanted loudness is close enough to stop, LU."""
TOLERANCE_DB = 0.5
"""How far off it may be before that is said, LU."""
MARGIN_DB = 0.2
"""How much lower than it seems to be right the ceiling is, dB."""
LOSSY_MARGIN_DB = 1.0
"""The same before a lossy encoder, which adds to peaks."""
LOOK_SECONDS = 0.02
"""How long before a peak that is too high the gain begins to go down, and how long behind it it is
up again: it stays down between the peaks of a 25 Hz tone, or it would bend low tones."""
SHORTEST_LOOK_SECONDS = 0.001
"""The same where the peaks take most of what the gain gives, as those of a voice do."""
MAX_LIMITED_DB = 20.0
"""By how much peaks are lowered at most, dB; a reel of bangs in silence stays less loud."""
LEAST_SLOPE = 0.5
"""What the last dB of gain has to give, LU; else peaks take most of it."""
SATURATED_DB = 0.03
"""How much less than the greatest loudness will do, LU, where a louder one is asked for: more gain
would only lower more peaks."""
GAIN_RANGE_DB, GAIN_STEP_DB = 100.0, 0.01
"""Gains that are looked at: so much less than the greatest one, this exactly."""
SPREADS_SECONDS = 0.024, 0.05, 0.1, 0.1
"""How far around a peak that is too high when decoded the sound is lowered, from trial to trial:
codecs move peaks within their windows of some 20 ms, and their noise is another one every time."""
HEADROOM_DB = 0.5
"""By how much all peaks are lowered as well, at most, from trial to trial."""
SILENT_LUFS = ABSOLUTE_GATE
"""What is no louder is silent: the absolute gate of the measurement."""

SIGN_OF_LIFE: Samples = np.zeros((1, 0), np.float32)
"""A block without sound, while there is none yet."""


class Encoding(Protocol):
    """Sound on its way to a player."""

    def frames(self) -> Iterator[Any]:
        """Yield the frames of PyAV that a decoder makes of it; once only."""


Through = Callable[[Iterator[Samples]], Encoding]
"""Encodes blocks (C, T)."""


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

    def gains(self) -> NDArray[np.float64]:
        """Return the gain at the edges of the steps of the tape, linear, (K + 1,)."""
        gain, ceiling = _linear(self.gain_db), _linear(self.ceiling_db)
        return self.tape.gains(gain, ceiling, self.look_seconds, self.cuts)

    def blocks(self) -> Iterator[Samples]:
        """Play the tape, in blocks (C, T)."""
        return self.tape.blocks(self.gains())

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


@dataclass(frozen=True)
class Trial:
    """How sound was heard that was played in some way."""

    playing: Playing
    """How it was played."""
    encoding: Encoding
    """What became of it."""
    excess_db: float
    """By how much peaks are too high, dB."""
    off_db: float
    """By how much the loudness is off, LU."""

    @property
    def badness(self) -> tuple[float, float]:
        """What is to be small, the first first."""
        return self.excess_db, self.off_db


class LevelledSound:
    """The sound of a reel at one gain for all of it, with peaks lowered where they must be.

    Attributes:
        note: what is not as it was asked for, or None.
        encoding: the sound as it is to be written, if it was encoded to be measured, or None.
    """

    def __init__(
        self, source: SoundSource, target: float | None, through: Through, *, is_lossy: bool = True
    ) -> None:
        """Prepare to read.

        Args:
            source: the sound.
            target: the wanted loudness, LUFS; None: leave it, and only keep it within full scale.
            through: what becomes of it on the way to a player.
            is_lossy: whether that adds to its peaks.
        """
        self.note: str | None = None
        self.encoding: Encoding | None = None
        self._source = source
        self._target = target
        self._through = through
        self._margins_db = (LOSSY_MARGIN_DB, MARGIN_DB) if is_lossy else (MARGIN_DB,)
        self._tape = Tape(source.sample_rate, source.layout)
        self._playing: Playing | None = None

    def close(self) -> None:
        """Forget the sound."""
        self._tape.close()

    def prepare(self, runs: Sequence[PlacedRun]) -> Iterator[None]:
        """Read the sound and find how to play it; yields now and then, as a sign of life."""
        tape, meter = self._tape, LoudnessMeter(with_peaks=False)
        for samples in gathered(self._source.blocks(runs)):
            if samples.shape[1]:
                tape.record(samples)
                if self._target is not None:
                    meter.add(tape.frame(samples))
            yield
        tape.peaks.add(None)
        meter.end()
        self._playing = Playing(tape, 0.0, 0.0, np.ones_like(tape.peaks.heights()))
        if self._target is None:
            return
        if meter.loudness <= SILENT_LUFS:
            self.note = "the sound is silent or too short to have a loudness: it stays as it is"
            return
        trial = yield from self._fit(self._playing, meter, self._target)
        self._playing, self.encoding = trial.playing, trial.encoding

    def blocks(self) -> Iterator[Samples]:
        """Yield all of the sound, in blocks (C, T), once it is known how to play it."""
        assert self._playing is not None
        return self._playing.blocks()

    def _fit(
        self, playing: Playing, meter: LoudnessMeter, target: float
    ) -> Generator[None, None, Trial]:
        """Find how to play a tape; yield signs of life.

        Args:
            playing: the tape as it is.
            meter: what it was measured by.
            target: the loudness to be heard, LUFS.
        """
        peaks = playing.tape.peaks
        foretelling = Foretelling(np.array(meter.momentary), peaks.heights(), peaks.step_seconds)
        for margin_db in self._margins_db:
            playing = replace(playing, ceiling_db=PEAK_DBTP - margin_db)
            if foretelling.loudness(_loudest(playing).gains()) >= target:
                break
        lost_db = 0.0  # by the encoder
        best: Trial | None = None
        for spread in SPREADS_SECONDS:
            playing, played = yield from _approach(playing, foretelling, target + lost_db)
            trial, heard = yield from self._try(playing, target)
            best = min(best or trial, trial, key=lambda each: each.badness)
            can_improve = abs(played - target - lost_db) <= CLOSE_DB
            if not trial.excess_db and (trial.off_db <= CLOSE_DB or not can_improve):
                break
            lost_db = played - heard.loudness
            assert heard.peaks is not None
            playing = playing.lowered(heard.peaks, spread)
        assert best is not None
        if best.excess_db:  # then the loudness has to give way
            scaled = best.playing.scaled(-best.excess_db - MARGIN_DB)
            trial, _ = yield from self._try(scaled, target)
            best = min(best, trial, key=lambda each: each.badness)
        if best.excess_db:
            reached = f"{PEAK_DBTP + best.excess_db:.1f} dBTP"
            self.note = f"the encoder adds to the peaks: they reach {reached}"
        elif best.off_db > TOLERANCE_DB:
            self.note = (
                f"its peaks leave no room for {target:g} LUFS: it is {best.off_db:.1f} LU off"
            )
        return best

    def _try(
        self, playing: Playing, target: float
    ) -> Generator[None, None, tuple[Trial, LoudnessMeter]]:
        """Encode a tape, decode it, and measure that; yield signs of life."""
        encoding = self._through(playing.blocks())
        meter = yield from _measured(encoding.frames(), with_peaks=True)
        excess_db = max(0.0, meter.true_peak - PEAK_DBTP)
        return Trial(playing, encoding, excess_db, abs(meter.loudness - target)), meter


def _approach(
    playing: Playing, foretelling: Foretelling, target: float
) -> Generator[None, None, tuple[Playing, float]]:
    """Find a gain for a loudness before the encoder, which costs less; yield signs of life.

    Returns:
        How to play the tape, and how loud it is then, LUFS.
    """
    offset = 0.0
    while True:
        playing = _foretold(playing, foretelling, target - offset)
        meter = yield from _measured(map(playing.tape.frame, playing.blocks()))
        last = offset
        offset = meter.loudness - foretelling.loudness(playing.gains())
        is_close = abs(target - meter.loudness) <= CLOSE_DB / 2
        if is_close or abs(offset - last) <= CLOSE_DB / 4:
            return playing, meter.loudness


def _loudest(playing: Playing) -> Playing:
    """Return how to play a tape as loud as can be."""
    most_db = PEAK_DBTP + MAX_LIMITED_DB - _decibels(playing.tape.peaks.highest)
    return replace(playing, gain_db=most_db, look_seconds=SHORTEST_LOOK_SECONDS)


def _foretold(playing: Playing, foretelling: Foretelling, target: float) -> Playing:
    """Return how to play a tape for a loudness, as far as it can be foretold.

    Where the peaks take most of what the gain gives, it comes back sooner behind them.
    """
    most_db = _loudest(playing).gain_db

    def at(gain_db: float) -> float:
        return foretelling.loudness(replace(playing, gain_db=gain_db).gains())

    while True:
        greatest = at(most_db)
        reachable = target if greatest >= target else greatest - SATURATED_DB
        low, high = most_db - GAIN_RANGE_DB, most_db
        while high - low > GAIN_STEP_DB:
            middle = (low + high) / 2
            low, high = (low, middle) if at(middle) >= reachable else (middle, high)
        look = playing.look_seconds
        if look <= SHORTEST_LOOK_SECONDS or at(high) - at(high - 1) >= LEAST_SLOPE:
            return replace(playing, gain_db=high)
        playing = replace(playing, look_seconds=max(look / 2, SHORTEST_LOOK_SECONDS))


def _measured(
    frames: Iterator[Any], *, with_peaks: bool = False
) -> Generator[None, None, LoudnessMeter]:
    """Measure frames of PyAV; yield signs of life."""
    meter = LoudnessMeter(with_peaks=with_peaks)
    for frame in frames:
        meter.add(frame)
        yield
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
