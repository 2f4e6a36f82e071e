"""Decode the frames at some of the wanted times, with another decoder where one fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vsumm.config import Decoder
from vsumm.errors import InputError
from vsumm.workers import Answers, WorkerLostError

JOBS = {"pyav": "vsumm.decode.jobs:run_frames", "decord": "vsumm.decode.jobs:run_decord_frames"}
"""Job of the decoding process by decoder."""

ATTEMPTS = {
    "auto": ("pyav", "decord", "pyav", "pyav"),
    "pyav": ("pyav", "pyav"),
    "decord": ("decord",),
}
"""Who decodes, and who goes on when that crashes or hangs; back at a decoder that failed, the
place where it did is left out. PyAV comes first. It leaves undecoded what is not needed: for one
frame in 2 s of 720p it took 0.45 to 0.8 of the CPU time of a full decode where decord took 0.7 to
1.2, and is level with it (1.0 to 1.2) where every frame is a reference. And it is right about
start offsets, edit lists, AV1, GIF, MPEG-TS and cut files, where decord is not."""


@dataclass(frozen=True)
class LaneResult:
    """What came of one wanted time."""

    pixels: np.ndarray | None
    """The upright picture, uint8 (H, W, 3) RGB, or None where it could not be read."""
    time_seconds: float = 0.0
    """When it comes on screen, on the presentation clock."""
    problem: str = ""
    """Why it could not be read."""


class FrameLane:
    """Results for ascending times, one for each, in their order; reading starts at once.

    Args:
        wanted: wanted times on the presentation clock, each with the time before which another
            frame may begin that stands in; seconds.
        decoder: who decodes.
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
        self._first = 0  # the first time that the present worker was asked for
        self._problem = "the file ends early"
        self._answers: Answers | None = None
        self._ask()

    def __iter__(self) -> Iterator[LaneResult]:
        while self._answers is not None:
            try:
                yield from self._results(self._answers)
                self.close()
            except (WorkerLostError, InputError) as error:
                self.close()
                yield from self._try_again(str(error))
        while self._next < len(self._wanted):
            self._next += 1
            yield LaneResult(None, problem=self._problem)

    def close(self) -> None:
        """Stop reading and let go of the worker."""
        if self._answers is not None:
            self._answers.close()
            self._answers = None

    def _results(self, answers: Answers) -> Iterator[LaneResult]:
        for message in answers:
            header = message.header
            self._next = self._first + header["index"] + 1
            if header["kind"] == "missing":
                yield LaneResult(None, problem=header["problem"])
            else:
                yield LaneResult(message.payload.reshape(header["shape"]), header["time"])

    def _try_again(self, problem: str) -> Iterator[LaneResult]:
        """Go on after a decoder failed: with the next one, or not at all."""
        if not self._attempts:
            self._problem = problem
            return
        if self._attempts[0] in self.decoders:  # it failed at this place before
            self._next += 1
            yield LaneResult(None, problem=problem)
        self._ask()

    def _ask(self) -> None:
        self._first = self._next
        wanted = self._wanted[self._first :]
        if wanted:
            decoder = self._attempts.pop(0)
            self.decoders += [decoder] if decoder not in self.decoders else []
            self._answers = Answers(JOBS[decoder], wanted=wanted, **self._request)
