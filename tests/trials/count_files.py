"""Count the files that one reads to follow one frame of a film from `read_frames` to its pixels.

    python tests/trials/count_files.py FILM [--at SECONDS]

One frame is read twice. The first time both functions and worker are the real ones, and the
functions of this process are noted; the second time the worker's request is answered in this
process, and those of the worker are. A file counts where one of its functions runs, a class of data
where one is made. `vsumm.workers` carries requests and answers of any kind; it is counted apart.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

import vsumm.workers.ahead
from vsumm.decode import read_frames
from vsumm.media import probe
from vsumm.workers import child
from vsumm.workers.client import Worker

SHORT_SIDE = 64
"""So small that the answer fits into a socket that nobody reads from, pixels."""

BY_WORKERS = "vsumm.workers."


class RecordedWorker(Worker):
    """A worker that keeps what it was asked."""

    requests: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, job: str, **request: Any) -> None:
        self.requests.append({"job": job, **request})
        super().__init__(job, **request)


def main() -> int:
    """Print the files, with the functions that run, and how many there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--at", type=float, default=1.0, help="time of the frame, seconds")
    args = parser.parse_args()
    info = probe(args.film)
    vsumm.workers.ahead.Worker = RecordedWorker  # type: ignore[misc]
    calls: dict[str, dict[str, None]] = defaultdict(dict)
    for note in (nullcontext(), noting(calls)):  # the first time everything is imported
        with note:
            frames = list(read_frames(info, [args.at], short_side=SHORT_SIDE))
            answer_here(RecordedWorker.requests[-1])
    if not frames:
        sys.exit(f"no frame at {args.at} s")

    for module in sorted(calls):
        print(f"{module:32} {', '.join(calls[module])}")
    num_workers = sum(module.startswith(BY_WORKERS) for module in calls)
    print(f"one frame: {len(calls) - num_workers} files, and {num_workers} of vsumm/workers")
    return 0


class noting:  # noqa: N801
    """Note module and name of every function of `vsumm` that runs inside the block."""

    def __init__(self, calls: dict[str, dict[str, None]]) -> None:
        self._calls = calls

    def __enter__(self) -> None:
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        # Methods that dataclasses generate have no file, but the globals of their module.
        module = frame.f_globals.get("__name__", "")
        name = frame.f_code.co_qualname
        if event == "call" and module.startswith("vsumm.") and name != "<module>":
            self._calls[module].setdefault(name)


def answer_here(request: dict[str, Any]) -> None:
    """Answer a request as a worker does, in this process."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(json.dumps(request).encode() + b"\n")
        child.answer_request(theirs)


if __name__ == "__main__":
    sys.exit(main())
