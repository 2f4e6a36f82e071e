"""`python -m eval`: the benchmarks without the rest of the program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from eval.cli import add_arguments, run
from mmva_core.cli import Shell
from vsumm.errors import VsummError

PROGRAM = "python -m eval"
"""How the program is called."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run and return the exit code, see `mmva_core.cli.shell`.

    Args:
        argv: arguments without the program's name; those of the process where None.
    """
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    add_arguments(parser)
    args = parser.parse_args(argv)
    with Shell(PROGRAM, VsummError) as shell:
        shell.exit_code = run(args)
    return shell.exit_code


if __name__ == "__main__":
    sys.exit(main())
