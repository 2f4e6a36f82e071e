"""Read TVSum, SumMe and the usual h5 files.

In: annotation files. Out: a `Benchmark` of videos with their users' scores or summaries.
Open `benchmark.py` first, then `tvsum.py` and `summe.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
