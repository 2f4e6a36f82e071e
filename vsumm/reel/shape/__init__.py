"""The shape of a reel's picture: what is cut out of the film's, and where.

In: a film, its runs, the aspect that is asked for. Out: a `Geometry`, and a `Shot` for every shot.
Open `follow.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
