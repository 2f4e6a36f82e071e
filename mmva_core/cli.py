"""The `mmva` command: results to stdout, everything else to stderr.

Exit codes: 0 done, 1 an error in one line, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from mmva_core.commands import (
    Problem,
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
from mmva_core.errors import MmvaError

COMMANDS = (predict, info, index, retrieve, prompt, generate, train, evaluate, build)
"""Modules of the sub-commands, in the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return the exit code."""
    args = build_parser().parse_args(argv)
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
        return 1
    except KeyboardInterrupt:
        print("mmva: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, for example `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if failed else 0


def build_parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    parser = argparse.ArgumentParser(
        prog="mmva", description="Images, music and captions on one valence/arousal plane."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
