"""Summarisers of the literature, trained on the usual splits.

In: features and a plan of training. Out: one score per frame sampled.
Open `base.py` first, then `training.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
