"""Write the reel: cut, compose, encode.

In: a `Summary`, or runs of a film. Out: a video file, written whole or not at all.
Open `export.py` first; `layout.py` says which frame and sample goes where, `write.py` encodes.
`compose/` adds cross-fades, titles and soundtracks, `copy/` copies H.264 without encoding.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
