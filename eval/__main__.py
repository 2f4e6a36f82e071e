"""`python -m eval`: the benchmarks without the rest of the program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from eval.cli import add_arguments, run
from vsumm.errors import VsummError


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run and return the exit code: 0 done, 1 a failure, 130 interrupted.

    Args:
        argv: arguments without the program's name; those of the process where None.
    """
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        return run(args)
    except VsummError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
