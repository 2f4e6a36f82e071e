"""One reel from pieces of several films, in any order.

In: pieces of films of any size and rate, or of one film out of its order. Out: one video file.
Open `plan.py` first, which says what the reel will be.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
