"""Make a reel again, after a summary or a timeline was changed by hand or by another program.

In: a summary (JSON) or the file of an editing program. Out: a reel, timelines, chapters.
Open `picks.py` first (what a file picks of which film), then `edit.py` and `write.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
