"""Models on disk: folders, weights, cached features, hashes.

In: a model or the name of one. Out: files written whole, tensors, fingerprints.
Open `folders.py` first; `checkpoints.py` reads and writes weights. `files.py` and `folders.py`
import no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
