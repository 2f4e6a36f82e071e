"""The interface of a sub-command, and the options and argument types that several share.

The module of a sub-command has `add_parser(subparsers)`, which sets its `run` as the handler, and
`run(args)`, which yields the lines to print: results as strings, and a `Problem` for every input
that failed. Errors that end the command are raised. Heavy imports are inside `run`, so that
`mmva --help` loads no torch.
"""

from __future__ import annotations

import math
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mmva_core.clock import parse_seconds
from mmva_core.errors import DataError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers: TypeAlias = _SubParsersAction[Any]


@dataclass(frozen=True)
class Problem:
    """A failed input among several; it is printed to stderr and makes the exit code 1."""

    message: str
    """One line: what happened, with which input, and what to do."""


Output = str | Problem
"""A line of a command."""


def add_model_options(parser: ArgumentParser) -> None:
    """Add --model and --device."""
    parser.add_argument(
        "--model",
        default="mmva-lite",
        metavar="NAME|FOLDER|HUB_ID",
        help="model to use (default: %(default)s, which comes with the package)",
    )
    add_device_option(parser)


def add_device_option(parser: ArgumentParser) -> None:
    """Add --device."""
    parser.add_argument(
        "--device",
        default="auto",
        choices=("auto", "cpu", "cuda"),
        help="where to run it (default: a GPU where there is one)",
    )


def add_output_options(parser: ArgumentParser, metavar: str, what: str | None = None) -> None:
    """Add -o, which must be given, and --force."""
    parser.add_argument("-o", "--output", required=True, metavar=metavar, help=what)
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")


def check_free(path: Path, force: bool) -> None:
    """Check, before work, that an output may be written.

    Raises:
        DataError: it exists, and replacing it was not asked for.
    """
    if path.exists() and not force:
        raise DataError(f"{path} exists; name another file or use --force")


def add_data_option(parser: ArgumentParser, what: str = "open data sets") -> None:
    """Add --data."""
    parser.add_argument("--data", metavar="FOLDER", help=f"{what} (default: $VSUMM_DATA)")


def add_quiet_option(parser: ArgumentParser) -> None:
    """Add --quiet; see `shows_progress`."""
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def shows_progress(args: Namespace) -> bool:
    """Whether progress bars are shown: on a terminal, unless --quiet is given."""
    return not args.quiet and sys.stderr.isatty()


def add_json_option(parser: ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def length_of_time(text: str) -> float:
    """Read seconds, such as "30s" or "1:30", as argparse wants it.

    Raises:
        ArgumentTypeError: the text is no length of time, or zero.
    """
    try:
        seconds = parse_seconds(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
    if not seconds:
        raise ArgumentTypeError(f"{text!r} must be more than nothing")
    return seconds


def weight(text: str) -> float:
    """Read the weight of a term, 0 or more, as argparse wants it.

    Raises:
        ArgumentTypeError: the text is no such number.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"must be a number from 0 on, got {text!r}")
    return value
