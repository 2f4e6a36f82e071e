"""Copy H.264 pictures instead of encoding them, exact to the frame.

In: packets of the film. Out: packets of the reel, with only the edges of runs encoded.
Open `plan.py` first, then `track.py`; `h264.py` reads the bit stream.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
