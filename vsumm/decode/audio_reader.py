"""Read a sound track of a film as mono, in a process of its own.

    MediaInfo ──> read_audio ──> AudioReader ──> AudioBlock, AudioBlock, ...
                                  └─ worker process, vsumm.decode.sound

The worker starts at the call and decodes ahead of the consumer. When it crashes or hangs, the rest
of the track is lost; `AudioReader.report` says how much that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from vsumm.errors import InputError, NoSignalError
from vsumm.files import shown
from vsumm.media import DecodeReport, MediaInfo
from vsumm.workers import Answers, WorkerLostError

END_SLACK_SECONDS = 0.25
"""Sound that ends this much before its declared end is complete: priming, rounding."""


@dataclass(frozen=True)
class AudioBlock:
    """A piece of a sound track, mixed to mono."""

    start_seconds: float
    """Time of the first sample, on the presentation clock."""
    samples: np.ndarray
    """Mean of the channels, float32 (T,), full scale at 1."""


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


class AudioReader:
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
            "vsumm.decode.sound:run_sound",
            path=str(info.path.absolute()),
            stream=self._track.index,
            start_seconds=info.start_seconds,
            sample_rate=sample_rate,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
