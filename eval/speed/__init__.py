"""Measure how fast vsumm is: `python -m eval speed`.

In: a film, or one that is made. Out: ratios to FFmpeg and to other programs.
Open `stages.py` first; `films.py` makes the films, `rivals.py` runs the other programs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
