"""The encoding process: it decodes, filters and encodes one reel, and ends.

Started by `vsumm.export_process`, because native code can crash or hang on a damaged film. It
reads the job as one line of JSON from standard input and answers with the messages of
`vsumm.worker`: "progress" with the seconds done, "finishing" before the index is written, then
"report", or "refused" with the class and the text of an error that the user can cause.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from vsumm.errors import VsummError
from vsumm.export_job import ReelJob
from vsumm.worker import Messages, _die_with_parent, _take_stdout

PROGRESS_SECONDS = 0.1
"""Shortest distance of two messages of progress, seconds."""


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


def main() -> None:
    """Write the reel that standard input asks for."""
    _die_with_parent(int(sys.argv[1]))
    messages = Messages(_take_stdout())
    from vsumm.export_encode import encode_reel  # loads FFmpeg: see `vsumm.worker`

    try:
        job = msgspec.convert(json.loads(sys.stdin.buffer.readline()), ReelJob, dec_hook=_decode)
        report = encode_reel(
            job, _Progress(messages), on_finishing=lambda: messages.send("finishing")
        )
        messages.send("report", report=asdict(report))
    except VsummError as error:
        messages.send("refused", name=type(error).__name__, text=str(error))
    except BrokenPipeError:
        return
    except Exception:  # a bug: the parent raises it, with this traceback
        messages.send("failed", text=traceback.format_exc())


def _decode(kind: Any, value: Any) -> Any:
    return Path(value) if kind is Path else value


if __name__ == "__main__":
    main()
