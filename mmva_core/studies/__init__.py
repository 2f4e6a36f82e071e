"""Cross-validation, baselines and ablations, for `mmva evaluate`.

In: data sets. Out: rows of figures, each beside its baselines.
Open `preset.py` first for `mmva-lite`, `retrieval.py` for retrieval; `folds.py` trains the copies.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
