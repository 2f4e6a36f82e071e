"""Read the frames and the sound of a film on the presentation clock.

    MediaInfo ──> read_frames ──> Frame, Frame, ...          picture, at the wanted times
              └─> read_audio ───> AudioBlock, AudioBlock ... sound, without gaps

Both work in processes of their own that start at the call and run ahead of the consumer; a decoder
that crashes or hangs costs what it had not yet read, and `report` says how much that is.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from types import TracebackType
from typing import Any, Self

import numpy as np

from vsumm.config import Decoder
from vsumm.decode.lane import ATTEMPTS, FrameLane
from vsumm.decode.size import scaled_size
from vsumm.errors import InputError, NoSignalError
from vsumm.files import shown
from vsumm.media import DecodeReport, MediaInfo, VideoStream
from vsumm.workers import Answers, WorkerLostError

LANE_TIMES = 64
"""Wanted times that one lane decodes, at most, before the next one takes over. Where it does lies
inside a group of pictures, half of which both decode."""

LANE_PIXELS = 2e9
"""Pixels of a film, over all its frames, from which on a second lane pays: 90 s of 720p. With
less, one is done by the time that the model is loaded."""

END_SLACK_SECONDS = 0.25
"""Sound that ends this much before its declared end is complete: priming, rounding."""


@dataclass(frozen=True)
class Frame:
    """One picture of the film."""

    index: int
    """Index into the wanted times."""
    time_seconds: float
    """When the frame comes on screen, on the presentation clock."""
    pixels: np.ndarray
    """Upright picture with square pixels, uint8 (H, W, 3) RGB."""


@dataclass(frozen=True)
class AudioBlock:
    """A piece of a sound track, mixed to mono."""

    start_seconds: float
    """Time of the first sample, on the presentation clock."""
    samples: np.ndarray
    """Mean of the channels, float32 (T,), full scale at 1."""


def read_frames(
    info: MediaInfo,
    times_seconds: Sequence[float],
    *,
    latest_seconds: Sequence[float] | None = None,
    short_side: int = 256,
    decoder: Decoder = "auto",
) -> FrameReader:
    """Read the frames on screen at the given times, or soon after.

    On screen at a time is the last frame that begins by then; before the first frame, the first
    one. Times at or after the end of the picture have no frame and are not counted as lost.

    Args:
        info: the film.
        times_seconds: wanted times on the presentation clock, ascending, seconds.
        latest_seconds: for each of them, the time before which a frame may begin that is taken in
            place of the one on screen, no later than the next wanted time. The first key frame is,
            or else the frame that comes first in the file, a few frames after the wanted time at
            most. Cheaper, and `Frame.time_seconds` tells. None: only frames on screen.
        short_side: short side of the pictures in pixels; smaller films keep their size.
        decoder: who decodes; "auto" is the fastest that is exact for this film.

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
    )


def read_audio(
    info: MediaInfo, *, sample_rate: int = 16000, track: int | None = None
) -> AudioReader:
    """Read a sound track as mono, from the start of the presentation to the end of the track.

    Args:
        info: the film.
        sample_rate: wanted samples per second, Hz.
        track: which of `info.audio`; None: the one that a player takes.

    Returns:
        An iterator and context manager of contiguous blocks; the first one starts at 0, and what
        the file leaves out is silence.

    Raises:
        NoSignalError: there is no such track.
        ValueError: the sample rate is not positive.
        InputError: (while iterating) nothing of the track could be read.
    """
    track = info.main_track if track is None else track
    return AudioReader(info, sample_rate=sample_rate, track=track)


class _Reader:
    """What the two readers share: closing, and the context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading."""
        raise NotImplementedError


