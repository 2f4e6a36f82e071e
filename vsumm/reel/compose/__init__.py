"""Cross-fades, titles and soundtracks.

In: the pictures and the sound of a reel. Out: the same, composed.
Open `options.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
