"""Measure what it costs to decode and encode in processes of their own, watched over.

    python tests/trials/measure_isolation.py --rounds 3 [FILM]

The same command, `vsumm summarize`, runs with its processes and with everything in one process, in
turn: there a thread takes the place of the decoding process, and frames and sound pass from hand
to hand. What counts is the CPU time of all processes, from their start to their end; wall time is
shown too. Without FILM one is made: 10 minutes of 640 x 360 pixels, a minute repeated.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from films import make_film
from measure_memory import repeat

from eval.speed.measure import Usage, measure
from vsumm.errors import InputError

WAYS = ("one process", "isolated")
"""How the command is run."""


def main() -> int:
    """Print one line per run, and the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help="run once, in this way")
    arguments, options = parser.parse_known_args()
    if arguments.way:
        return summarize(arguments.film, options, is_isolated=arguments.way == WAYS[1])
    with tempfile.TemporaryDirectory() as folder:
        film = arguments.film or made_film(Path(folder))
        usages: dict[str, list[Usage]] = {way: [] for way in WAYS}
        for number in range(arguments.rounds):
            for way in WAYS[:: -1 if number % 2 else 1]:
                target = ["-o", f"{folder}/reel.mp4", *options]
                command = [sys.executable, __file__, str(film), "--way", way, *target]
                usages[way].append(measure(command))
                print(f"{way:12} {describe(usages[way][-1])}", flush=True)
    for name in ("cpu_seconds", "wall_seconds"):
        alone, isolated = (
            statistics.median(getattr(usage, name) for usage in usages[way]) for way in WAYS
        )
        print(f"{name:12} isolated / one process: {isolated / alone:.3f}")
    return 0


def made_film(folder: Path) -> Path:
    """Make the film that is measured where none is given."""
    flashes = [5, 25, 45]
    piece = make_film(
        folder / "piece.mp4", seconds=60, size=(640, 360), flashes=flashes, beeps=flashes
    )
    return repeat(piece, 10, "mp4")


def describe(usage: Usage) -> str:
    """Return one line."""
    return (
        f"{usage.cpu_seconds:6.1f} s CPU  {usage.wall_seconds:6.1f} s wall  "
        f"{usage.peak_mib:5.0f} MiB"
    )


def summarize(film: Path, options: list[str], *, is_isolated: bool) -> int:
    """Run the command line in this process."""
    if not is_isolated:
        stay_in_this_process()
    from vsumm.cli.program import main as command_line

    return command_line(["summarize", str(film), "--force", "--no-cache", "--quiet", *options])


def stay_in_this_process() -> None:
    """Put functions of this process in the place of the ones that start others."""
    import vsumm.cli.program
    import vsumm.decode.audio_reader
    import vsumm.decode.frame_reader
    import vsumm.media.info
    import vsumm.reel.export
    import vsumm.workers.start

    vsumm.workers.start.prepare_server = lambda *modules: None
    for home in (vsumm.decode.frame_reader, vsumm.decode.audio_reader):
        home.Answers = ThreadAnswers  # type: ignore[attr-defined]
    vsumm.media.info.run_in_worker = lambda job, **request: list(ThreadAnswers(job, **request))
    vsumm.reel.export.Worker = ThreadEncoder  # type: ignore[misc, assignment]


class ThreadAnswers:
    """Does what `vsumm.workers.ahead.Answers` does, with a thread in place of a process."""

    def __init__(self, job: str, **request: Any) -> None:
        module, _, name = job.partition(":")
        self._work: Callable[..., None] = getattr(import_module(module), name)
        self._request = request
        self._queue: queue.Queue[Any] = queue.Queue(32)
        threading.Thread(target=self._run, daemon=True).start()

    def __iter__(self) -> Iterator[Any]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, InputError):
                raise item
            yield item

    def send(self, kind: str, payload: Any = b"", **header: Any) -> None:
        """Pass a message on, as `vsumm.workers.child.Messages` does."""
        from vsumm.workers.client import Message

        data = np.frombuffer(bytes(memoryview(payload).cast("B")), np.uint8)
        self._queue.put(Message({"kind": kind, **header}, data))

    def tick(self) -> None:
        """Say nothing: nobody watches."""

    def close(self) -> None:
        """Let the thread end by itself."""

    def _run(self) -> None:
        try:
            self._work(self, **self._request)
            self._queue.put(None)
        except InputError as error:
            self._queue.put(error)


class ThreadEncoder(ThreadAnswers):
    """Does what `vsumm.workers.Worker` does, with a thread in place of a process."""

    stall_seconds = 0.0
    messages = ThreadAnswers.__iter__
    kill = ThreadAnswers.close


if __name__ == "__main__":
    sys.exit(main())
