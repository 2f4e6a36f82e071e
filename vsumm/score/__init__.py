"""One score per segment.

In: a `Film` (file, segments, settings, model). Out: one number per segment, in [0, 1] or NaN.
Open `signal.py` first (what a signal is), then `measure.py` (one pass over picture and sound);
`signals/` holds the signals, `arousal.py` the paper's score.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
