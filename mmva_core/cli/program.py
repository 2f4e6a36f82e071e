"""The `mmva` command: results to stdout, everything else to stderr; exit codes see `shell.py`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from mmva_core.cli import (
    build,
    evaluate,
    generate,
    index,
    info,
    match,
    paper_tables,
    predict,
    prompt,
    reproduce,
    retrieve,
    sonify,
    train,
)
from mmva_core.cli.command import Problem
from mmva_core.cli.parser import Parser
from mmva_core.cli.shell import EXIT_FAILED, Shell
from mmva_core.errors import MmvaError

DISTRIBUTION = "vsumm"
"""Name under which the package is installed."""

COMMANDS = (
    predict,
    info,
    index,
    retrieve,
    match,
    prompt,
    generate,
    sonify,
    train,
    evaluate,
    paper_tables,
    build,
    reproduce,
)
"""Modules of the sub-commands, in the order of the help text."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return the exit code."""
    with Shell("mmva", MmvaError) as shell:
        args = build_parser().parse_args(argv)
        shell.log_to_stderr()
        for output in args.run(args):
            if isinstance(output, Problem):
                shell.complain(output.message)
                shell.exit_code = EXIT_FAILED
            else:
                print(output, flush=True)
    return shell.exit_code


def build_parser() -> argparse.ArgumentParser:
    """Build the argument parser."""
    parser = Parser(
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
