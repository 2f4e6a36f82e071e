"""Report how far the work is.

In: steps that are done. Out: `Progress`, to a function, to bars on a terminal, or to lines of JSON.
Open `events.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
