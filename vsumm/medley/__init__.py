"""Make one reel of several films, cut to a song.

In: films, a song, how to score and select. Out: a reel as long as the song, and its JSON.

    make.py -> song.py (the course) | vsumm.pipeline (the films) -> choose.py -> beats.py -> reel

Open `make.py` first; what is chosen, and why, is in `choose.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
