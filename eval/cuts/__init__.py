"""Measure how a reel is cut.

In: a film, and summaries that say where reels of it are cut.
Out: how many edges lie inside shots and phrases, what stubs they leave; how the sound steps.
Open `reels.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
