"""Frozen encoders: one for pictures, one for music, one for captions.

In: raw input of one modality. Out: features of a fixed shape.
Open `base.py` first (what a tower is), then `build.py`; `lite.py`, `music.py` and `paper.py` are
the towers, `registry.py` lists their sources and licences.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
