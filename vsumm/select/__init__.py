"""Pick segments within the budget.

In: segments, one score each, the budget in seconds. Out: one flag per segment.
Open `budget.py` first; `knapsack.py` is the exact solver and knows no video.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
