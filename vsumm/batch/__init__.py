"""Many films in one call.

In: jobs, one per film, or folders of films. Out: their results.
Open `job.py` first (one film), then `run.py` (many at the same time) and `folders.py` (a thousand,
by a batch that goes on where it was).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
