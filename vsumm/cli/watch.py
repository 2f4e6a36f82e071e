"""Show how far the work is: bars on a terminal, lines of JSON, or nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsumm.progress import Watch


@contextmanager
def shown_progress(args: argparse.Namespace) -> Iterator[Watch]:
    """Return whom to tell how far the work is, as `--progress` and `--quiet` say."""
    from vsumm.progress import JsonLines, watching

    if args.progress == "json":
        yield JsonLines()
        return
    with watching(has_bars(args)) as watch:
        if has_bars(args):
            from tqdm.contrib.logging import logging_redirect_tqdm

            with logging_redirect_tqdm():  # warnings make the bars step aside
                yield watch
        else:
            yield watch


def has_bars(args: argparse.Namespace) -> bool:
    """Return whether there is somebody to see bars."""
    return args.progress == "auto" and sys.stderr.isatty() and not args.quiet


@contextmanager
def room_for_text() -> Iterator[None]:
    """Make bars step aside while text is printed."""
    if "tqdm" not in sys.modules:  # no bar has been drawn
        yield
        return
    from tqdm import tqdm

    with tqdm.external_write_mode(sys.stderr):
        yield


def tell_loading(watch: Watch, films: Sequence[Path]) -> None:
    """Report that the program is about to begin with the first of the films."""
    from vsumm.progress import Progress

    watch(Progress(films[0], "loading", None, 0.0, num_films=len(films)))


def tell_skipped(watch: Watch, film: Path) -> None:
    """Report that nothing is left to do for a film."""
    from vsumm.progress import Progress

    watch(Progress(film, "done", 1.0, 0.0, message="skipped"))
