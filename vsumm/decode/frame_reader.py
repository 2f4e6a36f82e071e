"""Read frames of a film at wanted times, in processes of their own.

    MediaInfo, times ──> read_frames ──> FrameReader ──> Frame, Frame, ...
                                          │
                                          ├─ lane 0 ──> worker process, vsumm.decode.pick_frames
                                          └─ lane 1 ──> worker process, for long films

The workers start at the call and decode ahead of the consumer. When a decoder crashes or hangs,
another one goes on; `FrameReader.report` says how much could not be read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, pairwise
from typing import Any, Self

import numpy as np

from vsumm.config import Decoder
from vsumm.errors import InputError, NoSignalError
from vsumm.files import shown
from vsumm.media import DecodeReport, MediaInfo, VideoStream, scaled_size
from vsumm.workers import Answers, WorkerLostError

JOBS = {
    "pyav": "vsumm.decode.pick_frames:run_frames",
    "decord": "vsumm.decode.decord_frames:run_decord_frames",
}
"""Job of the decoding process by decoder."""

ATTEMPTS = {
    "auto": ("pyav", "decord", "pyav", "pyav"),
    "pyav": ("pyav", "pyav"),
    "decord": ("decord",),
}
"""The decoders that are tried one after the other when one crashes or hangs. A decoder that is
tried again leaves out the frame at which it failed.

