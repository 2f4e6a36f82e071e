"""Cross-faded pictures, titles and soundtracks.

In: the pictures and the sound of a reel. Out: the same, composed.
Open `picture.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
