"""Many tasks at the same time, by processes of this machine or by machines of a Ray cluster.

In: a function and tasks for it. Out: what it returned or raised, as each task ends.
Open `engine.py` first (what an engine is, and what becomes of lost tasks), then `processes.py` and
`cluster.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
