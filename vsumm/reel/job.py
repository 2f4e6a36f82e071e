"""The jobs of the encoding process: decode, filter and encode one reel.

Runs in a worker only, see `vsumm.workers.child`, because native code can crash or hang on a
damaged film.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vsumm.reel.joined import JoinedRequest, encode_joined
from vsumm.reel.request import EncodeRequest, from_plain
from vsumm.reel.write import encode_reel

if TYPE_CHECKING:
    from vsumm.workers import Messages

PROGRESS_SECONDS = 0.1
"""Shortest distance of two messages of progress, seconds."""


def run_encode(messages: Messages, *, folder: str | None, request: dict[str, Any]) -> None:
    """Write a reel.

    Sends "progress" with the seconds done, "finishing" before the index is written, then "report".

    Args:
        messages: where to.
        folder: what relative names are relative to; None if there are none.
        request: an `EncodeRequest` as plain data.
    """
    if folder is not None:
        os.chdir(folder)
    report = encode_reel(
        EncodeRequest.from_plain(request),
        _Progress(messages),
        on_finishing=lambda: messages.send("finishing"),
    )
    messages.send("report", report=asdict(report))


def run_encode_joined(messages: Messages, *, folder: str | None, request: dict[str, Any]) -> None:
    """Write a reel of several films; as `run_encode`, of a `JoinedRequest`."""
    if folder is not None:
        os.chdir(folder)
    report = encode_joined(
        from_plain(request, JoinedRequest),
        _Progress(messages),
        on_finishing=lambda: messages.send("finishing"),
    )
    messages.send("report", report=asdict(report))


class _Progress:
    """Passes on how far the reel is, now and then."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._last = 0.0

    def __call__(self, seconds: float) -> None:
        now = time.monotonic()
        if now - self._last > PROGRESS_SECONDS:
            self._last = now
            self._messages.send("progress", seconds=seconds)
