"""Train MMVA: random matching, the objective (Eq. 4), the loop.

In: tables of features with valence and arousal. Out: a checkpoint and a log.
Open `loop.py` first, then `losses.py` (Eq. 2 to 4) and `matching.py` (Eq. 1, random matching).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
