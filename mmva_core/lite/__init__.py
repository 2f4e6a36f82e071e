"""Train `mmva-lite`, the model that comes with the package.

In: the open sets. Out: its weights.
Open `run.py` first (the steps), then `recipe.py` (the settings).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
