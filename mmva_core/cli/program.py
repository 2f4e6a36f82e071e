"""The `mmva` command: results to stdout, everything else to stderr.

Exit codes: 0 done, 1 an error in one line, 2 wrong usage, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from types import FrameType

from mmva_core.cli import (
    build,
    evaluate,
    generate,
    index,
    info,
    predict,
    prompt,
    retrieve,
    train,
)
from mmva_core.cli.command import Problem
from mmva_core.errors import MmvaError

DISTRIBUTION = "vsumm"
"""Name under which the package is installed."""
EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 130, 143

COMMANDS = (predict, info, index, retrieve, prompt, generate, train, evaluate, build)
"""Modules of the sub-commands, in the order of the help text."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return the exit code."""
    args = build_parser().parse_args(argv)
    # A terminated program cleans up like an interrupted one.
    signal.signal(signal.SIGTERM, _exit_on_signal)
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    failed = False
    try:
        for output in args.run(args):
            if isinstance(output, Problem):
                failed = True
                print(f"mmva: error: {output.message}", file=sys.stderr)
            else:
                print(output, flush=True)
    except MmvaError as error:
        print(f"mmva: error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("mmva: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, for example `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return EXIT_FAILED if failed else EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """Build the argument parser."""
    parser = argparse.ArgumentParser(
        prog="mmva", description="Images, music and captions on one valence/arousal plane."
    )
    parser.add_argument("--version", action="version", version=f"mmva {_version()}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "not installed"


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    raise SystemExit(EXIT_TERMINATED)
