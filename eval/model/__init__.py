"""Score benchmark videos with the model.

In: a folder of videos. Out: one score per segment of the protocol.
Open `videos.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
