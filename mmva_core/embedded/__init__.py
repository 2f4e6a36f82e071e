"""The model that comes with the package, for prediction without PyTorch.

In: pictures and sound. Out: features, embeddings, and valence and arousal, as NumPy arrays.
Open `model.py` first. ONNX Runtime computes the image tower (`pictures.py`, from the graph that
`graph.py` makes); all else is small enough for NumPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
