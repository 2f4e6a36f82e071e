"""The sub-commands of `mmva`, a module each.

A module offers `add_parser(subparsers)`, which names its `run` as the handler, and
`run(args)`, which yields what is to be printed: results as strings, and a `Problem` for every input
that failed. Errors that end the command are raised. Heavy imports belong inside `run`, so that
`mmva --help` loads no torch.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers: TypeAlias = _SubParsersAction[ArgumentParser]


@dataclass(frozen=True)
class Problem:
    """An input that failed while others go on; goes to stderr and makes the exit code 1."""

    message: str
    """One line: what happened, with which input, and what to do."""


Output = str | Problem
"""What a command yields."""


def add_model_options(parser: ArgumentParser) -> None:
    """Add --model and --device."""
    parser.add_argument(
        "--model",
        default="mmva-lite",
        metavar="NAME|FOLDER|HUB_ID",
        help="model to use (default: %(default)s, which comes with the package)",
    )
    parser.add_argument(
        "--device",
        default="auto",
        choices=("auto", "cpu", "cuda"),
        help="where to run it (default: a GPU where there is one)",
    )
