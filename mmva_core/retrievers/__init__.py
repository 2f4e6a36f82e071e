"""Text-to-music retrieval by the methods of the paper's Table 2, besides MMVA.

In: features of music and their captions. Out: a score for each caption with each piece.
Open `base.py` first for what a method is, then `methods.py`, which names them all.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
