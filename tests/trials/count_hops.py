"""Count the calls from the command to the written reel, one inside the other.

    python tests/trials/count_hops.py FILM [OPTION ...]

`vsumm summarize` runs in this process up to where it starts the encoding process; the job of that
process runs in this process too, up to where a packet is written. The functions of this
repository that are active at these two instants are the way; a hop is a step from one to the next.
Between them lies the one that receives the job in the encoding process, see `vsumm.workers.child`.
"""

from __future__ import annotations

import inspect
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import vsumm.reel.export
import vsumm.reel.write
from vsumm.cli.program import main as command_line
from vsumm.reel.job import run_encode
from vsumm.workers import child

PACKAGES = ("vsumm", "mmva_core")
IN_THE_PROCESS = [(child.__name__, child.answer_request.__name__)]
"""The function between the two: it receives the request and calls the job."""


class Found(BaseException):
    """The instant was reached; BaseException, so that nobody on the way handles it."""


def main() -> int:
    """Print one function per line, the file that it is in, and the number of hops."""
    requests: list[dict[str, Any]] = []
    ways: list[list[tuple[str, str]]] = []

    def stop_at_worker(job: str, **request: Any) -> NoReturn:
        requests.append(request)
        ways.append(way_here())
        raise Found

    def stop_at_packet(*_: object) -> NoReturn:
        ways.append(way_here())
        raise Found

    vsumm.reel.export.Worker = stop_at_worker  # type: ignore[assignment, misc]
    with tempfile.TemporaryDirectory() as folder:
        reel = Path(folder) / "reel.mp4"
        try:
            command_line(["summarize", *sys.argv[1:], "--quiet", "-o", str(reel)])
        except Found:
            request = requests[0]
        vsumm.reel.write.av.open = open_with(stop_at_packet)
        request["request"]["output"] = os.fspath(reel)
        with suppress(Found):
            run_encode(None, **request)  # type: ignore[arg-type]
    way = [*ways[0], *IN_THE_PROCESS, *ways[1]]
    for module, name in way:
        print(f"{module:24} {name}")
    print(f"{len(way) - 1} hops to the written reel, in {len({module for module, _ in way})} files")
    return 0


def open_with(mux: Any) -> Any:
    """Return `av.open` whose containers call `mux` in place of writing a packet."""
    real_open = vsumm.reel.write.av.open

    class Container:
        def __init__(self, container: Any) -> None:
            self._container = container

        def __enter__(self) -> Container:
            return self

        def __exit__(self, *_: object) -> None:
            self._container.close()

        def __getattr__(self, name: str) -> Any:
            return mux if name == "mux" else getattr(self._container, name)

    return lambda *args, **options: (
        Container(real_open(*args, **options)) if "w" in args else real_open(*args, **options)
    )


def way_here() -> list[tuple[str, str]]:
    """Return module and name of every active function of this repository, the first one first."""
    steps = []
    for info in reversed(inspect.stack()):
        module = info.frame.f_globals.get("__name__", "")
        # A generator expression is a step of the function that holds it.
        name = info.frame.f_code.co_qualname.removesuffix(".<locals>.<genexpr>")
        if module.startswith(PACKAGES) and name != "<module>":
            steps.append((module, name))
    return steps


if __name__ == "__main__":
    sys.exit(main())
