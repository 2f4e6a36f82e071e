"""Join the sound of neighbouring runs without a click and without a dip.

The source goes on behind the end of a run and before the start of the next one. So a cut is a
short cross-fade of real sound, and takes no time of the reel:

    run 0, on under the cut      ━━━━━━━━━━━━━━┓╲
    run 1, from before the cut              ╱┏━━━━━━━━━━━━━━
    reel                         ─────────────┼─────────────     the cut: where the picture changes

With `crossfade_seconds` the runs themselves overlap, and that overlap is the fade. Without, the
levels of the two runs meet half way at the cut, within limits: the sound does not jump.

Letters: C channels, T samples. Runs in the encoding process only, see `vsumm.reel.job`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vsumm.reel.layout import PlacedRun, ticks_of_runs
from vsumm.reel.place_sound import Samples, fade_ends

ONSET_FADE_SECONDS = 0.02
"""Length of the fade where something sets in: a word or a beat is neither blunted nor let in."""
STEADY_FADE_SECONDS = 0.04
"""Length of the fade where the sound is steady, but no tone: noise, or next to nothing."""
TONE_FADE_SECONDS = 0.06
"""Length of the fade where both sides are steady tones: held notes, vowels."""
STEP_SECONDS = 0.01
"""Length of the steps in which levels are compared: a period of a deep voice or note."""
STEADY_RATIO = 4.0
"""Where the powers of two steps differ by this, 6 dB, something sets in or ends."""
SILENT_POWER = 1e-6
"""Mean square below which all counts as equally silent: -60 dB of full scale."""
TONE_SAMPLE_RATE = 8000
"""Rate to which sound is averaged to look for tones, Hz."""
TONE_LAGS_SECONDS = 0.002, 0.02
"""Periods in which a tone repeats: 500 Hz to 50 Hz; higher ones repeat with a multiple."""
TONE_CORRELATION = 0.8
"""Correlation of a sound with itself, a period later, from which on it is a tone."""

RIDE_SECONDS = 1.5
"""How long before a cut the level begins to meet that behind it, and how long behind it it is its
own again; at most half of a run."""
RIDE_DB = 4.0
"""By how much the level of each side is changed at most, dB."""
STEADY_RIDE_DB = 18.0
"""By how much a loud side that is steady, such as noise or music, is lowered at most, dB: to an
eighth of its amplitude, as one fades it in or out by hand. A blow or a word keeps its force."""
RIDE_LEAST_POWER = 1e-5
"""Mean square, -50 dB of full scale, below which a side is silent, and nothing is changed."""
LEVEL_SECONDS = 0.4
"""Length of sound whose level counts on each side: the momentary window of EBU R128."""


class RunSound(Protocol):
    """The sound of runs, as `SoundPlacer` reads it: of one film or of several."""

    sample_rate: int
    """Samples per second of the blocks, Hz."""
    layout: str
    """FFmpeg's name of their channel layout."""
    silent_seconds: float
    """How much silence replaces sound that could not be read."""

    def run_blocks(self, run: PlacedRun, num_samples: int) -> Iterator[Samples]:
        """Yield exactly that many samples from the beginning of a run on, in blocks (C, T)."""

    def span_of(self, run: PlacedRun) -> tuple[Fraction, Fraction]:
        """Return when the track of a run's film begins and ends, on the presentation clock."""


