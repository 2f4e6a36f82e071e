"""The signals, a module each.

In: looks of the picture, windows of the sound. Out: one number per segment, or NaN.
Open `motion.py` first: it measures and computes one column. `catalogue.py` lists them all.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
