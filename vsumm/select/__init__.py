"""Pick segments within the budget.

In: segments, one score each, the budget in seconds, later cuts between shots.
Out: one flag per segment, then the pieces of the reel.
Open `budget.py` first, then `edges.py`; `knapsack.py` and `choices.py` are exact solvers that know
no video.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
