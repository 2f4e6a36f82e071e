"""`python -m eval`: another name of `vsumm eval`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from vsumm.cli import main as vsumm_main


def main(argv: Sequence[str] | None = None) -> int:
    """Run `vsumm eval` and return its exit code.

    Args:
        argv: arguments after `eval`; those of the process where None.
    """
    return vsumm_main(["eval", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
