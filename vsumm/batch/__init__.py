"""Many films in one call.

In: jobs, one per film. Out: their results in the order of the jobs.
Open `job.py` first (one film), then `run.py` (many at the same time).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
