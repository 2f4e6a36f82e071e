"""Choose music that goes along with a reel.

In: a summary, and a folder, an index or a playlist of music. Out: tracks and places in them, the
best first, and a line that says why; cuts may be moved to beats.
Open `choose.py` first; `library.py` finds the music, `curve.py` makes the curve of the reel,
`beats.py` finds beats, `place.py` lays the reel on them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
