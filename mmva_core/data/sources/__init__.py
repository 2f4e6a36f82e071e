"""Make IMEMNet-C from its sources: pictures, songs and captions.

In: folders of IAPS, NAPS, EMOTIC and DEAM. Out: one label table for each modality.
Open `label_tables.py` first, then `pictures.py` and `deam.py`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
