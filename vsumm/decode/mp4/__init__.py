"""The boxes of an MP4 file, as far as FFmpeg needs help with them.

In: an open file. Out: a view of it without other tracks or a cut fragment.
Open `boxes.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
