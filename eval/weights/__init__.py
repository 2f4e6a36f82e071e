"""Choose the weights of `highlights` without the film that is measured: `vsumm eval weights`.

In: films with labelled zones, and videos that people have scored. Out: for each the figure of the
default weights beside that of weights chosen on the others.
Open `choose.py` first.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