class FrameReader(_Reader):
    """Frames of a film, see `read_frames`."""

    def __init__(
        self,
        info: MediaInfo,
        times_seconds: Sequence[float],
        latest_seconds: Sequence[float],
        *,
        short_side: int,
        decoder: Decoder,
    ) -> None:
        if info.video is None:
            raise NoSignalError(f"no picture in {shown(info.path)}")
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
        if decoder not in ATTEMPTS:
            raise ValueError(f"decoder must be one of {', '.join(ATTEMPTS)}, got {decoder!r}")
        if short_side < 1:
            raise ValueError(f"short_side must be positive, got {short_side}")
        self._info = info
        self._end = info.video.start_seconds + info.video.duration_seconds
        self._times = [time for time in times if time < self._end]
        self._num_read = 0
        self._lost: dict[int, str] = {}
        request = {
            "path": str(info.path.absolute()),
            "stream": info.video.index,
            "start_seconds": info.start_seconds,
            "size": scaled_size(info.video.width, info.video.height, short_side),
            "rotation_degrees": info.video.rotation_degrees,
            "is_mirrored": info.video.is_mirrored,
            "crop": info.video.crop,
        }
        # Lane 0 takes the first times, lane 1 the next ones, lane 0 those after, ...
        num_lanes = _num_lanes(info.video)
        num_blocks = num_lanes * max(1, math.ceil(len(self._times) / (num_lanes * LANE_TIMES)))
        block = max(1, math.ceil(len(self._times) / num_blocks))
        self._lane_of = [index // block % num_lanes for index in range(len(self._times))]
        shares: list[list[tuple[float, float]]] = [[] for _ in range(num_lanes)]
        for pair, lane in zip(wanted, self._lane_of, strict=False):
            shares[lane].append(pair)
        self._lanes = [FrameLane(share, decoder, request) for share in shares]

    @property
    def report(self) -> DecodeReport:
        """What has been read so far; complete after the iteration."""
        cells = self._cells()
        lost = sum(cells[index] for index in self._lost)
        reasons = tuple(dict.fromkeys(self._lost.values()))
        decoders = dict.fromkeys(name for lane in self._lanes for name in lane.decoders)
        return DecodeReport(", then ".join(decoders), sum(cells), lost, reasons)

    def __iter__(self) -> Iterator[Frame]:
        results = [iter(lane) for lane in self._lanes]
        try:
            for index, lane in enumerate(self._lane_of):
                result = next(results[lane])
                if result.pixels is None:
                    self._lost[index] = result.problem
                else:
                    self._num_read += 1
                    yield Frame(index, result.time_seconds, result.pixels)
        finally:
            self.close()
        if self._times and not self._num_read:
            reason = next(iter(self._lost.values()), "nothing was decoded")
            raise InputError(f"cannot read the picture of {shown(self._info.path)}: {reason}")

    def close(self) -> None:
        """Stop reading and let go of the workers."""
        for lane in self._lanes:
            lane.close()

    def _cells(self) -> list[float]:
        """How much of the picture each wanted time stands for, seconds."""
        if not self._times:
            return []
        assert self._info.video is not None
        middles = [(earlier + later) / 2 for earlier, later in pairwise(self._times)]
        borders = [min(self._info.video.start_seconds, self._times[0]), *middles, self._end]
        return [later - earlier for earlier, later in pairwise(borders)]


class AudioReader(_Reader):
    """Blocks of a sound track, see `read_audio`."""

    def __init__(self, info: MediaInfo, *, sample_rate: int, track: int) -> None:
        if not 0 <= track < len(info.audio):
            raise NoSignalError(
                f"no audio track {track} in {shown(info.path)}, it has {len(info.audio)}"
            )
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be positive, got {sample_rate}")
        self._info = info
        self._track = info.audio[track]
        self._sample_rate = sample_rate
        self._num_samples = 0
        self._max_samples = math.ceil(info.duration_seconds * sample_rate)
        self._lost_seconds = 0.0
        self._reasons: list[str] = []
        self._answers: Answers | None = Answers(
            "vsumm.decode.jobs:run_sound",
            path=str(info.path.absolute()),
            stream=self._track.index,
            start_seconds=info.start_seconds,
            sample_rate=sample_rate,
        )

    @property
    def report(self) -> DecodeReport:
        """What has been read so far; complete after the iteration."""
        return DecodeReport(
            "pyav", self._track.duration_seconds, self._lost_seconds, tuple(self._reasons)
        )

    def __iter__(self) -> Iterator[AudioBlock]:
        if self._answers is None:
            return
        try:
            for message in self._answers:
                if message.header["kind"] == "damage":
                    self._note_damage(message.header)
                    continue
                start_seconds = self._num_samples / self._sample_rate
                # Codecs pad their last block: nothing sounds after the presentation.
                samples = message.payload.view(np.float32)[: self._max_samples - self._num_samples]
                self._num_samples += len(samples)
                if len(samples):
                    yield AudioBlock(start_seconds, samples)
        except (WorkerLostError, InputError) as error:
            self._note_loss(str(error))
        finally:
            self.close()
        if not self._num_samples:
            self._lost_seconds = self._track.duration_seconds
            reason = next(iter(self._reasons), "nothing was decoded")
            self._reasons = [reason]
            raise InputError(f"cannot read the sound of {shown(self._info.path)}: {reason}")

    def close(self) -> None:
        """Stop reading and let go of the worker."""
        if self._answers is not None:
            self._answers.close()
            self._answers = None

    def _note_loss(self, reason: str) -> None:
        end = self._track.start_seconds + self._track.duration_seconds
        self._lost_seconds += max(0.0, end - self._num_samples / self._sample_rate)
        self._reasons.append(reason)

    def _note_damage(self, damage: dict[str, Any]) -> None:
        declared_end = self._track.start_seconds + self._track.duration_seconds
        missing = declared_end - damage["end_seconds"]
        is_cut = declared_end - damage["file_end_seconds"] > END_SLACK_SECONDS
        if damage["seconds"] > 0:
            self._lost_seconds += damage["seconds"]
            self._reasons.append("damaged sound")
        if missing > END_SLACK_SECONDS and is_cut:
            self._lost_seconds += missing
            self._reasons.append("the sound ends early")


def _num_lanes(video: VideoStream) -> int:
    """How many processes share the picture: two for long films, if there are two cores."""
    pixels = video.width * video.height * video.frame_rate * video.duration_seconds
    return 2 if pixels >= LANE_PIXELS and (os.cpu_count() or 1) > 1 else 1
