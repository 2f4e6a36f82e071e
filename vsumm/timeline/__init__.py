"""What editing programs read and write: the picks as a timeline, and an edited timeline back.

In: a `Summary`, or the file of an editing program. Out: such a file, or runs for a reel.
Open `model.py` first, then `build.py` (from a summary) and `runs.py` (back to runs).
One module for each form of file: `formats.py` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
