"""Bring the pictures of all runs onto the clock of the reel.

Two kinds of clock:

- A film with a constant rate keeps it: tick k is the reel's frame k. The frames of a run take
  successive ticks from the run's first one on, so that a frame is never more than one frame early
  or late, and rounding shows only at a cut, as a frame dropped or held.
- Any other film keeps its exact times, on a clock fine enough for them.

A run [10.05 s, 10.25 s) of a film with 25 frames/s that begins at tick 50 of the reel:

    source frame   10.04      10.08      10.12      10.16      10.20      10.24
    in the run?    no, on     yes        yes        yes        yes        yes
                   screen at 10.05
    tick           -          50         51         52         53         54

The frame on screen fills the beginning of a run if the first frame of the run comes at least a
tick later. The last good frame fills holes, and before the first frame of a film the reel is black.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import floor
from typing import Any

from vsumm.decode import PictureFilter, PictureTarget, StreamReader, black_picture
from vsumm.media import TOLERANCE_SECONDS
from vsumm.reel.layout import (
    PlacedRun,
    constant_rate,
    round_half_up,
    ticks_of_runs,
)
from vsumm.reel.shape import Reshaper

EXACT_RATE = Fraction(90_000)
"""Ticks per second of a reel without constant rate: MPEG's clock, which common rates divide."""
SLOWEST_CONSTANT_RATE = 10
"""Frames per second below which frames keep their exact times: a frame of error would be seen."""
SHORTEST_FILL_SECONDS = Fraction(1, 100)
"""A hole at the beginning of a run that is shorter than this is closed by its first frame."""
SURVEY_RUNS = 8
"""How many runs, at most twice, decide whether a film has a constant rate."""
SURVEY_FRAMES = 120
"""How many frames of each of these runs are looked at."""


@dataclass(frozen=True)
class ReelClock:
    """How the reel's pictures are timed."""

    rate: Fraction
    """Ticks per second."""
    is_constant: bool
    """Whether every tick shows a frame of its own."""


@dataclass(frozen=True)
class ReelPicture:
    """One picture of the reel."""

    frame: Any
    """The frame of PyAV; several pictures may share one."""
    tick: int
    """When it appears, ticks of the reel's clock."""
    num_ticks: int
    """How long it stays."""
    is_first_of_run: bool
    """Whether there is a cut right before it."""