PyAV comes first. It does not decode what is not needed: for one frame in 2 s of 720p it took 0.45
to 0.8 of the CPU time of a full decode, decord 0.7 to 1.2; where every frame is a reference, both
took 1.0 to 1.2. And it is right about start offsets, edit lists, AV1, GIF, MPEG-TS and cut files,
where decord is not."""

LANE_TIMES = 64
"""Wanted times that one lane decodes, at most, before the other one takes over. Each change costs
something: it falls inside a group of pictures, half of which both lanes decode."""

LANE_PIXELS = 2e9
"""Films with so many pixels in all their frames get a second lane: 90 s of 720p. It would make
shorter ones dearer: of 10 s both lanes decode half."""


@dataclass(frozen=True)
class Coded:
    """How a frame lies in the file."""

    is_key: bool
    """Whether it is a key frame: it needs no other to be decoded."""
    num_bytes: int
    """Size of its packet."""
    most_between: int | None
    """Size of the largest packet of the frames that lie between the one that was read before and
    this, 0 without any; None where it is not known."""


@dataclass(frozen=True)
class Frame:
    """One picture of the film."""

    index: int
    """Index into the wanted times."""
    time_seconds: float
    """When the frame comes on screen, on the presentation clock."""
    pixels: np.ndarray
    """Upright picture with square pixels, uint8 (H, W, 3) RGB."""
    coded: Coded | None = None
    """How it lies in the file; None where the decoder does not say."""


def read_frames(
    info: MediaInfo,
    times_seconds: Sequence[float],
    *,
    latest_seconds: Sequence[float] | None = None,
    short_side: int = 256,
    decoder: Decoder = "auto",
    are_keys: bool = False,
) -> FrameReader:
    """Read the frames on screen at the given times, or soon after.

    On screen at a time is the last frame that begins by then; before the first frame, the first
    one. Times at or after the end of the picture have no frame and are not counted as lost.

    Args:
        info: the film.
        times_seconds: wanted times on the presentation clock, ascending, seconds.
        latest_seconds: for each of them, up to when a later frame may replace the one on screen, no
            later than the next wanted time. The first key frame in between is taken, or else the
            frame that needs the fewest others. That is faster, and `Frame.time_seconds` says when
            the frame begins. None: only the frames on screen.
        short_side: short side of the pictures in pixels; smaller films keep their size.
        decoder: which decoder reads the film; "auto" tries another one where PyAV fails.
        are_keys: whether all of them are key frames: decoding may then leave out what only matters
            to other frames.

    Returns:
        An iterator and context manager; frames come in the order of their times, and times that
        could not be read are left out and counted in its `report`.

    Raises:
        NoSignalError: the film has no picture.
        ValueError: the times do not ascend, the latest ones do not lie between them, or an option
            is out of range.
        InputError: (while iterating) not a single frame could be read.
    """
    return FrameReader(
        info,
        times_seconds,
        times_seconds if latest_seconds is None else latest_seconds,
        short_side=short_side,
        decoder=decoder,
        are_keys=are_keys,
    )


class FrameReader:
    """Frames of a film, see `read_frames`."""

    def __init__(
        self,
        info: MediaInfo,
        times_seconds: Sequence[float],
        latest_seconds: Sequence[float],
        *,
        short_side: int,
        decoder: Decoder,
        are_keys: bool,
    ) -> None:
        if info.video is None:
            raise NoSignalError(f"no picture in {shown(info.path)}")
        wanted = _checked_times(times_seconds, latest_seconds)
        if decoder not in ATTEMPTS:
            raise ValueError(f"decoder must be one of {', '.join(ATTEMPTS)}, got {decoder!r}")
        if short_side < 1:
            raise ValueError(f"short_side must be positive, got {short_side}")
        self._info = info
        self._end = info.video.start_seconds + info.video.duration_seconds
        self._times = [time for time, _ in wanted if time < self._end]
        self._num_read = 0
        self._lost: dict[int, str] = {}
        request = {
            "path": str(info.path.absolute()),
            "start_seconds": info.start_seconds,
            "video": asdict(info.video),
            "size": scaled_size(info.video.width, info.video.height, short_side),
            "are_keys": are_keys,
        }
        num_lanes = _num_lanes(info.video)
        self._lane_of = _lanes_in_turn(len(self._times), num_lanes)
        shares: list[list[tuple[float, float]]] = [[] for _ in range(num_lanes)]
        for index, lane in enumerate(self._lane_of):
            if self._begins_a_block(index):
                shares[lane].append(wanted[index - 1])
            shares[lane].append(wanted[index])
        self._lanes = [_Lane(share, decoder, request) for share in shares]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def lost(self) -> dict[int, str]:
        """Why a wanted time could not be read, by its index; complete after the iteration."""
        return dict(self._lost)

    @property
    def decoders(self) -> list[str]:
        """The decoders that have been used, in the order of their use."""
        return list(dict.fromkeys(name for lane in self._lanes for name in lane.decoders))

    @property
    def report(self) -> DecodeReport:
        """What has been read so far; complete after the iteration."""
        return picture_report(self._info, self._times, lost=self._lost, decoders=self.decoders)

    def __iter__(self) -> Iterator[Frame]:
        results = [iter(lane) for lane in self._lanes]
        try:
            for index, lane in enumerate(self._lane_of):
                if self._begins_a_block(index):
                    next(results[lane])
                result = next(results[lane])
                if result.pixels is None:
                    self._lost[index] = result.problem
                else:
                    self._num_read += 1
                    yield Frame(index, result.time_seconds, result.pixels, result.coded)
        finally:
            self.close()
        if self._times and not self._num_read:
            reason = next(iter(self._lost.values()), "nothing was decoded")
            raise InputError(f"cannot read the picture of {shown(self._info.path)}: {reason}")

    def _begins_a_block(self, index: int) -> bool:
        """Return whether a lane takes over from the other one here.

        It reads the time before as well: `Coded.most_between` is about the frame read before.
        """
        return index > 0 and self._lane_of[index - 1] != self._lane_of[index]

    def close(self) -> None:
        """Stop reading and let go of the workers."""
        for lane in self._lanes:
            lane.close()


def picture_report(
    info: MediaInfo,
    times_seconds: Sequence[float],
    *,
    lost: Mapping[int, str],
    decoders: Sequence[str],
) -> DecodeReport:
    """Return how much of a picture was read.

    Args:
        info: the film.
        times_seconds: the wanted times, ascending; those behind the end do not count.
        lost: why some of them could not be read, by their index.
        decoders: the decoders that were used, in the order of their use.
    """
    assert info.video is not None, "nothing was wanted of a film without picture"
    end_seconds = info.video.start_seconds + info.video.duration_seconds
    times = [time for time in times_seconds if time < end_seconds]
    cells = _cells(times, info.video.start_seconds, end_seconds)
    unreadable = sum(cells[index] for index in sorted(lost))
    reasons = tuple(dict.fromkeys(lost[index] for index in sorted(lost)))
    return DecodeReport(", then ".join(decoders), sum(cells), unreadable, reasons)


def _cells(times: Sequence[float], start_seconds: float, end_seconds: float) -> list[float]:
    """Return how much of the film each wanted time represents, up to half-way to the next.

    start         0        1             2          end
      |-----------^--------^-------------^-----------|
      |<----- 0 ----->|<--- 1 --->|<-------- 2 ----->|
    """
    if not times:
        return []
    middles = [(earlier + later) / 2 for earlier, later in pairwise(times)]
    borders = [min(start_seconds, times[0]), *middles, end_seconds]
    return [later - earlier for earlier, later in pairwise(borders)]


def _checked_times(
    times_seconds: Sequence[float], latest_seconds: Sequence[float]
) -> list[tuple[float, float]]:
    """Return the pairs of a wanted time and its latest time.

    Raises:
        ValueError: see `read_frames`.
    """
    times = [float(time) for time in times_seconds]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise ValueError("times_seconds must ascend")
    if times and not (times[0] >= 0 and math.isfinite(times[-1])):
        raise ValueError(f"times_seconds must be finite and >= 0, got {times[0]}..{times[-1]}")
    if len(latest_seconds) != len(times):
        raise ValueError(f"{len(times)} times_seconds but {len(latest_seconds)} latest_seconds")
    wanted = list(zip(times, map(float, latest_seconds), strict=True))
    if any(later < earlier for earlier, later in pairwise(chain.from_iterable(wanted))):
        raise ValueError("each of latest_seconds must lie between its time and the next one")
    return wanted


def _num_lanes(video: VideoStream) -> int:
    """Return how many processes share the picture: two for long films, if there are two cores."""
    pixels = video.width * video.height * video.frame_rate * video.duration_seconds
    return 2 if pixels >= LANE_PIXELS and (os.cpu_count() or 1) > 1 else 1


def _lanes_in_turn(num_times: int, num_lanes: int) -> list[int]:
    """Return the lane of each wanted time: blocks of equal length, `LANE_TIMES` at most, in turn.

    >>> _lanes_in_turn(10, 2)
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    >>> _lanes_in_turn(4 * LANE_TIMES, 2)[:: LANE_TIMES]
    [0, 1, 0, 1]
    """
    num_blocks = num_lanes * max(1, math.ceil(num_times / (num_lanes * LANE_TIMES)))
    block = max(1, math.ceil(num_times / num_blocks))
    return [index // block % num_lanes for index in range(num_times)]


@dataclass(frozen=True)
class _Result:
    """What was read for one wanted time."""

    pixels: np.ndarray | None
    """The upright picture, uint8 (H, W, 3) RGB, or None where it could not be read."""
    time_seconds: float = 0.0
    """When it comes on screen, seconds on the presentation clock."""
    coded: Coded | None = None
    """How it lies in the file; None where the decoder does not say."""
    problem: str = ""
    """Why it could not be read."""


class _Lane:
    """Results for ascending times, one for each, in their order, from one worker after another.

    A worker starts at once. Its answers count from the first time that it was asked for:

        wanted         0 1 2 3 4 5 6 7      the worker was lost after 2, a new one is asked
        new worker           0 1 2 3 4
                             ^ _first
        after its 1              ^ _next = _first + 1 + 1

    Args:
        wanted: wanted times and their latest times, seconds on the presentation clock.
        decoder: which decoders are tried, see `ATTEMPTS`.
        request: the other arguments of the decoding job.
    """

    def __init__(
        self, wanted: Sequence[tuple[float, float]], decoder: Decoder, request: dict[str, Any]
    ) -> None:
        self.decoders: list[str] = []
        self._wanted = wanted
        self._request = request
        self._attempts = list(ATTEMPTS[decoder])
        self._next = 0  # the first time that is neither read nor lost
        self._first = 0  # the first time that the worker was asked for
        self._problem = "the file ends early"
        self._answers: Answers | None = None
        self._ask()

    def __iter__(self) -> Iterator[_Result]:
        while self._answers is not None:
            try:
                yield from self._results(self._answers)
                self.close()
            except (WorkerLostError, InputError) as error:
                self.close()
                yield from self._try_again(str(error))
        while self._next < len(self._wanted):
            self._next += 1
            yield _Result(None, problem=self._problem)

    def close(self) -> None:
        """Stop reading and let go of the worker."""
        if self._answers is not None:
            self._answers.close()
            self._answers = None

    def _results(self, answers: Answers) -> Iterator[_Result]:
        for message in answers:
            header = message.header
            self._next = self._first + header["index"] + 1
            if header["kind"] == "missing":
                yield _Result(None, problem=header["problem"])
            else:
                pixels = message.payload.reshape(header["shape"])
                yield _Result(pixels, header["time"], coded=_coded(header))

    def _try_again(self, problem: str) -> Iterator[_Result]:
        """Go on after a decoder failed: with the next one, or not at all."""
        if not self._attempts:
            self._problem = problem
            return
        if self._attempts[0] in self.decoders:  # it failed at this place before
            self._next += 1
            yield _Result(None, problem=problem)
        self._ask()

    def _ask(self) -> None:
        self._first = self._next
        wanted = self._wanted[self._first :]
        if wanted:
            decoder = self._attempts.pop(0)
            self.decoders += [decoder] if decoder not in self.decoders else []
            self._answers = Answers(JOBS[decoder], wanted=wanted, **self._request)


def _coded(header: dict[str, Any]) -> Coded | None:
    if header.get("num_bytes") is None:
        return None
    return Coded(header["is_key"], header["num_bytes"], header["most_between"])
