"""Train the network that tells speech, music and noise apart.

In: recordings. Out: its weights and how well it does on unknown voices, artists and sources.
Open `train.py` first, then `mix.py` (soundtracks), `recordings.py` and `noises.py` (what is mixed).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
