"""The protocols: shots, selection, F-score (Eq. 5) and rank correlation.

In: a `Benchmark` and scores. Out: an `Evaluation` beside random, human and oracle.
Open `evaluate.py` first, then `shots.py`, `selection.py` and `metrics.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
