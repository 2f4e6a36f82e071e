"""Measure how a reel is cut.

In: films, reels, and where they are cut. Out: how the sound jumps there, and how loud it is.
Open `levels.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
