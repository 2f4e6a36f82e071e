"""What a file is: its streams on one clock, its segments, how much of it could be read.

In: a path. Out: `MediaInfo` (from `probe`), `Segment`, `DecodeReport`.
Open `info.py` first. Nothing here decodes; `vsumm.decode` does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
