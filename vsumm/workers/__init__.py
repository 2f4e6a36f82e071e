"""Processes that run native code, so that a crash or a hang costs nothing else.

In: the name of a job and its request. Out: the messages that the job sends back.
Open `client.py` first (this side), then `child.py` (the other side).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
