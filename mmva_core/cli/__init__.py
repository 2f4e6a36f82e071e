"""The `mmva` command, one module per sub-command.

In: arguments. Out: an exit code; results on stdout, everything else on stderr.
Open `program.py` first. `shell.py` is for every program of this repository: exit codes, signals,
errors on one line; so is `parser.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
