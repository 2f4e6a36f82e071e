"""One score per segment: signals from the picture and the sound, fused.

In: `MediaInfo`, segments and a model. Out: arrays of one number per segment, in [0, 1] or NaN.
Open `affect.py` first; `picture.py` and `sound.py` measure, `arousal.py` turns it into a score.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
