"""Read the open sets: OASIS, 4QAED, Emotify, VGMIDI, EmoBank.

In: a folder of data. Out: file or text, valence, arousal, and the group that must not be split.
Open `sets.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
