"""Files in and out: what may be read, what is written whole or not at all, what is cached.

In: paths and records. Out: a temporary path that becomes the result, a record of an earlier run.
Open `outputs.py` first; `inputs.py` guards what is read, `walk.py` finds films in folders,
`cache.py` keeps records by their key.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
