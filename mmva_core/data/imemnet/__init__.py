"""Read IMEMNet-C and split it without leaks.

In: label tables and folders of files. Out: tables of features for training.
Open `labels.py` first, then `runs.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
