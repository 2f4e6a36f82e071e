"""The `vsumm` command.

In: arguments. Out: an exit code; results on stdout, everything else on stderr.
Open `program.py` first; `options.py` declares the options, `text.py` formats results. Exit codes
and signals are in `mmva_core/cli/shell.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
