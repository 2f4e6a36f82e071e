"""The commands `vsumm eval` and `python -m eval`.

In: arguments. Out: an exit code.
Open `program.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
