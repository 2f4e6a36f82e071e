"""Print and save figures.

In: an `Evaluation`. Out: a text table, CSV or JSON.
Open `text.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
