"""`python -m mmva_core` is the command `mmva`."""

import sys

from mmva_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