class JoinedSound:
    """The sound of films, joined at the cuts."""

    def __init__(self, placer: RunSound) -> None:
        self.sample_rate, self.layout = placer.sample_rate, placer.layout
        self._placer = placer

    @property
    def silent_seconds(self) -> float:
        """As `SoundSource.silent_seconds`."""
        return self._placer.silent_seconds

    def blocks(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """Yield the sound of all runs in the order of the reel, in blocks (C, T) of any length."""
        num_samples = ticks_of_runs(runs, self.sample_rate)[-1].stop
        return fade_ends(self._joined(runs), num_samples, self.sample_rate)

    def _joined(self, runs: Sequence[PlacedRun]) -> Iterator[Samples]:
        """Yield the blocks; near a cut both runs are read.

        samples          0 ........ 40 .... 50 ............ 90       one cut, at 45
        run 0            [=====================)
        run 1                        [=====================)
        yielded          0..39: run 0   40..49: joined   50..89: run 1
        """
        all_ticks = ticks_of_runs(runs, self.sample_rate)
        tail = np.zeros((1, 0), np.float32)
        for run, ticks, (before, after) in zip(
            runs, all_ticks, pairwise(self._joins(runs, all_ticks)), strict=True
        ):
            begin = run.source_start - Fraction(ticks.start - before.start, self.sample_rate)
            reel_start = Fraction(before.start, self.sample_rate)
            longer = replace(run, source_start=begin, reel_start=reel_start)
            samples = BlockReader(self._placer.run_blocks(longer, after.stop - before.start))
            head = samples.read(before.num_samples + before.num_after)
            yield from before.joined(tail, head, self.sample_rate)
            position = before.stop + before.num_after
            yield from samples.blocks(after.start - after.num_before - position)
            tail = samples.read(after.num_before + after.num_samples)

    def _joins(self, runs: Sequence[PlacedRun], all_ticks: Sequence[range]) -> list[_Join]:
        """Return where neighbouring runs are joined; the first and the last join are empty."""
        longest = round(TONE_FADE_SECONDS * self.sample_rate) // 2
        joins = [_Join(0, 0)]
        for (left, right), (left_ticks, right_ticks) in zip(
            pairwise(runs), pairwise(all_ticks), strict=True
        ):
            if right_ticks.start < left_ticks.stop:
                joins.append(_Join(right_ticks.start, left_ticks.stop))
                continue
            # At most to the middle of a run: its two joins must not meet.
            reach = min(longest, len(left_ticks) // 2, len(right_ticks) // 2)
            cut = left_ticks.stop
            if right.film == left.film and right.source_start == left.source_end:
                # Nothing is left out: both sound the same.
                joins.append(_Join(cut - reach, cut + reach))
                continue
            margin = Fraction(reach, self.sample_rate)
            goes_on = left.source_end + margin <= self._placer.span_of(left)[1]
            has_begun = right.source_start - margin >= self._placer.span_of(right)[0]
            rides = (self._ride(len(ticks) // 2 - reach) for ticks in (left_ticks, right_ticks))
            joins.append(_Join(cut - reach, cut + reach, cut, goes_on, has_begun, *rides))
        return [*joins, _Join(all_ticks[-1].stop, all_ticks[-1].stop)]

    def _ride(self, longest: int) -> int:
        """Return for how many samples the level of a run is ridden at a cut."""
        return int(min(longest, RIDE_SECONDS * self.sample_rate))


@dataclass(frozen=True)
class _Join:
    """A stretch of the reel, in samples, in which two runs are read."""

    start: int
    stop: int
    cut: int | None = None
    """Where the second run begins; None: all of the stretch is faded."""
    goes_on: bool = True
    """Whether there is sound of the first run behind the cut."""
    has_begun: bool = True
    """Whether there is sound of the second run before the cut."""
    num_before: int = 0
    """For how many samples before the stretch the level is ridden."""
    num_after: int = 0
    """For how many samples behind it."""

    @property
    def num_samples(self) -> int:
        return self.stop - self.start

    def joined(self, tail: Samples, head: Samples, sample_rate: int) -> Iterator[Samples]:
        """Yield the stretch and what is ridden around it.

        Args:
            tail: the first run from `num_before` before the stretch to its end, (C, T).
            head: the second run from its start to `num_after` behind it, (C, T).
            sample_rate: of both, Hz.
        """
        if self.cut is not None and self.num_samples:
            into, out = self.num_before, self.num_samples
            num_level = round(LEVEL_SECONDS * sample_rate)
            middle = self.cut - self.start
            up, down = ride_gains(tail[:, : into + middle], head[:, middle:], num_level=num_level)
            tail = tail * _swell(into, out, min(up, _room(tail)))
            head = head * _swell(self.num_after, out, min(down, _room(head)))[::-1]
        yield tail[:, : self.num_before]
        yield self.mix(tail[:, self.num_before :], head[:, : self.num_samples], sample_rate)
        yield head[:, self.num_samples :]

    def mix(self, fading: Samples, rising: Samples, sample_rate: int) -> Samples:
        """Return the stretch (C, T), of the same stretch of both runs.

        The fade has its middle at the cut. What lies beyond the cut is left out where the source
        has nothing there, or where something louder sets in or ends there, like a word: then the
        run fades out up to the cut, or in from the cut on.
        """
        if self.cut is None or not self.num_samples:
            return cross_fade(fading, rising)
        middle = self.cut - self.start
        fade = round(fade_seconds(fading, rising, sample_rate) * sample_rate)
        reach = min(fade // 2, middle)
        goes_on = self.goes_on and not _is_louder(fading[:, middle:], fading[:, :middle])
        has_begun = self.has_begun and not _is_louder(rising[:, :middle], rising[:, middle:])
        ends = middle + reach if goes_on else middle
        begins = middle - reach if has_begun else middle
        gone = _ramp(self.num_samples, middle - reach, ends)
        come = _ramp(self.num_samples, begins, middle + reach)
        return cross_fade(fading, rising, gone, come)


def cross_fade(
    fading: Samples,
    rising: Samples,
    gone: NDArray[np.float64] | None = None,
    come: NDArray[np.float64] | None = None,
) -> Samples:
    """Fade one sound over into another, at constant power, and no louder than full scale.

    The gains are a quarter of a cosine and of a sine: unrelated sounds keep their power. Sounds
    that are alike would gain up to 3 dB; what their correlation adds is divided out (Fink, Holters,
    Zölzer, "Signal-matched power-complementary cross-fading and dry-wet mixing", DAFx 2016). So a
    sound that is faded over into itself stays as it is. Where the mixture would be above full
    scale, and neither sound is, the gains add up to one instead.

    Args:
        fading: what goes, float32 (C, T).
        rising: what comes, (C, T).
        gone: how far the first has gone, (T,) in [0, 1]; evenly from 0 to 1 if left out.
        come: how far the second has come, (T,) in [0, 1]; the same.

    Returns:
        The mixture, (C, T).
    """
    num_samples = rising.shape[1]
    even = _ramp(num_samples, 0, num_samples)
    down = np.cos((even if gone is None else gone) * np.pi / 2)
    up = np.sin((even if come is None else come) * np.pi / 2)
    both = (down > 0) & (up > 0)
    alike = max(0.0, _correlation(fading[:, both], rising[:, both]))
    norm = np.sqrt(1 + 2 * alike * down * up)
    mixed = _sum(fading, rising, down / norm, up / norm)
    if _peak(mixed) > max(1.0, _peak(fading), _peak(rising)):
        norm = np.maximum(1, down + up)
        mixed = _sum(fading, rising, down / norm, up / norm)
    return mixed


def fade_seconds(fading: Samples, rising: Samples, sample_rate: int) -> float:
    """Choose the length of the fade at a cut by the sound on both sides of it.

    Args:
        fading: the end of a run and what follows it in the source, (C, T).
        rising: what precedes the next run in the source, and its beginning, (C, T).
        sample_rate: of both, Hz.
    """
    sides = fading.mean(axis=0), rising.mean(axis=0)
    if not all(_is_steady(side, sample_rate) for side in sides):
        return ONSET_FADE_SECONDS
    if all(_is_tone(side, sample_rate) for side in sides):
        return TONE_FADE_SECONDS
    return STEADY_FADE_SECONDS


def ride_gains(before: Samples, after: Samples, *, num_level: int) -> tuple[float, float]:
    """Return gains for both sides of a cut that bring their levels closer together.

    Each side meets the other half way, by at most RIDE_DB; a loud side that is steady is lowered
    further. Beside silence nothing is changed: it is no jump where something begins or ends.

    Args:
        before: the sound up to the cut that may be changed, (C, T).
        after: the sound from the cut on that may be changed, (C, T).
        num_level: samples beside the cut whose level counts.

    Returns:
        Gains at the cut, linear.
    """
    powers = [_power(before[:, -num_level:]), _power(after[:, :num_level])]
    if min(powers) < RIDE_LEAST_POWER:
        return 1.0, 1.0
    step_db = 10 * float(np.log10(powers[1] / powers[0]))
    each_db = float(np.clip(step_db / 2, -RIDE_DB, RIDE_DB))
    gains_db = [each_db, -each_db]
    louder, loud = (1, after) if step_db > 0 else (0, before[:, ::-1])
    if _keeps_level(loud, num_level):
        gains_db[louder] -= min(abs(step_db) - 2 * abs(each_db), STEADY_RIDE_DB - RIDE_DB)
    up, down = (10 ** (gain_db / 20) for gain_db in gains_db)
    return up, down


class BlockReader:
    """Take any number of samples from blocks of any length."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = blocks
        self._left: Samples | None = None

    def blocks(self, num_samples: int) -> Iterator[Samples]:
        """Yield the next samples in blocks as they come, fewer at the end."""
        while num_samples > 0:
            block = next(self._blocks, None) if self._left is None else self._left
            if block is None:
                return
            piece, rest = block[:, :num_samples], block[:, num_samples:]
            self._left = rest if rest.shape[1] else None
            num_samples -= piece.shape[1]
            if piece.shape[1]:
                yield piece

    def read(self, num_samples: int) -> Samples:
        """Return the next samples as one block, fewer at the end."""
        pieces = list(self.blocks(num_samples))
        return np.concatenate(pieces, axis=1) if pieces else np.zeros((1, 0), np.float32)

    def hops(self, num_samples: int) -> Iterator[Samples]:
        """Yield all samples in blocks of one length, the last one shorter."""
        while (block := self.read(num_samples)).shape[1]:
            yield block


def _is_steady(samples: NDArray[np.float32], sample_rate: int) -> bool:
    """Whether the level of samples (T,) stays about the same."""
    step = max(1, round(STEP_SECONDS * sample_rate))
    whole = samples[: len(samples) // step * step].reshape(-1, step)
    power = np.maximum(np.mean(np.square(whole), axis=1), SILENT_POWER)
    return bool(power.max(initial=SILENT_POWER) < STEADY_RATIO * power.min(initial=np.inf))


def _keeps_level(samples: Samples, num_level: int) -> bool:
    """Whether samples (C, T) are, stretch by stretch, about as loud as at their beginning."""
    count = samples.shape[1] // num_level
    powers = [_power(samples[:, k * num_level : (k + 1) * num_level]) for k in range(count)]
    return count > 1 and max(powers) < STEADY_RATIO * max(min(powers), SILENT_POWER)


def _is_tone(samples: NDArray[np.float32], sample_rate: int) -> bool:
    """Whether samples (T,) repeat themselves."""
    coarse = max(1, sample_rate // TONE_SAMPLE_RATE)
    samples = samples[: len(samples) // coarse * coarse].reshape(-1, coarse).mean(axis=1)
    first, last = (round(lag * sample_rate / coarse) for lag in TONE_LAGS_SECONDS)
    return any(
        _correlation(samples[:-lag], samples[lag:]) > TONE_CORRELATION
        for lag in range(first, min(last, len(samples) // 2) + 1)
    )


def _swell(num_samples: int, num_held: int, gain: float) -> NDArray[np.float32]:
    """Return a gain (T,) that goes from 1 to another one, on a cosine in decibels, and stays."""
    shares = (1 - np.cos(np.pi * _ramp(num_samples, 0, num_samples))) / 2
    return np.concatenate([gain**shares, np.full(num_held, gain)]).astype(np.float32)


def _is_louder(one: Samples, other: Samples) -> bool:
    """Whether one sound is louder than another by as much as no steady sound changes."""
    return _power(one) > STEADY_RATIO * max(_power(other), SILENT_POWER)


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples))) if samples.size else 0.0


def _ramp(num_samples: int, begin: int, end: int) -> NDArray[np.float64]:
    """Return 0 up to a sample, 1 from another on, and what is evenly between, (T,)."""
    return np.clip((np.arange(num_samples) + 0.5 - begin) / max(1, end - begin), 0, 1)


def _sum(
    fading: Samples, rising: Samples, down: NDArray[np.float64], up: NDArray[np.float64]
) -> Samples:
    return (fading * down + rising * up).astype(np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the correlation of two sounds of one shape, in [-1, 1]; 0 where one is silent."""
    powers = float(np.sum(np.square(one)) * np.sum(np.square(other)))
    return float(np.sum(one * other)) / powers**0.5 if powers > 0 else 0.0


def _room(samples: Samples) -> float:
    """Return the gain that brings samples to full scale, at least 1."""
    return 1 / min(1.0, max(_peak(samples), 1e-9))


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max(initial=0))
