"""What a picture shows besides its affect: is it a title card, and what is it about?

In: features of EfficientNet-Lite0, and texts. Out: probabilities, and points in the space of texts.
Open `reader.py` first; `text.py` puts texts into the same space. `fit.py` makes the weights of
both, from pictures that `cards.py` draws and from the names of ImageNet's classes; `clip.py` needs
neither.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
