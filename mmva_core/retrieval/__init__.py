"""Find music for a picture, a sentence or a point of the plane.

In: a query and an index. Out: the best matches, by Eq. 1 or by cosine.
Open `query.py` first, then `index.py` and `build.py`; `trajectory.py` ranks tracks and places
inside them by a curve over time, `metrics.py` measures R@k and mAP@k.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
