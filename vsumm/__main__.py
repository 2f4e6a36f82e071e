"""`python -m vsumm` is the command `vsumm`."""

import sys

from vsumm.cli import main

if __name__ == "__main__":
    sys.exit(main())