def survey_rate(reader: StreamReader, runs: Sequence[PlacedRun]) -> Fraction | None:
    """Find the constant frame rate of the runs from their time stamps, without decoding."""
    stream = reader.stream
    named = (stream.average_rate, stream.base_rate, stream.guessed_rate)
    candidates = [Fraction(rate) for rate in named if rate]
    times: list[Fraction] = []
    for run in runs[:: max(1, len(runs) // SURVEY_RUNS)]:
        times += sorted(islice(reader.stamps_from(run.source_start), SURVEY_FRAMES))
    return constant_rate(times, candidates, reader.time_base)


class PicturePlacer:
    """Place the pictures of one stream; they cover all ticks of the reel without a hole.

    Attributes:
        held_seconds: how long the last good frame replaces damaged or missing ones.
    """

    def __init__(
        self,
        reader: StreamReader,
        clock: ReelClock,
        target: PictureTarget,
        *,
        span: tuple[Fraction, Fraction],
        reshaper: Reshaper,
        frame_rate: Fraction | None = None,
    ) -> None:
        """Prepare to read.

        Args:
            reader: the picture stream of the source.
            clock: how the reel's pictures are timed.
            target: what they look like.
            span: when the source's picture begins and ends, seconds on the presentation clock.
            reshaper: makes them of whole pictures of the film.
            frame_rate: frames per second of the film; None: as many as the clock has, or on
                average where its times are exact.
        """
        self.held_seconds = 0.0
        self._reader = reader
        self._clock = clock
        self._target = target
        self._span = span
        self._reshaper = reshaper
        self._filter = PictureFilter(reshaper.film_target(target))
        usual = clock.rate if clock.is_constant else reader.average_rate
        self._frame_rate = usual if frame_rate is None else frame_rate
        self._last_frame: Any = None

    def pictures(self, runs: Sequence[PlacedRun]) -> Iterator[ReelPicture]:
        """Yield the pictures of all runs in the order of the reel."""
        for run, ticks in zip(runs, ticks_of_runs(runs, self._clock.rate), strict=True):
            yield from self.pictures_of(run, ticks)

    def pictures_of(self, run: PlacedRun, ticks: range) -> Iterator[ReelPicture]:
        """Yield the pictures of one run, or of a part of it, for some ticks of the reel."""
        if ticks:
            yield from self._hold_until_next(self._with_ticks(run, ticks), ticks)

    def _with_ticks(self, run: PlacedRun, ticks: range) -> Iterator[tuple[int, Any]]:
        """Yield frames with the ascending ticks at which they appear, from the run's first on."""
        on_screen: Any = None
        anchor: tuple[Fraction, int] | None = None
        losses = _LossMeter(self._reader, run, self._span, self._clock, frame_rate=self._frame_rate)
        for time, frame in self._filter.apply(_frames_of_run(self._reader, run)):
            losses.add(time)
            frame = self._reshaper.apply(frame, float(max(time, run.source_start)))
            if not run.contains(time):
                on_screen = frame
                continue
            if anchor is None:
                anchor = time, self._first_tick(run, ticks, time)
                if anchor[1] > ticks.start:
                    yield ticks.start, self._stand_in(run, on_screen)
            tick = anchor[1] + round_half_up((time - anchor[0]) * self._clock.rate)
            if tick < ticks.stop:
                yield tick, frame
        if anchor is None or anchor[1] >= ticks.stop:
            yield ticks.start, self._stand_in(run, on_screen)
        self.held_seconds += losses.seconds()

    def _first_tick(self, run: PlacedRun, ticks: range, time: Fraction) -> int:
        """Return the tick of a run's first frame: the run's first, unless it comes much later."""
        hole_seconds = time - run.source_start
        if self._clock.is_constant:
            return ticks.start + floor((hole_seconds + TOLERANCE_SECONDS) * self._clock.rate)
        if hole_seconds < SHORTEST_FILL_SECONDS:
            return ticks.start
        return round_half_up(run.to_reel(time) * self._clock.rate)

    def _stand_in(self, run: PlacedRun, on_screen: Any) -> Any:
        """Return the frame on screen where the run begins; else the reel's last one; else black."""
        if on_screen is not None:
            return on_screen
        if self._last_frame is None or run.source_start < self._span[0]:
            return black_picture(self._target)
        return self._last_frame

    def _hold_until_next(
        self, frames: Iterable[tuple[int, Any]], ticks: range
    ) -> Iterator[ReelPicture]:
        """Yield every frame with the ticks up to the next one; repeat it at a constant rate.

        frames           (3, A)      (6, B)        ticks = range(3, 9)
        constant rate    A3 A4 A5    B6 B7 B8      one picture per tick
        exact times      A3, 3 long  B6, 3 long    one picture per frame
        """
        held: tuple[int, Any] | None = None
        for tick, frame in frames:
            if held is not None and tick > held[0]:
                yield from self._hold(*held, tick, ticks)
            if held is None or tick > held[0]:
                held = tick, frame
        if held is not None:
            yield from self._hold(*held, ticks.stop, ticks)

    def _hold(self, tick: int, frame: Any, until: int, ticks: range) -> Iterator[ReelPicture]:
        self._last_frame = frame
        step = 1 if self._clock.is_constant else until - tick
        for at in range(tick, until, step):
            yield ReelPicture(frame, at, step, is_first_of_run=at == ticks.start)


class _LossMeter:
    """Measure how much picture of one run is missing because it could not be read."""

    def __init__(
        self,
        reader: StreamReader,
        run: PlacedRun,
        span: tuple[Fraction, Fraction],
        clock: ReelClock,
        *,
        frame_rate: Fraction,
    ) -> None:
        self._reader = reader
        self._errors_before = reader.num_errors
        self._clock = clock
        self._usual_step = 1 / frame_rate
        self._end = min(run.source_end, span[1])
        self._last = max(run.source_start, span[0])
        self._missing = Fraction(0)

    def add(self, time: Fraction) -> None:
        """Count the hole before a frame."""
        self._missing += self._gap_before(time)
        self._last = max(self._last, time)

    def seconds(self) -> float:
        """Return how much is missing; call it after the last frame of the run."""
        has_errors = self._reader.num_errors > self._errors_before
        tail = self._gap_before(self._end)
        if not has_errors:
            # Frames of a film without constant rate may stay as long as they like.
            self._missing = Fraction(0)
            tail = tail if self._clock.is_constant else Fraction(0)
        return float(self._missing + tail)

    def _gap_before(self, time: Fraction) -> Fraction:
        gap = time - self._last
        return gap - self._usual_step if gap > 2 * self._usual_step else Fraction(0)


def _frames_of_run(reader: StreamReader, run: PlacedRun) -> Iterator[tuple[Fraction, Any]]:
    """Yield the frame on screen right before the run, and every frame that belongs to it."""
    before: tuple[Fraction, Any] | None = None
    for time, frame in reader.frames_from(run.source_start):
        if time >= run.source_end - TOLERANCE_SECONDS:
            break
        if not run.contains(time):
            before = time, frame
            continue
        if before is not None:
            yield before
            before = None
        yield time, frame
    if before is not None:
        yield before
